//! Parts of a picture that its thumbnail shows otherwise, where the rest agrees.

use super::{Pair, ThumbnailDifference};
use crate::measurements::Region;

/// Side of the cells that are compared, in pixels of the small size.
const CELL_PX: usize = 4;
/// Least difference of a cell, grey levels. Named guess: twice what compression,
/// sharpening and tone curves leave on untouched photos.
const LEVELS_MIN: f32 = 24.0;
/// So often the difference of the usual cell. Measured: of 99 untouched photos with a
/// thumbnail one has such a part, at 5 times six.
const TIMES_MIN: f32 = 8.0;
/// A usual cell differs at least by so much, grey levels: a smaller figure is
/// rounding.
const USUAL_MIN: f32 = 1.5;
/// Cells that a part must have; a single one lies on an edge that moved.
const CELLS_MIN: usize = 3;
/// Parts that are kept.
const PARTS_MAX: usize = 8;
/// Tones of the curve that brings the two together.
const TONES: usize = 16;

/// The parts, largest difference first, in shares of the compared picture.
pub(super) fn find(pair: &Pair) -> Vec<ThumbnailDifference> {
    let width = pair.picture.width_px as usize;
    let (columns, rows) = (width / CELL_PX, pair.picture.height_px as usize / CELL_PX);
    if columns == 0 || rows == 0 {
        return Vec::new();
    }
    let toned = toned(pair);
    let cells: Vec<f32> = (0..rows * columns)
        .map(|cell| {
            let (left, top) = (cell % columns * CELL_PX, cell / columns * CELL_PX);
            let squares = (0..CELL_PX * CELL_PX).filter_map(|i| {
                let at = (top + i / CELL_PX) * width + left + i % CELL_PX;
                let difference = toned.get(at)? - f32::from(*pair.picture.data.get(at)?);
                Some(difference * difference)
            });
            (squares.sum::<f32>() / (CELL_PX * CELL_PX) as f32).sqrt()
        })
        .collect();
    let usual = median(&cells).max(USUAL_MIN);
    let limit = LEVELS_MIN.max(TIMES_MIN * usual);
    let mut parts: Vec<ThumbnailDifference> = connected(&cells, columns, limit)
        .into_iter()
        .filter(|part| part.len() >= CELLS_MIN)
        .map(|part| {
            let sum: f32 = part.iter().filter_map(|cell| cells.get(*cell)).sum();
            let levels = sum / part.len() as f32;
            ThumbnailDifference {
                region: bounds(&part, columns, rows),
                levels,
                times_usual: levels / usual,
            }
        })
        .collect();
    parts.sort_by(|a, b| b.levels.total_cmp(&a.levels));
    parts.truncate(PARTS_MAX);
    parts
}

/// The thumbnail in the tones of the picture: for each tone the middle one of
/// the picture where the thumbnail has it. Exposure, contrast and tone curves go away,
/// a part that was changed does not, for it is the smaller part of its tone.
fn toned(pair: &Pair) -> Vec<f32> {
    let tone = |value: u8| usize::from(value) * TONES / 256;
    let mut by_tone: [Vec<f32>; TONES] = std::array::from_fn(|_| Vec::new());
    for (from, to) in pair.thumbnail.data.iter().zip(&pair.picture.data) {
        if let Some(offsets) = by_tone.get_mut(tone(*from)) {
            offsets.push(f32::from(*to) - f32::from(*from));
        }
    }
    let offsets = by_tone.map(|offsets| median(&offsets));
    let offset = |value: u8| offsets.get(tone(value)).copied().unwrap_or(0.0);
    let values = pair.thumbnail.data.iter();
    values.map(|v| f32::from(*v) + offset(*v)).collect()
}

/// 0 of nothing.
fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Groups of neighbouring cells above the limit.
fn connected(cells: &[f32], columns: usize, limit: f32) -> Vec<Vec<usize>> {
    let mut is_open: Vec<bool> = cells.iter().map(|level| *level > limit).collect();
    let mut parts = Vec::new();
    for start in 0..cells.len() {
        let mut part = Vec::new();
        let mut queue = vec![start];
        while let Some(at) = queue.pop() {
            let Some(open) = is_open.get_mut(at).filter(|open| **open) else {
                continue;
            };
            *open = false;
            part.push(at);
            if at % columns > 0 {
                queue.push(at - 1);
            }
            if at % columns + 1 < columns {
                queue.push(at + 1);
            }
            queue.extend(at.checked_sub(columns));
            queue.push(at + columns);
        }
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts
}

/// In shares of the compared picture.
fn bounds(part: &[usize], columns: usize, rows: usize) -> Region {
    let side = |of: fn(usize, usize) -> usize, count: usize| {
        let at = part.iter().map(|cell| of(*cell, columns));
        let (first, last) = (at.clone().min().unwrap_or(0), at.max().unwrap_or(0));
        (
            first as f64 / count as f64,
            (last + 1 - first) as f64 / count as f64,
        )
    };
    let (x, w) = side(|cell, columns| cell % columns, columns);
    let (y, h) = side(|cell, columns| cell / columns, rows);
    Region { x, y, w, h }
}
