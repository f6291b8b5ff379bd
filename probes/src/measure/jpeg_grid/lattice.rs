//! Votes at evenly spaced places.

use super::BLOCK_PX;
use super::place::{Corner, MIDDLE_PX, WINDOW_PX, Window, vote};
use crate::measure::pixels::{Layout, Pixels};
use crate::measurements::Region;

/// A rectangle of places, in pixels of the coded picture: places may stand on
/// every pixel of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x_px: usize,
    pub(super) y_px: usize,
    pub(super) width_px: usize,
    pub(super) height_px: usize,
}

impl Area {
    /// Where a window around a place lies in the picture; `None` if nowhere.
    pub(super) fn whole(pixels: &Pixels) -> Option<Self> {
        let side = |px: u32| {
            (px as usize)
                .checked_sub(WINDOW_PX - 1)
                .filter(|px| *px > 0)
        };
        Some(Self {
            x_px: MIDDLE_PX,
            y_px: MIDDLE_PX,
            width_px: side(pixels.width_px())?,
            height_px: side(pixels.height_px())?,
        })
    }

    /// Places in it at this distance.
    pub(super) fn places(self, spacing_px: usize) -> usize {
        self.width_px.div_ceil(spacing_px) * self.height_px.div_ceil(spacing_px)
    }

    /// The area with a margin, as far as it stays within `whole`.
    pub(super) fn grown(self, margin_px: usize, whole: Self) -> Self {
        let x_px = self.x_px.saturating_sub(margin_px).max(whole.x_px);
        let y_px = self.y_px.saturating_sub(margin_px).max(whole.y_px);
        let right = (self.x_px + self.width_px + margin_px).min(whole.x_px + whole.width_px);
        let below = (self.y_px + self.height_px + margin_px).min(whole.y_px + whole.height_px);
        Self {
            x_px,
            y_px,
            width_px: right.saturating_sub(x_px),
            height_px: below.saturating_sub(y_px),
        }
    }

    /// In shares of a picture of this size.
    pub(super) fn region(self, (width_px, height_px): (u32, u32)) -> Region {
        let share = |px: usize, of: u32| (px as f64 / f64::from(of.max(1))).min(1.0);
        Region {
            x: share(self.x_px, width_px),
            y: share(self.y_px, height_px),
            w: share(self.width_px, width_px),
            h: share(self.height_px, height_px),
        }
    }
}

/// A grid by the place of its corners: 8 times the row and the column.
pub(super) type Grid = u8;

/// The votes of an area, row by row.
#[derive(Clone, Debug)]
pub(super) struct Lattice {
    pub(super) area: Area,
    pub(super) spacing_px: usize,
    pub(super) columns: usize,
    /// For any grid.
    pub(super) votes: Vec<Option<Grid>>,
    /// For any grid that shares neither columns nor rows with one that starts
    /// in the corner of the picture.
    pub(super) other_votes: Vec<Option<Grid>>,
}

impl Lattice {
    /// Asks the places of `area`, which must lie within [`Area::whole`]; luma is
    /// scaled by `scale`.
    #[inline(always)]
    pub(super) fn vote(pixels: &Pixels, scale: f32, area: Area, spacing_px: usize) -> Self {
        let mut votes = Vec::with_capacity(area.places(spacing_px));
        let mut other_votes = Vec::with_capacity(area.places(spacing_px));
        for y in (area.y_px..area.y_px + area.height_px).step_by(spacing_px) {
            for x in (area.x_px..area.x_px + area.width_px).step_by(spacing_px) {
                let (left, top) = (x - MIDDLE_PX, y - MIDDLE_PX);
                let own = (corner(left), corner(top));
                let window = window(pixels, scale, left, top);
                let (all, others) = window.map_or((None, None), |window| vote(&window, own));
                let grid = |(column, row): Corner| {
                    let (x, y) = ((left + column) % BLOCK_PX, (top + row) % BLOCK_PX);
                    (y * BLOCK_PX + x) as Grid
                };
                votes.push(all.map(grid));
                other_votes.push(others.map(grid));
            }
        }
        Self {
            area,
            spacing_px,
            columns: area.width_px.div_ceil(spacing_px),
            votes,
            other_votes,
        }
    }

    /// Places that were asked.
    pub(super) fn places(&self) -> usize {
        self.votes.len()
    }

    /// Places that voted.
    pub(super) fn voted(&self) -> usize {
        self.votes.iter().flatten().count()
    }
}

/// Where in a window that starts here a block of the picture's own grid starts.
fn corner(start_px: usize) -> usize {
    (BLOCK_PX - start_px % BLOCK_PX) % BLOCK_PX
}

/// Luma around a place, `None` beyond the picture.
#[inline(always)]
fn window(pixels: &Pixels, scale: f32, left: usize, top: usize) -> Option<Window> {
    let channels = pixels.channels();
    let mut window = Window::new();
    for (y, row) in window.rows_mut().enumerate() {
        let samples = pixels
            .row(top + y)
            .get(left * channels..(left + WINDOW_PX) * channels)?;
        match pixels.layout() {
            Layout::Gray => {
                let levels = row.iter_mut().zip(samples);
                levels.for_each(|(out, level)| *out = scale * f32::from(*level));
            }
            Layout::YCbCr => {
                let levels = row.iter_mut().zip(samples.as_chunks::<3>().0);
                levels.for_each(|(out, [level, ..])| *out = scale * f32::from(*level));
            }
            Layout::Rgb => {
                // ITU-R BT.601, as JPEG has it.
                for (out, rgb) in row.iter_mut().zip(samples.as_chunks::<3>().0) {
                    let [r, g, b] = rgb.map(f32::from);
                    *out = scale * (0.299 * r + 0.587 * g + 0.114 * b);
                }
            }
        }
    }
    Some(window)
}
