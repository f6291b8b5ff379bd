//! The fixed scale at which a picture's quality is decided.
//!
//! Native pixels say nothing: sensors of 12 to 50 megapixels oversample,
//! denoise and sharpen, so that every phone picture is "soft" pixel by pixel.
//! Brought to one size by averaging areas, pictures of any resolution can be
//! held against one limit, and sensor noise goes away on the way
//! (research/forensics.md 2a, measured there).

use super::wide::wide;
use crate::media::LumaView;

/// Long side of the decision scale. Smaller pictures are left as they are:
/// enlarging adds no detail.
pub const LONG_SIDE_PX: u32 = 1024;

/// A luma picture of our own, rows without padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gray {
    /// `width_px × height_px` bytes from the top left.
    pub data: Vec<u8>,
    /// Samples in a row.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
}

impl Gray {
    /// The picture as a view; `None` if it is empty.
    pub fn view(&self) -> Option<LumaView<'_>> {
        LumaView::new(
            &self.data,
            self.width_px,
            self.height_px,
            self.width_px as usize,
        )
    }
}

/// The size with the long side at most `long_side_px`, sides at least 1 px.
pub fn fitted(width_px: u32, height_px: u32, long_side_px: u32) -> (u32, u32) {
    let long = width_px.max(height_px);
    if long <= long_side_px || long == 0 {
        return (width_px, height_px);
    }
    let side = |px: u32| {
        let scaled =
            (u64::from(px) * u64::from(long_side_px) + u64::from(long) / 2) / u64::from(long);
        u32::try_from(scaled).unwrap_or(long_side_px).max(1)
    };
    (side(width_px), side(height_px))
}

/// The picture at the decision scale.
pub fn reduce(luma: LumaView<'_>) -> Gray {
    let (width_px, height_px) = fitted(luma.width_px, luma.height_px, LONG_SIDE_PX);
    shrink(luma, width_px, height_px)
}

/// The picture at any size not above its own, every target pixel the mean of
/// the area that it covers.
pub fn shrink(luma: LumaView<'_>, width_px: u32, height_px: u32) -> Gray {
    let width_px = width_px.clamp(1, luma.width_px.max(1));
    let height_px = height_px.clamp(1, luma.height_px.max(1));
    let (from_w, to_w) = (luma.width_px as usize, width_px as usize);
    let (from_h, to_h) = (luma.height_px as usize, height_px as usize);
    let data = if (from_w, from_h) == (to_w, to_h) {
        luma.rows().flatten().copied().collect()
    } else {
        shrink_rows(|y| luma.row(y), (from_w, from_h), (to_w, to_h), 1)
    };
    Gray {
        data,
        width_px,
        height_px,
    }
}

/// Parts of one in which the shares of rows are counted: with eight whole rows
/// the sums still fit 16 bits, so that they go through the vector units.
const ROW_PARTS: u16 = 32;
/// Parts that the 16-bit sums hold: 257 times white is the most.
const ROW_PARTS_MAX: u16 = 257;

/// Rows of interleaved channels brought to a smaller size, every sample the
/// mean of the area that it covers, to a sixty-fourth of a row; neither size may
/// be empty.
pub(crate) fn shrink_rows<'a>(
    row: impl Fn(usize) -> &'a [u8],
    from: (usize, usize),
    to: (usize, usize),
    channels: usize,
) -> Vec<u8> {
    wide!(shrunk(row, from, to, channels))
}

#[inline(always)]
fn shrunk<'a>(
    row: impl Fn(usize) -> &'a [u8],
    (from_w, from_h): (usize, usize),
    (to_w, to_h): (usize, usize),
    channels: usize,
) -> Vec<u8> {
    let mut data = Vec::with_capacity(to_w * to_h * channels);
    let columns = Columns::of(from_w, to_w, channels);
    let mut parts = vec![0_u16; from_w * channels];
    // Room for the last taps, which may reach beyond.
    let mut sums = vec![0.0_f32; from_w * channels + TAPS_MANY];
    for (first, last, w_first, w_last) in spans(from_h, to_h) {
        let (mut weight, mut filled, mut is_summed) = (0.0, 0, false);
        for y in first..=last {
            let share = share(y, first, last, w_first, w_last);
            let count = ((share * f32::from(ROW_PARTS)).round() as u16).clamp(1, ROW_PARTS);
            if filled + count > ROW_PARTS_MAX {
                empty(&parts, &mut sums, is_summed);
                (filled, is_summed) = (0, true);
            }
            let row = parts.iter_mut().zip(row(y));
            if filled == 0 {
                row.for_each(|(sum, px)| *sum = u16::from(*px).wrapping_mul(count));
            } else {
                row.for_each(|(sum, px)| {
                    *sum = sum.wrapping_add(u16::from(*px).wrapping_mul(count));
                });
            }
            filled += count;
            weight += f32::from(count);
        }
        empty(&parts, &mut sums, is_summed);
        columns.means(&sums, weight, &mut data);
    }
    data
}

