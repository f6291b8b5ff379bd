//! Runs of strokes above each other, put together to lines of text.

use super::levels::two_levels;
use super::strokes::{Run, runs};
use super::{Direction, TextLine, hundredths, median};
use crate::measurements::Region;
use crate::media::LumaView;

/// Rows that are looked at lie this far apart.
const ROW_STEP_PX: usize = 2;
/// Rows in which the widths of edges are measured.
const EDGE_ROW_STEP_PX: usize = 2 * ROW_STEP_PX;
/// Height of a gap that a line may have: the waist of a letter, a speck.
const GAP_MAX_PX: usize = 4;
/// Lowest line of text in pixels of the view: below it nothing is a letter.
const HEIGHT_MIN_PX: usize = 6;
/// Highest line as a share of the view.
const HEIGHT_MAX_SHARE: f32 = 0.25;
/// Least length of a line over its height: two letters.
const LENGTH_TIMES: f32 = 1.3;
/// Least share of a line's rows that have a run.
const ROWS_SHARE_MIN: f32 = 0.7;
/// Least share of the variance inside a line that two levels explain.
const TWO_LEVELS_MIN: f32 = 0.70;
/// Least agreement of the strokes' widths: half of them lie within the median
/// by this share of it.
const WIDTHS_APART_MAX: f32 = 0.6;
/// A stroke is at most this share of its line's height.
const STROKE_SHARE_MAX: f32 = 0.45;
/// Most change above and below a line, of that inside.
const MARGIN_SHARE_MAX: f32 = 0.6;
/// Runs that are followed at once: more than any row of a view can have.
const OPEN_MAX: usize = 256;
/// Lines that are put together before the picture is given up as texture.
const FOUND_MAX: usize = 1024;

/// A line of text in the making.
struct Open {
    is_dark: bool,
    top: usize,
    /// The last row with a run.
    bottom: usize,
    left: usize,
    right: usize,
    /// Ends of the run in the last row.
    last: (usize, usize),
    rows: usize,
    strokes: usize,
    widths: Vec<f32>,
    edges: Vec<f32>,
    contrasts: Vec<u8>,
}

/// All lines of text in the view.
pub(super) fn find(luma: LumaView<'_>) -> Vec<TextLine> {
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    for (y, row) in luma.rows().enumerate().step_by(ROW_STEP_PX) {
        let with_edges = y % EDGE_ROW_STEP_PX == 0;
        for run in runs(row, with_edges) {
            let has_room = open.len() < OPEN_MAX;
            match open.iter_mut().find(|line| line.goes_on_with(&run, y)) {
                Some(line) => line.add(&run, y),
                None if has_room => open.push(Open::with(&run, y)),
                None => {}
            }
        }
        let is_over = |line: &mut Open| y > line.bottom + GAP_MAX_PX;
        for line in open.extract_if(.., is_over) {
            if found.len() < FOUND_MAX {
                found.extend(line.finish(luma));
            }
        }
    }
    found.extend(open.into_iter().filter_map(|line| line.finish(luma)));
    found
}

impl Open {
    fn with(run: &Run, y: usize) -> Self {
        let mut line = Self {
            is_dark: run.is_dark,
            top: y,
            bottom: y,
            left: run.left(),
            right: run.right(),
            last: (run.left(), run.right()),
            rows: 0,
            strokes: 0,
            widths: Vec::new(),
            edges: Vec::new(),
            contrasts: Vec::new(),
        };
        line.add(run, y);
        line
    }

    /// True if the run lies below the line's last one, over half of the shorter.
    fn goes_on_with(&self, run: &Run, y: usize) -> bool {
        let (left, right) = self.last;
        let common = right.min(run.right()).saturating_sub(left.max(run.left()));
        let shorter = (right - left).min(run.right() - run.left());
        self.is_dark == run.is_dark && y <= self.bottom + GAP_MAX_PX && common * 2 > shorter
    }

