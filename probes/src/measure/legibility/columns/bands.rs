//! Parts of a picture that follow each other from top to bottom like characters.

use super::grid::Grid;

/// Widths of a column in cells: a finer grid sees wider ones, a coarser one narrower
/// ones, so that every width is looked at twice.
const WIDTH_CELLS: std::ops::RangeInclusive<usize> = 4..=14;
/// Most empty cells between two parts: the space between characters, or in one.
const GAP_MAX_CELLS: usize = 5;
/// How much wider one part may be than the next.
const WIDTH_TIMES: usize = 3;
/// Least height of a column over its width, before it is looked at closely.
const HEIGHT_TIMES: usize = 2;
/// Least share of the cells between a row's ends that belong to the column.
const FILLED_SHARE_MIN: f32 = 0.5;
/// Most rows of a column that are wider than it.
const WIDE_ROWS_SHARE_MAX: f32 = 0.2;

/// From the first to beyond the last cell of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) row: usize,
    pub(super) left: usize,
    pub(super) right: usize,
    /// Cells in between that belong to it.
    filled: usize,
}

impl Span {
    pub(super) fn width(&self) -> usize {
        self.right.saturating_sub(self.left)
    }
}

/// What may be a column of characters, in cells: rows without any have no span.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Band {
    pub(super) cell_px: usize,
    pub(super) spans: Vec<Span>,
}

impl Band {
    /// In pixels of the view.
    pub(super) fn height_px(&self) -> usize {
        rows(&self.spans) * self.cell_px
    }
}

/// All of a grid.
pub(super) fn bands(grid: &Grid) -> Vec<Band> {
    let mut busy = grid.busy();
    let mut chains = Chains::new(grid.width);
    for seed in 0..busy.len() {
        if busy.get(seed) == Some(&true) {
            chains.add(&spans(&mut busy, grid.width, seed));
        }
    }
    let mut found = Vec::new();
    for mut spans in chains.spans {
        spans.sort_unstable_by_key(|span| span.row);
        found.extend(upright(grid.cell_px, &spans));
    }
    found
}

/// Takes away all that hangs together with the cell `seed`, which is of the uppermost
/// row, and gives the span of each row from there on.
fn spans(busy: &mut [bool], width: usize, seed: usize) -> Vec<Span> {
    let top = seed / width;
    let mut spans: Vec<Span> = Vec::new();
    let mut open = Vec::new();
    let take = |busy: &mut [bool], open: &mut Vec<usize>, cell: usize| {
        if let Some(is_busy) = busy.get_mut(cell)
            && *is_busy
        {
            *is_busy = false;
            open.push(cell);
        }
    };
    take(busy, &mut open, seed);
    while let Some(cell) = open.pop() {
        let (x, row) = (cell % width, cell / width);
        while spans.len() <= row.saturating_sub(top) {
            spans.push(Span {
                row: top + spans.len(),
                left: usize::MAX,
                right: 0,
                filled: 0,
            });
        }
        if let Some(span) = spans.get_mut(row.saturating_sub(top)) {
            span.left = span.left.min(x);
            span.right = span.right.max(x + 1);
            span.filled += 1;
        }
        if x > 0 {
            take(busy, &mut open, cell - 1);
        }
        if x + 1 < width {
            take(busy, &mut open, cell + 1);
        }
        if cell >= width {
            take(busy, &mut open, cell - width);
        }
        take(busy, &mut open, cell + width);
    }
    spans
}

/// Parts that follow each other from top to bottom.
struct Chains {
    /// Of each chain.
    spans: Vec<Vec<Span>>,
    /// By column of cells, the lowest part so far: its chain, its width and the row
    /// below it.
    lowest: Vec<Option<Part>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    chain: usize,
    width: usize,
    below: usize,
}

impl Chains {
    fn new(width: usize) -> Self {
        Self {
            spans: Vec::new(),
            lowest: vec![None; width],
        }
    }

    /// Adds a part; parts come in the order of their upper ends.
    fn add(&mut self, spans: &[Span]) {
        let left = spans.iter().map(|span| span.left).min().unwrap_or(0);
        let right = spans.iter().map(|span| span.right).max().unwrap_or(0);
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
            return;
        };
        let width = right.saturating_sub(left);
        let Some(above) = self.lowest.get_mut(left..right) else {
            return;
        };
        // What is too wide for a character hides what is above it, and continues nothing.
        if width > *WIDTH_CELLS.end() {
            above.fill(None);
            return;
        }
        let middle = above.get(width / 2).copied().flatten();
        let continued = middle.filter(|part| {
            let common = above.iter().filter(|other| **other == Some(*part)).count();
            let (narrow, wide) = (width.min(part.width), width.max(part.width));
            first.row <= part.below + GAP_MAX_CELLS
                && wide <= WIDTH_TIMES * narrow
                && 2 * common >= narrow
        });
        let chain = continued.map_or(self.spans.len(), |part| part.chain);
        above.fill(Some(Part {
            chain,
            width,
            below: last.row + 1,
        }));
        match self.spans.get_mut(chain) {
            Some(known) => merge(known, spans),
            None => self.spans.push(spans.to_vec()),
        }
    }
}

