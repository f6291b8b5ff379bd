//! Columns of characters, and lines of writing that lie on their side.
//!
//! A plate leaves ground around its writing. Cells of the picture in which something
//! stands hang together where characters follow each other from top to bottom, and
//! nothing else hangs on to them: such a part, several times as high as wide, is set
//! straight and looked at closely. Writing has two levels there, its sides are ground,
//! its strokes are thin beside the width of the column, run both ways, and lie several
//! across every row and every column; and no character is like the next, as windows,
//! rungs and tiles are. Each of these is measured and none is learnt, so that a person
//! can follow it. Whether upright characters stand above each other or a line is turned
//! by 90 degrees, strokes do not tell: ideographs have as many either way, and a plate
//! seen from the side is narrowed.

mod bands;
mod grid;
mod strip;

use self::bands::{Band, bands};
use self::grid::Grid;
use self::strip::{Ink, Strip};
use super::strokes::strokes;
use super::{Direction, TextLine, covers, hundredths, median};
use crate::measurements::Region;
use crate::media::LumaView;

/// Coarsest cells: a column of 14 of them is a quarter of the view wide.
const CELL_MAX_PX: usize = 40;
/// Most parts of a picture that are looked at closely, the highest ones.
const BANDS_MAX: usize = 128;
/// Narrowest column in pixels of the view: strokes of narrower characters run together.
const WIDTH_MIN_PX: f32 = 12.0;
/// Least height of a column over its width: four characters, or a few letters more.
const HEIGHT_TIMES: f32 = 4.0;
// The limits below were set on one half of some 1500 photos, by file, and of 520 plates
// that were rendered into such photos in perspective, blur, shadow and low contrast. On
// the other half, characters of 28 pixels of the view and more: 78 of 98 upright columns
// are found and can be read, 40 of 64 lines on their side, and 1 of 756 photos has a
// column that is no writing.
/// Least share of variance that two levels explain.
const TWO_LEVELS_MIN: f32 = 0.76;
/// Least share of a column's sides that is ground.
const GROUND_SHARE_MIN: f32 = 0.92;
/// Width of strokes over that of the column: bold ones have a fifth, windows a half.
const STROKE_SHARE: std::ops::RangeInclusive<f32> = 0.05..=0.26;
/// Least share of the ink in strokes across, and in strokes down: rungs and bars have
/// one of them alone.
const ACROSS_SHARE_MIN: f32 = 0.12;
const DOWN_SHARE_MIN: f32 = 0.18;
/// Least strokes that a row with ink crosses.
const ROW_STROKES_MIN: f32 = 1.5;
/// Least strokes over a length of the column's width that lie one below the other.
const COLUMN_STROKES_MIN: f32 = 0.9;
/// Most likeness of one part of a column to the next: the correlation at the distance at
/// which it is highest.
const LIKENESS_MAX: f32 = 0.75;
/// A board may look like a stroke on the wall: where another column in the same place has
/// strokes thinner than this share of its own, that one is the writing.
const THINNER_TIMES: f32 = 0.7;
/// Rows of a strip between two in which edges are measured.
const EDGE_ROW_STEP: usize = 2;

/// All columns of the view, each once.
pub(super) fn find(luma: LumaView<'_>) -> Vec<TextLine> {
    let finest = Grid::of(luma);
    let (mut even, mut odd) = (finest.joined::<2>(), finest.joined::<3>());
    let mut all: Vec<Band> = Vec::new();
    while even.cell_px <= CELL_MAX_PX && even.width.min(even.height) > 0 {
        all.extend(bands(&even));
        all.extend(bands(&odd));
        (even, odd) = (even.joined::<2>(), odd.joined::<2>());
    }
    all.sort_by_key(|band| std::cmp::Reverse(band.height_px()));
    all.truncate(BANDS_MAX);
    let found = all.iter().filter_map(|band| column(luma, band)).collect();
    once(found)
}

/// Each column as the grid saw it that saw most of it.
fn once(mut found: Vec<TextLine>) -> Vec<TextLine> {
    let all = found.clone();
    found.retain(|line| {
        let thinnest_px = THINNER_TIMES * line.stroke_width_px;
        let is_writing_on_it = |other: &TextLine| {
            other.stroke_width_px < thinnest_px && covers(&other.region, &line.region)
        };
        !all.iter().any(is_writing_on_it)
    });
    found.sort_by(|a, b| b.region.h.total_cmp(&a.region.h));
    let mut kept: Vec<TextLine> = Vec::new();
    for line in found {
        if !kept.iter().any(|other| covers(&other.region, &line.region)) {
            kept.push(line);
        }
    }
    kept
}

