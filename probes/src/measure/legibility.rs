//! Whether what is written in a picture can be read: lines of text, how high
//! their characters are, and how their strokes stand out.
//!
//! A stroke of a pen or a press is a pair of opposite edges with a level of its
//! own between them (the stroke width transform of Epshtein, Ofek and Wexler,
//! CVPR 2010, looks for the same pairs in all directions; text that is upright
//! enough to be read needs rows alone). Several strokes of one kind side by side
//! make a run; runs above each other make a line of text, if they begin and end
//! together, the levels inside are two and not many (Otsu 1979), and it is quiet
//! above and below. What is found is a fact about strokes: which sizes can be read
//! is for the check to say. Text that stands askew by more than some ten degrees is not
//! found. What runs from top to bottom is looked for in another way: see `columns`.

mod columns;
mod levels;
mod lines;
mod strokes;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurements::Region;
use crate::media::LumaView;

/// Version of this instrument: since 2 it looks for what runs from top to bottom.
pub(crate) const VERSION: u32 = 2;
/// Long side of the view in which text is looked for (research/forensics.md
/// 2a): larger pictures are reduced to it.
pub const LONG_SIDE_PX: u32 = 2048;
/// Most lines that are kept, the largest ones.
const LINES_MAX: usize = 48;

/// Lines of text in a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Legibility {
    /// Width of the view that was looked at.
    pub width_px: u32,
    /// Height of the view.
    pub height_px: u32,
    /// Pixels of the picture itself to one of the view, 1.0 and up.
    pub reduced_ratio: f32,
    /// Lines found, kept or not.
    pub lines_count: u32,
    /// Those of them that run from top to bottom; `None` in measurements of before they
    /// were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns_count: Option<u32>,
    /// The largest of them, at most 48, from the top.
    pub lines: Vec<TextLine>,
}

/// Which way a line of text runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Along the rows of the picture, as all lines of older measurements do.
    #[default]
    Horizontal,
    /// From top to bottom: a column of characters, or a line that lies on its side.
    TopToBottom,
}

/// One line of text. Lengths are in pixels of the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TextLine {
    /// Which way it runs.
    pub direction: Direction,
    /// Where, in shares of the picture.
    pub region: Region,
    /// Height of the characters: of capitals, figures or ideographs, or of small
    /// letters where hardly anything is taller. Of a line from top to bottom its width.
    pub height_px: f32,
    /// Width of the strokes, the median.
    pub stroke_width_px: f32,
    /// Width of the strokes' edges from 10 to 90 % of their rise, the median.
    pub edge_width_px: f32,
    /// Difference between the strokes and what they stand on, in grey levels.
    pub contrast_levels: f32,
    /// Strokes that a row crosses over a length of the line's height, on average:
    /// ideographs have more than letters. Of a line from top to bottom, strokes one
    /// below the other over a length of its width.
    pub strokes_per_height: f32,
}

/// Looks for lines of text in a view no larger than [`LONG_SIDE_PX`] that
/// `reduced_ratio` pixels of the picture were brought to one of.
pub fn measure(luma: LumaView<'_>, reduced_ratio: f32) -> Legibility {
    let (rows, columns) = apart(without_hollows(lines::find(luma)), columns::find(luma));
    let count = |lines: &[TextLine]| u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let columns_count = Some(count(&columns));
    let mut found = rows;
    found.extend(columns);
    let lines_count = count(&found);
    let area = |line: &TextLine| line.region.w * line.region.h;
    found.sort_by(|a, b| area(b).total_cmp(&area(a)));
    found.truncate(LINES_MAX);
    found.sort_by(|a, b| {
        (a.region.y, a.region.x)
            .partial_cmp(&(b.region.y, b.region.x))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    Legibility {
        width_px: luma.width_px,
        height_px: luma.height_px,
        reduced_ratio,
        lines_count,
        columns_count,
        lines: found,
    }
}

/// Without the lines that the spaces between other lines' strokes make: where two
/// cover each other by half, the one of thinner strokes is the writing.
fn without_hollows(mut found: Vec<TextLine>) -> Vec<TextLine> {
    found.sort_by(|a, b| a.stroke_width_px.total_cmp(&b.stroke_width_px));
    let mut kept: Vec<TextLine> = Vec::with_capacity(found.len());
    for line in found {
        if !kept.iter().any(|other| covers(&other.region, &line.region)) {
            kept.push(line);
        }
    }
    kept
}

/// Rows and columns without those that the others make: a column that rows cover by
/// half is made of their ends, and rows that lie in a column are parts of its characters.
fn apart(mut rows: Vec<TextLine>, mut columns: Vec<TextLine>) -> (Vec<TextLine>, Vec<TextLine>) {
    let area = |line: &TextLine| line.region.w * line.region.h;
    let shared_with = |line: &TextLine, others: &[TextLine]| -> f64 {
        let parts = others
            .iter()
            .map(|other| shared(&other.region, &line.region));
        parts.sum()
    };
    columns.retain(|column| 2.0 * shared_with(column, &rows) < area(column));
    rows.retain(|row| 2.0 * shared_with(row, &columns) < area(row));
    (rows, columns)
}

/// True if the two share half of the smaller one.
fn covers(a: &Region, b: &Region) -> bool {
    2.0 * shared(a, b) >= (a.w * a.h).min(b.w * b.h)
}

/// The area that two share.
fn shared(a: &Region, b: &Region) -> f64 {
    let common = |from: f64, length: f64, other: f64, other_length: f64| {
        ((from + length).min(other + other_length) - from.max(other)).max(0.0)
    };
    common(a.x, a.w, b.x, b.w) * common(a.y, a.h, b.y, b.h)
}

/// The value in the middle.
fn median(values: &mut [f32]) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

fn hundredths(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
