//! Perceptual blur: how little a picture changes when it is blurred again
//! (Crete, Dolmiere, Ladret, Nicolas: The Blur Effect, SPIE 6492, 2007).
//!
//! The paper blurs with a mean of nine neighbours along an axis; the
//! difference of two neighbouring means is the difference of the samples at
//! their ends over the count, so no blurred picture is ever made. The paper
//! takes two axes, we take the diagonals too, with a mean of seven, which
//! reaches as far on them.

use super::Grid;
use crate::media::LumaView;

/// Samples of the mean along the axes, as in the paper.
const AXIS_TAPS: usize = 9;
/// Samples of the mean along the diagonals: 7 × √2 ≈ 9.9.
const DIAGONAL_TAPS: usize = 7;

/// Blur of one tile along four directions, 0.0 sharp to 1.0: horizontal,
/// rising, vertical, falling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blur(pub(super) [f32; 4]);

impl Blur {
    /// Blur along the direction in which it is highest.
    pub(super) fn highest(self) -> f32 {
        self.0.into_iter().fold(0.0, f32::max)
    }

    /// The second harmonic over direction: cosine and sine part.
    fn harmonic(self) -> (f32, f32) {
        let [horizontal, rising, vertical, falling] = self.0;
        ((horizontal - vertical) / 2.0, (rising - falling) / 2.0)
    }

    /// How much blur differs by direction: half the difference between the
    /// highest and the lowest direction, 0.0 to about 0.7.
    pub(super) fn spread(self) -> f32 {
        let (c, s) = self.harmonic();
        c.hypot(s)
    }

    /// The direction of highest blur, 0 to 180 degrees counter-clockwise from
    /// horizontal.
    pub(super) fn angle_deg(self) -> f32 {
        let (c, s) = self.harmonic();
        (s.atan2(c).to_degrees() / 2.0).rem_euclid(180.0)
    }
}

/// Blur of every tile; `None` for a tile without any difference in it.
#[inline(always)]
pub(super) fn measure(luma: LumaView<'_>, grid: &Grid) -> Vec<Option<Blur>> {
    let mut sums = vec![[(0_u64, 0_u64); 4]; grid.count()];
    for (first, y0, y1) in grid.bands() {
        for y in y0..y1 {
            for (direction, lines) in lines(luma, y).into_iter().enumerate() {
                let Some(lines) = lines else { continue };
                for (column, (x0, x1)) in grid.columns().enumerate() {
                    let (all, kept) = lines.sums(x0, x1);
                    let sum = sums
                        .get_mut(first + column)
                        .and_then(|tile| tile.get_mut(direction));
                    if let Some(sum) = sum {
                        sum.0 += u64::from(all);
                        sum.1 += u64::from(kept);
                    }
                }
            }
        }
    }
    sums.iter().map(blur_of).collect()
}

fn blur_of(tile: &[(u64, u64); 4]) -> Option<Blur> {
    const TAPS: [usize; 4] = [AXIS_TAPS, DIAGONAL_TAPS, AXIS_TAPS, DIAGONAL_TAPS];
    let mut blur = [0.0; 4];
    let mut any = false;
    for ((out, (all, kept)), taps) in blur.iter_mut().zip(tile).zip(TAPS) {
        let all = *all * taps as u64;
        if all > 0 {
            *out = (all - (*kept).min(all)) as f32 / all as f32;
            any = true;
        }
    }
    any.then_some(Blur(blur))
}