/// The column, if it is one of characters.
fn column(luma: LumaView<'_>, band: &Band) -> Option<TextLine> {
    let strip = Strip::of(luma, band)?;
    let ink = strip.ink()?;
    if ink.two_levels_ratio < TWO_LEVELS_MIN || ink.ground_ratio < GROUND_SHARE_MIN {
        return None;
    }
    let hand = Hand::of(&ink, strip.width)?;
    let step_px = strip.step_px;
    let width = (hand.columns.1 - hand.columns.0 + 1) as f32;
    let height = (hand.rows.1 - hand.rows.0 + 1) as f32;
    let is_writing = width * step_px >= WIDTH_MIN_PX
        && height >= HEIGHT_TIMES * width
        && STROKE_SHARE.contains(&(hand.stroke_width / width))
        && hand.across_ratio >= ACROSS_SHARE_MIN
        && hand.down_ratio >= DOWN_SHARE_MIN
        && hand.strokes_a_row >= ROW_STROKES_MIN
        && hand.strokes_per_width >= COLUMN_STROKES_MIN
        && likeness(&strip, &hand) <= LIKENESS_MAX;
    if !is_writing {
        return None;
    }
    let [left, top, right, bottom] = strip.outline_px(hand.columns, hand.rows);
    let share = |px: f32, of: u32| (f64::from(px) / f64::from(of)).clamp(0.0, 1.0);
    let (x, y) = (share(left, luma.width_px), share(top, luma.height_px));
    Some(TextLine {
        direction: Direction::TopToBottom,
        region: Region {
            x,
            y,
            w: share(right, luma.width_px) - x,
            h: share(bottom, luma.height_px) - y,
        },
        height_px: (width * step_px).round(),
        stroke_width_px: hundredths(hand.stroke_width * step_px),
        edge_width_px: hundredths(edge_width_px(luma, &strip, &ink, hand.rows)?),
        contrast_levels: ink.contrast_levels.round(),
        strokes_per_height: hundredths(hand.strokes_per_width),
    })
}

/// What the ink of a strip is like. Lengths are in pixels of the strip.
struct Hand {
    /// First and last column that hold ink, but for a fiftieth on either side.
    columns: (usize, usize),
    /// First and last row with ink.
    rows: (usize, usize),
    /// The median over the ink of the shorter of the two runs, across and down, in which
    /// a pixel lies.
    stroke_width: f32,
    /// Share of the ink in runs that are more than twice as long across as down.
    across_ratio: f32,
    /// Share of the ink in runs that are more than twice as long down as across.
    down_ratio: f32,
    /// Strokes that a row with ink crosses, on average.
    strokes_a_row: f32,
    /// Strokes over a length of the width that lie one below the other, on average.
    strokes_per_width: f32,
}

impl Hand {
    fn of(ink: &Ink, width: usize) -> Option<Self> {
        let height = ink.marks.len() / width.max(1);
        let turned: Vec<bool> = (0..width)
            .flat_map(|x| ink.marks.iter().skip(x).step_by(width).copied())
            .collect();
        let by_row = counts(&ink.marks, width);
        let by_column = counts(&turned, height);
        let rows = (
            by_row.iter().position(|count| *count > 0)?,
            by_row.iter().rposition(|count| *count > 0)?,
        );
        let columns = middle(&by_column)?;
        let across = run_lengths(&ink.marks, width);
        let down = run_lengths(&turned, height);
        let (mut wide, mut high, mut widths) = (0_usize, 0_usize, Vec::new());
        for (x, column) in down.lengths.chunks_exact(height).enumerate() {
            let beside = across.lengths.iter().skip(x).step_by(width);
            for (down, across) in column.iter().zip(beside).filter(|(down, _)| **down > 0) {
                widths.push(*down.min(across) as f32);
                wide += usize::from(*across > 2 * down);
                high += usize::from(*down > 2 * across);
            }
        }
        let all = widths.len().max(1) as f32;
        let rows_with_ink = by_row.iter().filter(|count| **count > 0).count();
        // Runs of a column, over its height in widths.
        let inner = down.runs.get(columns.0..=columns.1)?;
        let height = (rows.1 - rows.0 + 1) as f32;
        Some(Self {
            columns,
            rows,
            stroke_width: median(&mut widths)?,
            across_ratio: wide as f32 / all,
            down_ratio: high as f32 / all,
            strokes_a_row: across.runs.iter().sum::<usize>() as f32 / rows_with_ink.max(1) as f32,
            strokes_per_width: inner.iter().sum::<usize>() as f32 / height,
        })
    }
}

/// How many of each line are set.
fn counts(marks: &[bool], length: usize) -> Vec<usize> {
    let lines = marks.chunks_exact(length.max(1));
    lines
        .map(|line| line.iter().filter(|is_set| **is_set).count())
        .collect()
}

/// First and last place of a row of counts without a fiftieth of all on either side.
fn middle(counts: &[usize]) -> Option<(usize, usize)> {
    let all: usize = counts.iter().sum();
    let mut before = 0;
    let (mut first, mut last) = (None, None);
    for (place, count) in counts.iter().enumerate() {
        before += count;
        if before * 50 > all && first.is_none() {
            first = Some(place);
        }
        if before * 50 >= all * 49 && last.is_none() {
            last = Some(place);
        }
    }
    Some((first?, last?)).filter(|(first, last)| first <= last)
}