/// Moves the 16-bit sums over to where there is more room, beside what is there if
/// anything is.
#[inline(always)]
fn empty(parts: &[u16], sums: &mut [f32], is_summed: bool) {
    let both = sums.iter_mut().zip(parts);
    if is_summed {
        both.for_each(|(sum, part)| *sum += f32::from(*part));
    } else {
        both.for_each(|(sum, part)| *sum = f32::from(*part));
    }
}

/// Most samples under a pixel for which taps are kept, where few are under it and where
/// many are.
const TAPS_FEW: usize = 4;
const TAPS_MANY: usize = 8;

/// Pixels whose means are taken at once.
const PIXELS_AT_ONCE: usize = 64;

/// The first sample under a pixel, the weights of it and of those after it, and their
/// sum.
type Taps<const T: usize> = (usize, [f32; T], f32);

/// What lies under the pixels of a row.
enum Columns {
    Few(Vec<Taps<TAPS_FEW>>),
    Many(Vec<Taps<TAPS_MANY>>),
    /// Three channels, or a reduction by more than some sevenths.
    Any(Vec<Reach>, usize),
}

impl Columns {
    fn of(from_w: usize, to_w: usize, channels: usize) -> Self {
        let reaches = spans(from_w, to_w);
        let most = reaches.iter().map(|(first, last, ..)| last - first + 1);
        match most.max() {
            Some(0..=TAPS_FEW) if channels == 1 => Self::Few(reaches.iter().map(taps).collect()),
            Some(0..=TAPS_MANY) if channels == 1 => Self::Many(reaches.iter().map(taps).collect()),
            _ => Self::Any(reaches, channels),
        }
    }

    /// Adds the means along a row of sums whose rows weigh `weight`.
    #[inline(always)]
    fn means(&self, sums: &[f32], weight: f32, data: &mut Vec<u8>) {
        match self {
            Self::Few(taps) => tapped(sums, taps, weight, data),
            Self::Many(taps) => tapped(sums, taps, weight, data),
            Self::Any(reaches, 3) => across::<3>(sums, reaches, weight, data),
            Self::Any(reaches, _) => across::<1>(sums, reaches, weight, data),
        }
    }
}

fn taps<const T: usize>(&(first, last, w_first, w_last): &Reach) -> Taps<T> {
    let mut weights = [0.0_f32; T];
    let count = last - first + 1;
    for (i, weight) in weights.iter_mut().take(count).enumerate() {
        *weight = match i {
            0 => w_first,
            _ if i + 1 == count => w_last,
            _ => 1.0,
        };
    }
    (first, weights, weights.iter().sum())
}

/// Means along a row by taps: those that weigh nothing change nothing.
#[inline(always)]
fn tapped<const T: usize>(sums: &[f32], taps: &[Taps<T>], weight: f32, data: &mut Vec<u8>) {
    // Some pixels at once: the divisions go through the vector units then.
    let (mut weighed, mut areas) = ([0.0_f32; PIXELS_AT_ONCE], [1.0_f32; PIXELS_AT_ONCE]);
    for taps in taps.chunks(PIXELS_AT_ONCE) {
        let slots = weighed.iter_mut().zip(&mut areas);
        for ((weighed, total), (first, weights, area)) in slots.zip(taps) {
            let mut sum = 0.0;
            if let Some(under) = sums.get(*first..).and_then(|rest| rest.first_chunk::<T>()) {
                for (v, w) in under.iter().zip(weights) {
                    sum += w * v;
                }
            }
            (*weighed, *total) = (sum, *area);
        }
        let mut means = [0_u8; PIXELS_AT_ONCE];
        for ((mean, weighed), area) in means.iter_mut().zip(&weighed).zip(&areas) {
            *mean = (weighed / (area * weight) + 0.5) as i32 as u8;
        }
        data.extend_from_slice(means.get(..taps.len()).unwrap_or(&means));
    }
}