/// Four rows whose samples at `x - shift` belong together: a sample, its
/// neighbour before it, and the two ends of the neighbouring means.
struct Lines<'a> {
    here: &'a [u8],
    before: (&'a [u8], isize),
    far_after: (&'a [u8], isize),
    far_before: (&'a [u8], isize),
    taps: u16,
}

/// The lines of row `y` for each direction; `None` where they would leave the
/// picture.
fn lines(luma: LumaView<'_>, y: usize) -> [Option<Lines<'_>>; 4] {
    let along = |dx: isize, dy: isize, taps: usize| {
        let reach = (taps / 2) as isize;
        let row = |steps: isize| {
            let at = y.checked_add_signed(dy * steps)?;
            (at < luma.height_px as usize).then(|| (luma.row(at), dx * steps))
        };
        Some(Lines {
            here: luma.row(y),
            before: row(-1)?,
            far_after: row(reach)?,
            far_before: row(-reach - 1)?,
            taps: taps as u16,
        })
    };
    [
        along(1, 0, AXIS_TAPS),
        along(1, -1, DIAGONAL_TAPS),
        along(0, 1, AXIS_TAPS),
        along(1, 1, DIAGONAL_TAPS),
    ]
}

impl Lines<'_> {
    /// Over the columns `x0..x1`: the sum of differences, and `taps` times the
    /// sum of what the second blur takes away from them.
    #[inline(always)]
    fn sums(&self, x0: usize, x1: usize) -> (u32, u32) {
        let shifts = [self.before.1, self.far_after.1, self.far_before.1];
        let lowest = shifts.iter().copied().fold(0, isize::min);
        let highest = shifts.iter().copied().fold(0, isize::max);
        let start = x0.max(lowest.unsigned_abs());
        let end = x1.min(self.here.len().saturating_sub(highest.unsigned_abs()));
        if start >= end {
            return (0, 0);
        }
        let cut = |(row, shift): (&'_ [u8], isize)| -> Option<(usize, usize)> {
            let from = start.checked_add_signed(shift)?;
            let to = end.checked_add_signed(shift)?;
            (to <= row.len()).then_some((from, to))
        };
        let slice = |line| cut(line).and_then(|(from, to)| line.0.get(from..to));
        let (Some(here), Some(before), Some(far_after), Some(far_before)) = (
            slice((self.here, 0)),
            slice(self.before),
            slice(self.far_after),
            slice(self.far_before),
        ) else {
            return (0, 0);
        };
        // Nothing here can overflow: at most 9 × 255 a sample, over at most as
        // many samples as the decision scale is wide. Saying so lets the
        // compiler take many samples at once.
        let (mut all, mut kept) = (0_u32, 0_u32);
        for (((h, b), fa), fb) in here.iter().zip(before).zip(far_after).zip(far_before) {
            let difference = u16::from(h.abs_diff(*b));
            let blurred = u16::from(fa.abs_diff(*fb));
            let kept_here = self.taps.wrapping_mul(difference).saturating_sub(blurred);
            all = all.wrapping_add(u32::from(difference));
            kept = kept.wrapping_add(u32::from(kept_here));
        }
        (all, kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blur(width: u32, height: u32, f: impl Fn(usize, usize) -> u8) -> Option<Blur> {
        let data: Vec<u8> = (0..height as usize)
            .flat_map(|y| (0..width as usize).map(move |x| (x, y)))
            .map(|(x, y)| f(x, y))
            .collect();
        let view = LumaView::new(&data, width, height, width as usize)?;
        let tiles = measure(view, &Grid::cut(width, height, 1, 1));
        assert_eq!(tiles.len(), 1);
        tiles[0]
    }

    #[test]
    fn a_step_loses_and_a_ramp_keeps_its_slope() {
        // A step in x: of the difference 200, the mean of nine keeps 200/9.
        let [h, ..] = blur(64, 64, |x, _| if x < 32 { 20 } else { 220 })
            .unwrap()
            .0;
        // Eight more places where the second blur has a difference and the
        // picture none take nothing away.
        assert!((h - 1.0 / 9.0).abs() < 0.01, "{h}");
        // A ramp is as blurred as can be.
        let ramp = blur(64, 64, |x, y| (x * 2 + y * 2) as u8).unwrap();
        assert!(ramp.0[0] > 0.99 && ramp.0[2] > 0.99 && ramp.0[3] > 0.99);
    }

    #[test]
    fn direction_of_the_blur_is_found() {
        // Stripes wide along a direction and narrow across it.
        let wave = |t: f64| (128.0 + 100.0 * t.sin()) as u8;
        for (angle_deg, dx, dy) in [
            (0.0, 1.0, 0.0),
            (90.0, 0.0, 1.0),
            (45.0, 0.7, -0.7),
            (135.0, 0.7, 0.7),
        ] {
            let (x_slow, y_slow): (f64, f64) = (dx, dy);
            let found = blur(96, 96, |x, y| {
                let (x, y) = (x as f64, y as f64);
                let along = x * x_slow + y * y_slow;
                let across = x * y_slow - y * x_slow;
                wave(along * 0.15 + 1.5 * (across * 1.9).sin())
            })
            .unwrap();
            let off = (found.angle_deg() - angle_deg).rem_euclid(180.0);
            assert!(off.min(180.0 - off) < 12.0, "{angle_deg}: {found:?}");
            assert!(found.spread() > 0.2, "{angle_deg}: {found:?}");
        }
    }

    #[test]
    fn a_flat_or_tiny_picture_has_no_blur() {
        assert_eq!(blur(40, 40, |_, _| 77), None);
        assert_eq!(blur(1, 1, |_, _| 77), None);
        assert_eq!(blur(3, 3, |x, _| x as u8 * 90), None);
    }
}
