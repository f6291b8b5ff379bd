//! How much saving a picture once more would change it, part by part: a picture
//! for the reviewer's eye, never a score (error level analysis, Krawetz 2007;
//! research/forensics.md 2e, 14). Parts that were compressed another number of times
//! may stand out; so do edges, texture and saturated colours of any honest picture.
//!
//! Saving is not done: rounding the coefficients of a block to the steps of a
//! table changes its pixels by as much as its coefficients (Parseval), so that one
//! transform a block tells what coding and decoding would.

use super::dct::{POINTS, SCALES, dct};
use super::jpeg_tables::ijg_luma_step;
use super::pixels::{Layout, Pixels};
use super::wide::wide;

/// Quality of the table that is rounded to, of the Independent JPEG Group's; as the
/// peers have it (research/forensics.md 1.8).
const QUALITY: u8 = 75;
/// Blocks shown along the longer side at most; of larger pictures evenly chosen ones.
const LONG_SIDE_BLOCKS: usize = 240;
/// This share of the blocks is not brighter than white.
const WHITE_SHARE: f64 = 0.995;
/// The change that is white at the least, in grey levels: what changes less
/// everywhere is dark everywhere.
const WHITE_LEVELS_MIN: f32 = 2.0;

/// The level that is nothing.
const MIDDLE_LEVEL: f32 = 128.0;
const BLOCK: usize = POINTS * POINTS;

/// The picture as coded, a pixel a block, brighter where more would change.
/// `None` if it has no whole block.
pub fn picture(pixels: &Pixels) -> Option<Pixels> {
    let columns = pixels.width_px() as usize / POINTS;
    let rows = pixels.height_px() as usize / POINTS;
    let apart = columns.max(rows).div_ceil(LONG_SIDE_BLOCKS).max(1);
    let (shown_columns, shown_rows) = (columns.div_ceil(apart), rows.div_ceil(apart));
    let whole;
    let pixels = match pixels.layout() {
        Layout::Gray | Layout::YCbCr => pixels,
        Layout::Rgb => {
            whole = Pixels::from(pixels.luma());
            &whole
        }
    };
    let table = Table::new();
    let places =
        (0..shown_rows).flat_map(|row| (0..shown_columns).map(move |column| (column, row)));
    let corners = places.map(|(column, row)| (column * apart * POINTS, row * apart * POINTS));
    let mut levels = Vec::with_capacity(shown_columns * shown_rows);
    wide!(for at in corners {
        levels.push(table.change_levels(&block(pixels, at)));
    });
    let white = white(&levels)?;
    let gray = levels.iter().map(|v| (v / white * 255.0) as u8).collect();
    let (width_px, height_px) = (
        u32::try_from(shown_columns).ok()?,
        u32::try_from(shown_rows).ok()?,
    );
    Pixels::new(gray, width_px, height_px, Layout::Gray)
}

/// Luma of the block that starts here, about the middle of its range as T.81 A.3.1
/// has it.
#[inline(always)]
fn block(pixels: &Pixels, (x, y): (usize, usize)) -> [f32; BLOCK] {
    let channels = pixels.channels();
    let mut block = [0.0; BLOCK];
    for (k, out) in block.as_chunks_mut::<POINTS>().0.iter_mut().enumerate() {
        let row = pixels.row(y + k);
        let samples = row.get(x * channels..).unwrap_or(&[]);
        for (out, luma) in out.iter_mut().zip(samples.iter().step_by(channels)) {
            *out = f32::from(*luma) - MIDDLE_LEVEL;
        }
    }
    block
}

/// The change that is shown white; `None` if there are no blocks.
fn white(levels: &[f32]) -> Option<f32> {
    let mut sorted = levels.to_vec();
    let place = (sorted.len() as f64 * WHITE_SHARE) as usize;
    let place = place.min(sorted.len().checked_sub(1)?);
    let (_, white, _) = sorted.select_nth_unstable_by(place, f32::total_cmp);
    Some(white.max(WHITE_LEVELS_MIN))
}

/// What a block's coefficients are rounded to, row by row.
struct Table {
    steps: [f32; BLOCK],
    /// What [`dct`] along both axes makes of a coefficient of 1.
    units: [f32; BLOCK],
}

impl Table {
    fn new() -> Self {
        let scale = |k: usize| SCALES.get(k).copied().unwrap_or(1.0);
        let unit = |i: usize| POINTS as f32 * scale(i % POINTS) * scale(i / POINTS);
        Self {
            steps: std::array::from_fn(|i| f32::from(ijg_luma_step(i, QUALITY))),
            units: std::array::from_fn(unit),
        }
    }