/// Adds spans to those of a chain; of one row there is one.
fn merge(known: &mut Vec<Span>, spans: &[Span]) {
    for span in spans {
        match known.iter_mut().rev().find(|other| other.row == span.row) {
            Some(other) => {
                other.left = other.left.min(span.left);
                other.right = other.right.max(span.right);
                other.filled += span.filled;
            }
            None => known.push(*span),
        }
    }
}

/// Rows of cells from the first span to the last.
fn rows(spans: &[Span]) -> usize {
    let ends = spans.first().zip(spans.last());
    ends.map_or(0, |(first, last)| last.row.saturating_sub(first.row) + 1)
}

/// The chain, if it stands like a column of characters; without the edge of a plate above
/// or below, which is wider than the writing.
fn upright(cell_px: usize, spans: &[Span]) -> Option<Band> {
    let mut widths: Vec<usize> = spans.iter().map(Span::width).collect();
    widths.sort_unstable();
    let width = *widths.get(widths.len() / 2)?;
    let is_wide = |span: &Span| 2 * span.width() > 3 * width + 2;
    let first = spans.iter().position(|span| !is_wide(span))?;
    let last = spans.iter().rposition(|span| !is_wide(span))?;
    let spans = spans.get(first..=last)?;
    if !WIDTH_CELLS.contains(&width) || rows(spans) < HEIGHT_TIMES * width {
        return None;
    }
    let sum = |of: fn(&Span) -> usize| spans.iter().map(of).sum::<usize>() as f32;
    let wide_rows = spans.iter().filter(|span| is_wide(span)).count();
    if sum(|span| span.filled) < FILLED_SHARE_MIN * sum(Span::width)
        || wide_rows as f32 > WIDE_ROWS_SHARE_MAX * spans.len() as f32
    {
        return None;
    }
    Some(Band {
        cell_px,
        spans: spans.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(rows: std::ops::Range<usize>, left: usize, right: usize) -> Vec<Span> {
        rows.map(|row| Span {
            row,
            left,
            right,
            filled: right - left,
        })
        .collect()
    }

    #[test]
    fn a_column_is_cut_free_from_the_edge_of_its_plate() {
        let mut all = part(10..12, 0, 20);
        all.extend(part(12..42, 7, 12));
        all.extend(part(42..43, 0, 20));
        let band = upright(4, &all).unwrap();
        assert_eq!(band.spans, part(12..42, 7, 12));
        assert_eq!(upright(4, &part(0..9, 0, 5)), None, "too low");
        assert_eq!(upright(4, &part(0..90, 0, 20)), None, "too wide");
        assert_eq!(upright(4, &[]), None);
    }

    #[test]
    fn parts_of_one_width_follow_each_other_and_others_do_not() {
        let mut chains = Chains::new(40);
        chains.add(&part(0..30, 20, 40));
        for row in [2, 9, 16] {
            chains.add(&part(row..row + 5, 7, 12));
        }
        // Too far below, too wide, and beside.
        chains.add(&part(27..32, 7, 12));
        chains.add(&part(33..35, 0, 18));
        chains.add(&part(33..36, 14, 19));
        chains.add(&part(36..40, 7, 12));
        let lengths: Vec<usize> = chains.spans.iter().map(Vec::len).collect();
        assert_eq!(lengths, [15, 5, 3, 4]);
    }

    #[test]
    fn two_parts_of_a_row_are_one_span() {
        let mut known = part(3..6, 4, 6);
        merge(&mut known, &part(5..8, 8, 10));
        assert_eq!(known.len(), 5);
        assert_eq!((known[2].left, known[2].right, known[2].filled), (4, 10, 4));
    }

    #[test]
    fn what_hangs_together_is_taken_once() {
        let picture = [
            "##..", //
            "##..", //
            "####", //
            "....",
        ];
        let mut busy: Vec<bool> = picture
            .iter()
            .flat_map(|row| row.bytes().map(|c| c == b'#'))
            .collect();
        let mut expected = part(0..2, 0, 2);
        expected.extend(part(2..3, 0, 4));
        assert_eq!(spans(&mut busy, 4, 0), expected);
        assert!(busy.iter().all(|v| !v));
    }
}