/// The runs of set marks along lines.
struct Runs {
    /// For each mark the length of the run in which it lies; 0 where none is set.
    lengths: Vec<usize>,
    /// Runs of each line.
    runs: Vec<usize>,
}

fn run_lengths(marks: &[bool], length: usize) -> Runs {
    let mut found = Runs {
        lengths: Vec::with_capacity(marks.len()),
        runs: Vec::new(),
    };
    for line in marks.chunks_exact(length.max(1)) {
        let mut runs = 0;
        for run in line.chunk_by(|a, b| a == b) {
            let is_set = run.first() == Some(&true);
            runs += usize::from(is_set);
            let length = if is_set { run.len() } else { 0 };
            found
                .lengths
                .resize(found.lengths.len() + run.len(), length);
        }
        found.runs.push(runs);
    }
    found
}

/// Cells across a column in which its parts are compared.
const CELLS: usize = 8;
/// Cells down of the parts that are compared: two characters.
const PART: usize = 2 * CELLS;
/// Distances at which parts are compared: from half a character to three.
const DISTANCES: std::ops::RangeInclusive<usize> = CELLS / 2..=3 * CELLS;

/// How like one part of the column is to another nearby, the median over its parts: the
/// correlation at the distance at which it is highest, −1.0 to 1.0. What is equal all
/// the way down, such as the sides of a frame, counts for nothing.
fn likeness(strip: &Strip, hand: &Hand) -> f32 {
    let cells = cells(strip, hand);
    let mut best: Vec<f32> = Vec::new();
    for start in (0..cells.len()).step_by(CELLS) {
        let part = |from: usize| cells.get(from..from + PART);
        let Some(first) = part(start) else { break };
        let others = DISTANCES.filter_map(|distance| part(start + distance));
        let highest = others.map(|other| correlation(first, other));
        best.extend(highest.reduce(f32::max));
    }
    median(&mut best).unwrap_or(0.0)
}

/// The column in square cells, row by row, each column of them without its mean.
fn cells(strip: &Strip, hand: &Hand) -> Vec<[f32; CELLS]> {
    let side = (hand.columns.1 - hand.columns.0 + 1) as f32 / CELLS as f32;
    let rows: Vec<&[u8]> = strip.rows().collect();
    let count = ((hand.rows.1 - hand.rows.0 + 1) as f32 / side) as usize;
    let edge = |from: usize, at: usize| from + (at as f32 * side) as usize;
    let mut cells: Vec<[f32; CELLS]> = (0..count)
        .map(|y| {
            let top = edge(hand.rows.0, y);
            let rows = rows.get(top..edge(hand.rows.0, y + 1).max(top + 1));
            std::array::from_fn(|x| {
                let left = edge(hand.columns.0, x);
                let columns = left..edge(hand.columns.0, x + 1).max(left + 1);
                let pixels = rows.unwrap_or(&[]).iter();
                let pixels = pixels.filter_map(|row| row.get(columns.clone())).flatten();
                let (sum, count) = pixels.fold((0_u32, 0_u32), |(sum, count), px| {
                    (sum + u32::from(*px), count + 1)
                });
                sum as f32 / count.max(1) as f32
            })
        })
        .collect();
    let mut means = [0.0; CELLS];
    for row in &cells {
        for (mean, cell) in means.iter_mut().zip(row) {
            *mean += cell / count as f32;
        }
    }
    for row in &mut cells {
        row.iter_mut()
            .zip(means)
            .for_each(|(cell, mean)| *cell -= mean);
    }
    cells
}

/// Pearson's; 0 if one of them is even.
fn correlation(a: &[[f32; CELLS]], b: &[[f32; CELLS]]) -> f32 {
    let count = (a.len() * CELLS) as f32;
    let (a, b) = (a.as_flattened(), b.as_flattened());
    let mean = |of: &[f32]| of.iter().sum::<f32>() / count;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut together, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        together += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    let spread = (of_a * of_b).sqrt();
    if spread > 0.0 { together / spread } else { 0.0 }
}

/// Width of the edges of strokes in pixels of the view, the median over those with at
/// least half of the column's contrast.
fn edge_width_px(
    luma: LumaView<'_>,
    strip: &Strip,
    ink: &Ink,
    (first, last): (usize, usize),
) -> Option<f32> {
    let mut widths = Vec::new();
    for y in (first..=last).step_by(EDGE_ROW_STEP) {
        let found = strokes(strip.view_row(luma, y), ink.is_dark);
        let clear = found
            .iter()
            .filter(|stroke| 2.0 * f32::from(stroke.contrast) >= ink.contrast_levels);
        widths.extend(clear.filter_map(|stroke| stroke.edge_px));
    }
    median(&mut widths)
}

#[cfg(test)]
mod tests;
