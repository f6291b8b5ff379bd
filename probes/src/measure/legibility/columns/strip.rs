//! What may be a column of characters, set straight and parted into ink and ground.

use super::bands::{Band, Span};
use crate::measure::legibility::levels::{TwoLevels, two_levels};
use crate::measure::legibility::median;
use crate::media::LumaView;

/// Pixels across a strip: wider ones are reduced to about so many.
const WIDTH_PX: f32 = 40.0;
/// Share of the rows that are no wider than the column is taken for.
const WIDTH_SHARE: f32 = 0.9;
/// Steepest slant, to the side over down: some eleven degrees.
const SLANT_MAX: f32 = 0.2;
/// Least height over width of a strip.
const HEIGHT_TIMES: f32 = 2.4;
/// Height over width of the pieces that are parted into ink and ground each for itself,
/// so that a shadow over half of a plate does no harm.
const PIECE_TIMES: usize = 2;
/// A row with more ink than this is the edge of a plate or the wall beyond it: characters
/// leave room at their sides.
const FULL_ROW_SHARE: f32 = 0.9;
/// Columns of pixels on either side that show what the ground is.
const BORDER_PX: usize = 2;

/// Where a band runs: a straight line through its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    /// Its middle in the first row of cells, in pixels of the view from the left.
    start_px: f32,
    /// Pixels to the right a pixel down.
    slant: f32,
    width_px: f32,
    top_px: f32,
    height_px: f32,
}

impl Axis {
    /// By least squares through the middles of the spans.
    fn of(band: &Band) -> Option<Self> {
        let cell_px = band.cell_px as f32;
        let middle = |span: &Span| (span.left + span.right) as f32 / 2.0;
        let (first, last) = (band.spans.first()?.row, band.spans.last()?.row);
        let count = band.spans.len() as f32;
        let mean_y = band.spans.iter().map(|span| span.row as f32).sum::<f32>() / count;
        let mean_x = band.spans.iter().map(middle).sum::<f32>() / count;
        let (mut together, mut squares) = (0.0, 0.0);
        for span in &band.spans {
            let y = span.row as f32 - mean_y;
            together += y * (middle(span) - mean_x);
            squares += y * y;
        }
        let slant = together / squares.max(1.0);
        let mut widths: Vec<usize> = band.spans.iter().map(Span::width).collect();
        widths.sort_unstable();
        let wide = *widths.get((count * WIDTH_SHARE) as usize)? as f32;
        let rows = (last.saturating_sub(first) + 1) as f32;
        let is_upright = slant.abs() <= SLANT_MAX && rows >= HEIGHT_TIMES * wide;
        is_upright.then_some(Self {
            start_px: (mean_x - slant * (mean_y - first as f32)) * cell_px,
            slant,
            // A cell more, for what is faint at the sides.
            width_px: (wide + 1.0) * cell_px,
            top_px: (first as f32 - 0.5) * cell_px,
            height_px: (rows + 1.0) * cell_px,
        })
    }

    /// Left end of the row at `y_px` from the top of the view.
    fn left_px(&self, y_px: f32) -> f32 {
        let middle_px = self.start_px + self.slant * (y_px - self.top_px);
        middle_px - self.width_px / 2.0
    }
}

/// A column, straight.
pub(super) struct Strip {
    /// Levels, row by row.
    pixels: Vec<u8>,
    pub(super) width: usize,
    /// Pixels of the view to one of the strip, 1.0 and up.
    pub(super) step_px: f32,
    axis: Axis,
}