    /// Root of the mean square by which rounding changes the block's pixels.
    #[inline(always)]
    fn change_levels(&self, block: &[f32; BLOCK]) -> f32 {
        let across = turned(block);
        let coefficients = turned(&across);
        // Eight sums side by side, so that they go through the vector units.
        let mut sums = [0.0_f32; POINTS];
        let values = coefficients.as_chunks::<POINTS>().0.iter();
        let units = self.units.as_chunks::<POINTS>().0.iter();
        let steps = self.steps.as_chunks::<POINTS>().0.iter();
        for ((values, units), steps) in values.zip(units).zip(steps) {
            let row = sums.iter_mut().zip(values).zip(units).zip(steps);
            for (((sum, value), unit), step) in row {
                let value = value / unit;
                let change = value - rounded(value / step) * step;
                *sum += change * change;
            }
        }
        (sums.iter().sum::<f32>() / BLOCK as f32).sqrt()
    }
}

/// To the nearest whole number, as all coefficients are small enough: beside so large a
/// number no fraction has room.
#[inline(always)]
fn rounded(value: f32) -> f32 {
    const NO_FRACTION: f32 = 1.5 * (1 << 23) as f32;
    (value + NO_FRACTION) - NO_FRACTION
}

/// Every column transformed, rows and columns changed about. Columns stand side by side,
/// so that they go through the vector units.
#[inline(always)]
fn turned(block: &[f32; BLOCK]) -> [f32; BLOCK] {
    let mut down = [0.0; BLOCK];
    for x in 0..POINTS {
        let mut column = [0.0; POINTS];
        for k in 0..POINTS {
            column[k] = block[k * POINTS + x];
        }
        let wave = dct(column);
        for v in 0..POINTS {
            down[v * POINTS + x] = wave[v];
        }
    }
    let mut across = [0.0; BLOCK];
    for i in 0..BLOCK {
        across[i] = down[i % POINTS * POINTS + i / POINTS];
    }
    across
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::Gray;
    use crate::measure::picture_decoding::decode_jpeg;
    use crate::measure::recipe::{jpeg, stones};

    fn pixels(gray: Gray) -> Pixels {
        Pixels::new(gray.data, gray.width_px, gray.height_px, Layout::Gray).unwrap()
    }

    #[test]
    fn it_is_what_saving_again_changes() {
        let scene = stones(64, 64);
        let saved = decode_jpeg(&jpeg(&scene, QUALITY)).unwrap().pixels.luma();
        let table = Table::new();
        let own = pixels(scene.clone());
        let mut far = 0;
        for y in (0..64).step_by(8) {
            for x in (0..64).step_by(8) {
                let told = f64::from(table.change_levels(&block(&own, (x, y))));
                let square =
                    |at: usize| (f64::from(scene.data[at]) - f64::from(saved.data[at])).powi(2);
                let places = (0..8).flat_map(|k| (y + k) * 64 + x..(y + k) * 64 + x + 8);
                let real = (places.map(square).sum::<f64>() / 64.0).sqrt();
                // Pixels are whole numbers and end at black and white.
                far += usize::from((told - real).abs() > 0.1 * real + 0.3);
            }
        }
        assert!(far <= 4, "{far} of 64 blocks");
    }

    #[test]
    fn a_part_saved_before_is_dark_among_the_new() {
        let scene = stones(256, 128);
        let before = decode_jpeg(&jpeg(&scene, QUALITY)).unwrap().pixels.luma();
        let mut mixed = scene;
        for (i, (new, old)) in mixed.data.iter_mut().zip(before.data).enumerate() {
            if i % 256 < 128 {
                *new = old;
            }
        }
        let shown = picture(&pixels(mixed)).unwrap();
        assert_eq!((shown.width_px(), shown.height_px()), (32, 16));
        let mean = |from: usize| {
            let values = (0..16).flat_map(|y| shown.row(y)[from..from + 16].to_vec());
            values.map(f64::from).sum::<f64>() / 256.0
        };
        assert!(2.0 * mean(0) < mean(16), "{} {}", mean(0), mean(16));
    }

    #[test]
    fn any_size_ends_and_nothing_to_change_is_dark() {
        for (w, h) in [(1, 1), (7, 900), (8, 8), (9000, 8), (17, 33)] {
            let flat = Pixels::new(vec![77; w * h * 3], w as u32, h as u32, Layout::Rgb).unwrap();
            let shown = picture(&flat);
            assert_eq!(shown.is_some(), w >= 8 && h >= 8);
            if let Some(shown) = shown {
                assert!(shown.width_px() <= 320 && shown.row(0).iter().all(|v| *v == 0));
            }
        }
    }
}
