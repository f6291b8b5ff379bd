//! Parts of a picture that stand in it twice.
//!
//! Corners of the picture at the decision scale are described by what surrounds them
//! (means of 5×5 cells, freed of brightness and contrast) and compared with all
//! others; pairs that agree and lie apart by one and the same shift are a part
//! that may have been copied (the scheme of Christlein, Riess, Jordan, Riess and
//! Angelopoulou, TIFS 2012: keypoints, matching, one shift for all). Tiles, keys and
//! printed letters repeat by themselves: a corner that has several likenesses says
//! nothing, and a picture with many shifts has a pattern.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::wide::wide;
use crate::measurements::Region;
use crate::media::LumaView;

mod corners;

use corners::{Corner, corners};

/// Least correlation of two surroundings that are called alike. Measured: none of 108
/// untouched photos has a copy, 15 of 23 with a part pasted in twice and saved do.
const ALIKE_MIN: f32 = 0.985;
/// A corner with a second likeness of this correlation repeats by itself.
const SECOND_MAX: f32 = 0.95;
/// Nearer than this, surroundings overlap and are alike by nature, px.
const APART_MIN_PX: i32 = 40;
/// Shifts that differ by no more are one, px.
const SHIFT_TOLERANCE_PX: i32 = 2;
/// Pairs with one shift that make a copy. Named guess.
const PAIRS_MIN: usize = 8;
/// Parts with shifts of their own beyond which the picture has a pattern.
const COPIES_MAX: usize = 3;
/// Width of the band of first values in which likenesses are sought.
const BAND: f32 = 0.05;
/// Corners compared with one corner at most.
const COMPARED_MAX: usize = 160;

/// Parts that stand in the picture twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CopyMove {
    /// Corners that were compared.
    pub corners_count: u32,
    /// The parts, at most 3, most pairs first; none in a picture with more.
    pub copies: Vec<Copied>,
}

/// A part and its likeness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Copied {
    /// One of the two, in the upright picture.
    pub one: Region,
    /// The other.
    pub other: Region,
    /// Corners of the one that have their likeness in the other.
    pub pairs_count: u32,
}

/// Two alike corners, the left one first.
#[derive(Clone, Copy)]
struct Pair {
    from: (i32, i32),
    shift: (i32, i32),
}

/// Looks for copied parts in the upright picture at the decision scale.
pub fn measure(picture: LumaView<'_>) -> CopyMove {
    let corners = wide!(corners(picture));
    let pairs = alike(&corners);
    let mut copies = shifts(pairs)
        .iter()
        .filter_map(|pairs| copied(pairs, picture.width_px, picture.height_px))
        .collect::<Vec<_>>();
    if copies.len() > COPIES_MAX {
        copies.clear();
    }
    copies.sort_by_key(|copy| std::cmp::Reverse(copy.pairs_count));
    CopyMove {
        corners_count: corners.len() as u32,
        copies,
    }
}

/// Every corner with its one likeness.
fn alike(corners: &[Corner]) -> Vec<Pair> {
    let mut order: Vec<&Corner> = corners.iter().collect();
    order.sort_by(|a, b| a.first().total_cmp(&b.first()));
    let mut best: Vec<(f32, f32, usize)> = vec![(0.0, 0.0, 0); order.len()];
    let mut note = |at: usize, other: usize, value: f32| {
        if let Some((first, second, which)) = best.get_mut(at) {
            if value > *first {
                (*second, *first, *which) = (*first, value, other);
            } else if value > *second {
                *second = value;
            }
        }
    };
    for (i, one) in order.iter().enumerate() {
        let following = order.iter().enumerate().skip(i + 1).take(COMPARED_MAX);
        for (j, other) in following.take_while(|(_, o)| o.first() - one.first() <= BAND) {
            let (dx, dy) = (other.x - one.x, other.y - one.y);
            if dx.abs().max(dy.abs()) < APART_MIN_PX {
                continue;
            }
            let value = one.correlation(other);
            if value > SECOND_MAX {
                note(i, j, value);
                note(j, i, value);
            }
        }
    }
    let mut pairs = Vec::new();
    for (i, (first, second, j)) in best.iter().enumerate() {
        let is_mutual = best.get(*j).is_some_and(|(_, _, back)| *back == i);
        if *first < ALIKE_MIN || *second > SECOND_MAX || !is_mutual || i > *j {
            continue;
        }
        if let (Some(a), Some(b)) = (order.get(i), order.get(*j)) {
            let (from, to) = if (a.x, a.y) < (b.x, b.y) {
                (a, b)
            } else {
                (b, a)
            };
            pairs.push(Pair {
                from: (from.x, from.y),
                shift: (to.x - from.x, to.y - from.y),
            });
        }
    }
    pairs
}

