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
//! is for the check to say. Text that runs from top to bottom or stands askew by
//! more than some ten degrees is not found.

mod lines;
mod strokes;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurements::Region;
use crate::media::LumaView;

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
    /// The largest of them, at most 48, from the top.
    pub lines: Vec<TextLine>,
}

/// One line of text. Lengths are in pixels of the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TextLine {
    /// Where, in shares of the picture.
    pub region: Region,
    /// Height of the characters: of capitals, figures or ideographs, or of small
    /// letters where hardly anything is taller.
    pub height_px: f32,
    /// Width of the strokes, the median.
    pub stroke_width_px: f32,
    /// Width of the strokes' edges from 10 to 90 % of their rise, the median.
    pub edge_width_px: f32,
    /// Difference between the strokes and what they stand on, in grey levels.
    pub contrast_levels: f32,
    /// Strokes that a row crosses over a length of the line's height, on average:
    /// ideographs have more than letters.
    pub strokes_per_height: f32,
}

/// Looks for lines of text in a view no larger than [`LONG_SIDE_PX`] that
/// `reduced_ratio` pixels of the picture were brought to one of.
pub fn measure(luma: LumaView<'_>, reduced_ratio: f32) -> Legibility {
    let mut found = without_hollows(lines::find(luma));
    let lines_count = u32::try_from(found.len()).unwrap_or(u32::MAX);
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

/// True if the two share half of the smaller one.
fn covers(a: &Region, b: &Region) -> bool {
    let common = |from: f64, length: f64, other: f64, other_length: f64| {
        ((from + length).min(other + other_length) - from.max(other)).max(0.0)
    };
    let shared = common(a.x, a.w, b.x, b.w) * common(a.y, a.h, b.y, b.h);
    2.0 * shared >= (a.w * a.h).min(b.w * b.h)
}

#[cfg(test)]
mod tests;