    fn add(&mut self, run: &Run, y: usize) {
        // A row that two runs continue counts once.
        if self.rows == 0 || y > self.bottom {
            self.rows += 1;
            self.last = (run.left(), run.right());
        } else {
            self.last = (self.last.0.min(run.left()), self.last.1.max(run.right()));
        }
        self.bottom = y;
        self.left = self.left.min(run.left());
        self.right = self.right.max(run.right());
        self.strokes += run.strokes.len();
        for stroke in &run.strokes {
            self.widths.push(stroke.end_px - stroke.start_px);
            self.edges.extend(stroke.edge_px);
            self.contrasts.push(stroke.contrast);
        }
    }

    /// The line, if it is one of text.
    fn finish(mut self, luma: LumaView<'_>) -> Option<TextLine> {
        let height = self.bottom - self.top + ROW_STEP_PX;
        let length = self.right - self.left + 1;
        let is_shaped = height >= HEIGHT_MIN_PX
            && height as f32 <= HEIGHT_MAX_SHARE * luma.height_px as f32
            && length as f32 >= LENGTH_TIMES * height as f32
            && (self.rows * ROW_STEP_PX) as f32 >= ROWS_SHARE_MIN * height as f32;
        if !is_shaped || !self.is_between_margins(luma, height) {
            return None;
        }
        let stroke_width_px = median(&mut self.widths)?;
        let mut apart: Vec<f32> = self
            .widths
            .iter()
            .map(|width| (width - stroke_width_px).abs())
            .collect();
        if median(&mut apart)? > WIDTHS_APART_MAX * stroke_width_px
            || stroke_width_px > STROKE_SHARE_MAX * height as f32
        {
            return None;
        }
        let rows = (self.top..=self.bottom).map(|y| {
            let row = luma.row(y).get(self.left..=self.right);
            row.unwrap_or(&[])
        });
        if two_levels(rows)?.share < TWO_LEVELS_MIN {
            return None;
        }
        self.contrasts.sort_unstable();
        let contrast = self.contrasts.get(self.contrasts.len() / 2).copied()?;
        let (width_px, height_px) = (f64::from(luma.width_px), f64::from(luma.height_px));
        Some(TextLine {
            direction: Direction::Horizontal,
            region: Region {
                x: self.left as f64 / width_px,
                y: self.top as f64 / height_px,
                w: (length as f64 / width_px).min(1.0),
                h: height as f64 / height_px,
            },
            height_px: height as f32,
            stroke_width_px: hundredths(stroke_width_px),
            edge_width_px: hundredths(median(&mut self.edges)?),
            contrast_levels: f32::from(contrast),
            strokes_per_height: hundredths(
                self.strokes as f32 * height as f32 / (self.rows.max(1) * length) as f32,
            ),
        })
    }

    /// Text has paper above and below: less changes there along a row than inside.
    fn is_between_margins(&self, luma: LumaView<'_>, height: usize) -> bool {
        let margin = (height / 5).max(1);
        let inside = self.change(luma, self.top, self.bottom + 1);
        // The rows in between that were not looked at may be the line's own.
        let (top, bottom) = (
            self.top.saturating_sub(ROW_STEP_PX),
            self.bottom + ROW_STEP_PX + 1,
        );
        let above = self.change(luma, top.saturating_sub(margin), top);
        let below = self.change(luma, bottom, bottom + margin);
        let most = inside * MARGIN_SHARE_MAX;
        above <= most && below <= most
    }

    /// Mean change from pixel to pixel along the rows `from..to` over the line's
    /// length, in grey levels; 0 beyond the picture.
    fn change(&self, luma: LumaView<'_>, from: usize, to: usize) -> f32 {
        let (mut sum, mut count) = (0_u64, 0_u64);
        for y in from..to.min(luma.height_px as usize) {
            let row = luma.row(y).get(self.left..=self.right).unwrap_or(&[]);
            // At most as many as a view is wide: no overflow, and none to be checked.
            let steps = row.array_windows::<2>().fold(0_u32, |sum, [a, b]| {
                sum.wrapping_add(u32::from(a.abs_diff(*b)))
            });
            sum += u64::from(steps);
            count += row.len() as u64;
        }
        sum as f32 / count.max(1) as f32
    }
}