/// Means along a row of `N` interleaved channels whose rows weigh `weight`.
#[inline(always)]
fn across<const N: usize>(sums: &[f32], columns: &[Reach], weight: f32, data: &mut Vec<u8>) {
    let cells = sums.as_chunks::<N>().0;
    for &(first, last, w_first, w_last) in columns {
        let reach = cells.get(first..=last).unwrap_or(&[]);
        let (mut sum, mut area) = ([0.0_f32; N], 0.0_f32);
        let mut add = |cell: &[f32; N], w: f32| {
            area += w;
            for (sum, v) in sum.iter_mut().zip(cell) {
                *sum += w * v;
            }
        };
        match reach {
            [] => {}
            [only] => add(only, w_first),
            [left, middle @ .., right] => {
                add(left, w_first);
                middle.iter().for_each(|cell| add(cell, 1.0));
                add(right, w_last);
            }
        }
        let total = area * weight;
        data.extend(sum.map(|sum| {
            if total > 0.0 {
                (sum / total + 0.5) as u8
            } else {
                0
            }
        }));
    }
}

/// First and last source index of a target pixel and the shares of both ends.
type Reach = (usize, usize, f32, f32);

fn spans(from: usize, to: usize) -> Vec<Reach> {
    let ratio = from as f64 / to as f64;
    (0..to)
        .map(|i| {
            let (start, end) = (i as f64 * ratio, (i + 1) as f64 * ratio);
            let first = (start as usize).min(from - 1);
            let last = ((end - 1e-9).max(start) as usize).min(from - 1);
            let w_first = (first as f64 + 1.0).min(end) - start;
            let w_last = end - last as f64;
            (first, last, w_first as f32, w_last.min(1.0) as f32)
        })
        .collect()
}

fn share(i: usize, first: usize, last: usize, w_first: f32, w_last: f32) -> f32 {
    if i == first {
        w_first
    } else if i == last {
        w_last
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width_px: u32, height_px: u32, f: impl Fn(u32, u32) -> u8) -> Gray {
        Gray {
            data: (0..height_px)
                .flat_map(|y| (0..width_px).map(move |x| (x, y)))
                .map(|(x, y)| f(x, y))
                .collect(),
            width_px,
            height_px,
        }
    }

    #[test]
    fn areas_are_averaged_also_where_pixels_are_cut() {
        let stripes = gray(3, 3, |x, _| [0, 90, 240][x as usize]);
        let two = shrink(stripes.view().unwrap(), 2, 2);
        // (0 + 90/2)/1.5 = 30, (90/2 + 240)/1.5 = 190
        assert_eq!(two.data, [30, 190, 30, 190]);
    }

    #[test]
    fn small_pictures_stay_and_large_ones_fit() {
        assert_eq!(fitted(640, 480, 1024), (640, 480));
        assert_eq!(fitted(4000, 3000, 1024), (1024, 768));
        assert_eq!(fitted(65_535, 1, 1024), (1024, 1));
        assert_eq!(fitted(0, 0, 1024), (0, 0));
        let same = gray(5, 4, |x, y| (x * 40 + y) as u8);
        assert_eq!(reduce(same.view().unwrap()), same);
    }

    #[test]
    fn a_constant_picture_stays_constant_at_every_ratio() {
        for (w, h) in [(7, 5), (1000, 3), (1, 77), (129, 128)] {
            let flat = gray(w, h, |_, _| 201);
            for (tw, th) in [(1, 1), (3, 2), (w, 1), (w / 2 + 1, h / 2 + 1)] {
                let small = shrink(flat.view().unwrap(), tw, th);
                assert!(
                    small.data.iter().all(|&px| px == 201),
                    "{w}×{h} → {tw}×{th}"
                );
                assert_eq!(
                    small.data.len(),
                    (small.width_px * small.height_px) as usize
                );
            }
        }
    }
}