impl Strip {
    pub(super) fn of(luma: LumaView<'_>, band: &Band) -> Option<Self> {
        let axis = Axis::of(band)?;
        let step_px = (axis.width_px / WIDTH_PX).max(1.0);
        let width = (axis.width_px / step_px) as usize;
        let height = (axis.height_px / step_px) as usize;
        let side = step_px as usize;
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let y_px = axis.top_px + y as f32 * step_px;
            let left_px = axis.left_px(y_px);
            let top = inside(y_px, luma.height_px);
            for x in 0..width {
                let left = inside(left_px + x as f32 * step_px, luma.width_px);
                pixels.push(mean(luma, left, top, side));
            }
        }
        (width > 2 * BORDER_PX).then_some(Self {
            pixels,
            width,
            step_px,
            axis,
        })
    }

    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.width)
    }

    /// Ink and ground; `None` if there are no two levels anywhere.
    pub(super) fn ink(&self) -> Option<Ink> {
        let rows: Vec<&[u8]> = self.rows().collect();
        let pieces = (rows.len() / (PIECE_TIMES * self.width)).max(1);
        let pieces: Vec<_> = rows
            .chunks(rows.len().div_ceil(pieces).max(1))
            .map(|rows| (rows, two_levels(rows.iter().copied())))
            .collect();
        let is_light = |levels: &TwoLevels, px: u8| px > levels.threshold;
        // Whatever most of both sides is, is the ground.
        let (mut border, mut light) = (0_usize, 0_usize);
        for (rows, levels) in &pieces {
            let Some(levels) = levels else { continue };
            for row in *rows {
                let (left, right) = row.split_at(row.len().saturating_sub(BORDER_PX));
                for px in left.iter().take(BORDER_PX).chain(right) {
                    border += 1;
                    light += usize::from(is_light(levels, *px));
                }
            }
        }
        let is_dark = 2 * light > border;
        let ground = if is_dark { light } else { border - light };
        let mut marks = Vec::with_capacity(self.pixels.len());
        for (rows, levels) in &pieces {
            let is_ink = |px: u8| levels.is_some_and(|levels| is_light(&levels, px) != is_dark);
            marks.extend(rows.iter().copied().flatten().map(|px| is_ink(*px)));
        }
        for row in marks.chunks_exact_mut(self.width) {
            let inked = row.iter().filter(|is_ink| **is_ink).count();
            if inked as f32 > FULL_ROW_SHARE * self.width as f32 {
                row.fill(false);
            }
        }
        let known = || pieces.iter().filter_map(|(_, levels)| *levels);
        let mut shares: Vec<f32> = known().map(|levels| levels.share).collect();
        let mut apart: Vec<f32> = known().map(|levels| levels.light - levels.dark).collect();
        Some(Ink {
            is_dark,
            marks,
            ground_ratio: ground as f32 / border.max(1) as f32,
            two_levels_ratio: median(&mut shares)?,
            contrast_levels: median(&mut apart)?,
        })
    }

    /// The part of the view below row `y` of the strip, as wide as the strip.
    pub(super) fn view_row<'a>(&self, luma: LumaView<'a>, y: usize) -> &'a [u8] {
        let y_px = self.axis.top_px + y as f32 * self.step_px;
        let left_px = self.axis.left_px(y_px);
        let left = inside(left_px, luma.width_px);
        let right = inside(left_px + self.axis.width_px, luma.width_px);
        let row = luma.row(inside(y_px, luma.height_px));
        row.get(left..=right).unwrap_or(&[])
    }

    /// Left, top, right and bottom in the view, in pixels, of these columns and rows of
    /// the strip, ends included.
    pub(super) fn outline_px(&self, columns: (usize, usize), rows: (usize, usize)) -> [f32; 4] {
        let y_px = |y: usize| self.axis.top_px + y as f32 * self.step_px;
        let (top_px, bottom_px) = (y_px(rows.0), y_px(rows.1 + 1));
        let (above, below) = (self.axis.left_px(top_px), self.axis.left_px(bottom_px));
        [
            above.min(below) + columns.0 as f32 * self.step_px,
            top_px,
            above.max(below) + (columns.1 + 1) as f32 * self.step_px,
            bottom_px,
        ]
    }
}

/// A strip parted in two.
pub(super) struct Ink {
    /// Darker than its ground.
    pub(super) is_dark: bool,
    /// Where ink is, row by row.
    pub(super) marks: Vec<bool>,
    /// Share of the strip's sides that is ground.
    pub(super) ground_ratio: f32,
    /// Share of the variance that ink and ground explain, the median of the pieces.
    pub(super) two_levels_ratio: f32,
    /// Between ink and ground, likewise.
    pub(super) contrast_levels: f32,
}

/// The pixel at a place, or the next one in the view.
fn inside(px: f32, length_px: u32) -> usize {
    // A cast cuts what is below zero.
    (px as usize).min((length_px as usize).saturating_sub(1))
}

/// Mean of a square, as far as it lies in the view.
fn mean(luma: LumaView<'_>, left: usize, top: usize, side: usize) -> u8 {
    let (mut sum, mut count) = (0_usize, 0_usize);
    for y in top..top + side {
        let row = luma.row(y);
        let row = row.get(left..).unwrap_or(&[]).iter().take(side);
        count += row.len();
        sum += row.map(|px| usize::from(*px)).sum::<usize>();
    }
    u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX)
}