/// Pairs with one shift, where there are enough.
fn shifts(mut pairs: Vec<Pair>) -> Vec<Vec<Pair>> {
    let mut groups = Vec::new();
    loop {
        let mut votes: BTreeMap<(i32, i32), usize> = BTreeMap::new();
        for pair in &pairs {
            *votes.entry(pair.shift).or_default() += 1;
        }
        let near = |a: (i32, i32), b: (i32, i32)| {
            (a.0 - b.0).abs().max((a.1 - b.1).abs()) <= SHIFT_TOLERANCE_PX
        };
        let sum = |shift: (i32, i32)| -> usize {
            let around = votes.iter().filter(|(other, _)| near(shift, **other));
            around.map(|(_, count)| *count).sum()
        };
        let best = votes.keys().map(|shift| (sum(*shift), *shift)).max();
        let Some((count, shift)) = best.filter(|(count, _)| *count >= PAIRS_MIN) else {
            return groups;
        };
        debug_assert!(count > 0, "a group takes pairs away, so that this ends");
        let (group, rest) = pairs.into_iter().partition(|pair| near(pair.shift, shift));
        groups.push(group);
        pairs = rest;
    }
}

/// The two parts around the pairs.
fn copied(pairs: &[Pair], width_px: u32, height_px: u32) -> Option<Copied> {
    let first = pairs.first()?;
    let shift = first.shift;
    let (mut left, mut top) = first.from;
    let (mut right, mut bottom) = first.from;
    for Pair { from: (x, y), .. } in pairs {
        (left, right) = (left.min(*x), right.max(*x));
        (top, bottom) = (top.min(*y), bottom.max(*y));
    }
    let region = |dx: i32, dy: i32| Region {
        x: f64::from(left + dx - corners::REACH_PX) / f64::from(width_px),
        y: f64::from(top + dy - corners::REACH_PX) / f64::from(height_px),
        w: f64::from(right - left + 2 * corners::REACH_PX) / f64::from(width_px),
        h: f64::from(bottom - top + 2 * corners::REACH_PX) / f64::from(height_px),
    };
    Some(Copied {
        one: region(0, 0),
        other: region(shift.0, shift.1),
        pairs_count: pairs.len() as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::Gray;
    use crate::measure::recipe::{checker, picture, scatter, stones, strokes};

    fn found(gray: &Gray) -> CopyMove {
        measure(gray.view().unwrap())
    }

    /// A part of the picture copied over another, with a soft border.
    fn copied_within(from: &Gray, (x0, y0): (i32, i32), (x1, y1): (i32, i32), side: i32) -> Gray {
        picture(from.width_px, from.height_px, |x, y| {
            let at = |x: i32, y: i32| f32::from(from.data[(y * from.width_px as i32 + x) as usize]);
            let (x, y) = (x as i32, y as i32);
            let (u, v) = (x - x1, y - y1);
            if !(0..side).contains(&u) || !(0..side).contains(&v) {
                return at(x, y);
            }
            let edge = u.min(v).min(side - 1 - u).min(side - 1 - v);
            let cover = (edge as f32 / 4.0).min(1.0);
            let noise = scatter(x, y, 3) - 0.5;
            cover * at(x0 + u, y0 + v) + (1.0 - cover) * at(x, y) + noise
        })
    }

    #[test]
    fn a_copied_part_is_found_twice() {
        let copied = copied_within(&stones(800, 600), (100, 120), (480, 300), 150);
        let found = found(&copied);
        let [copy] = found.copies.as_slice() else {
            panic!("{found:?}")
        };
        assert!(copy.pairs_count >= 8, "{copy:?}");
        assert!(((copy.other.x - copy.one.x) * 800.0 - 380.0).abs() < 3.0);
        assert!(((copy.other.y - copy.one.y) * 600.0 - 180.0).abs() < 3.0);
        assert!(copy.one.x * 800.0 > 80.0 && (copy.one.x + copy.one.w) * 800.0 < 270.0);
    }

    #[test]
    fn what_repeats_by_itself_and_what_does_not_repeat_is_no_copy() {
        for scene in [stones(800, 600), strokes(800, 600), checker(800, 600, 16.0)] {
            assert_eq!(found(&scene).copies, []);
        }
    }

    #[test]
    fn no_size_stops_the_looking() {
        for (w, h) in [(1, 1), (1, 900), (40, 40), (900, 3)] {
            let noise = picture(w, h, |x, y| 255.0 * scatter(x as i32, y as i32, 1));
            assert_eq!(found(&noise).copies, []);
        }
    }
}
