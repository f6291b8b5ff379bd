//! Corners of a picture and what surrounds them.

use crate::media::LumaView;

/// Cells along a side of what surrounds a corner.
const CELLS: usize = 5;
/// Pixels along a side of a cell.
const CELL_PX: usize = 4;
/// From the corner to the edge of what surrounds it.
pub(super) const REACH_PX: i32 = (CELLS * CELL_PX / 2) as i32;
/// Least spread of the cells, grey levels: below it noise makes the likeness.
const SPREAD_MIN: f32 = 12.0;
/// A corner is the strongest so far around, px.
const ALONE_PX: usize = 5;
/// Strongest corners that are taken.
const CORNERS_MAX: usize = 1_600;
/// Sides of the small square and of the one around it, px.
const INNER_PX: usize = 5;
const OUTER_PX: usize = 11;

/// Values of cells that are taken at once.
const LANES: usize = 8;
/// Cells around a corner, rounded up to whole lanes.
const ROOM: usize = (CELLS * CELLS).next_multiple_of(LANES);

/// A corner.
#[derive(Clone, Debug)]
pub(super) struct Corner {
    pub(super) x: i32,
    pub(super) y: i32,
    /// Means of the cells around it, mean 0, length 1, and zeros.
    cells: [f32; ROOM],
}

impl Corner {
    /// A value by which corners are sorted: alike ones have it alike.
    pub(super) fn first(&self) -> f32 {
        self.cells.get(CELLS * CELLS / 2).copied().unwrap_or(0.0)
    }

    /// How alike what surrounds the two is, −1.0 to 1.0.
    pub(super) fn correlation(&self, other: &Self) -> f32 {
        // Eight sums side by side, so that they go through the vector units.
        let mut sums = [0.0_f32; LANES];
        let (own, _) = self.cells.as_chunks::<LANES>();
        let (others, _) = other.cells.as_chunks::<LANES>();
        for (a, b) in own.iter().zip(others) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        sums.iter().sum()
    }
}

/// Sums over rectangles in four steps: T. Crow 1984.
struct Sums {
    sums: Vec<u32>,
    width: usize,
}

impl Sums {
    fn of(picture: LumaView<'_>) -> Self {
        let width = picture.width_px as usize + 1;
        let mut sums = vec![0_u32; width * (picture.height_px as usize + 1)];
        let mut rest = sums.as_mut_slice();
        for row in picture.rows() {
            let (above, below) = std::mem::take(&mut rest).split_at_mut(width);
            let mut along = 0_u32;
            let line = below.iter_mut().zip(&*above).skip(1).zip(row);
            for ((sum, above), v) in line {
                along = along.wrapping_add(u32::from(*v));
                *sum = above.wrapping_add(along);
            }
            rest = below;
        }
        Self { sums, width }
    }

    /// Means of the squares around `count` neighbouring places from `x` on, in
    /// parts of a grey level; all must lie in the picture.
    #[inline(always)]
    fn squares(&self, x: usize, y: usize, count: usize, side: usize) -> impl Iterator<Item = u32> {
        let (left, top) = (x - side / 2, y - side / 2);
        let edge = |x: usize, y: usize| {
            let start = y * self.width + x;
            self.sums.get(start..start + count).unwrap_or(&[])
        };
        let above = edge(left, top).iter().zip(edge(left + side, top));
        let below = edge(left, top + side)
            .iter()
            .zip(edge(left + side, top + side));
        // Rounded to a 65,536th: a division would take longer than all else.
        let share = (LEVEL_PARTS << 16) / (side * side) as u32;
        above.zip(below).map(move |((a, b), (c, d))| {
            let sum = d.wrapping_sub(*c).wrapping_sub(*b).wrapping_add(*a);
            (sum >> 4).wrapping_mul(share >> 4) >> 8
        })
    }

    /// Sum over a square; it must lie in the picture.
    fn square(&self, x: usize, y: usize, side: usize) -> u32 {
        let at = |x: usize, y: usize| self.sums.get(y * self.width + x).copied().unwrap_or(0);
        // Sums may run over; their differences do not.
        let whole = at(x + side, y + side).wrapping_add(at(x, y));
        whole.wrapping_sub(at(x + side, y).wrapping_add(at(x, y + side)))
    }
}

/// Parts of a grey level in which means are compared.
const LEVEL_PARTS: u32 = 64;

/// Weakest corner, in those parts: less is noise.
const STRENGTH_MIN: u32 = 4 * LEVEL_PARTS;

/// The strongest corners: where a small square is more unlike the one around it
/// than anywhere near.
#[inline(always)]
pub(super) fn corners(picture: LumaView<'_>) -> Vec<Corner> {
    let (width, height) = (picture.width_px as usize, picture.height_px as usize);
    let reach = REACH_PX as usize;
    if width <= 2 * reach || height <= 2 * reach {
        return Vec::new();
    }
    let sums = Sums::of(picture);
    let mut strengths = vec![0_u32; width * height];
    for y in reach..height - reach {
        let row = strengths.get_mut(y * width + reach..(y + 1) * width - reach);
        let inner = sums.squares(reach, y, width - 2 * reach, INNER_PX);
        let outer = sums.squares(reach, y, width - 2 * reach, OUTER_PX);
        let means = inner.zip(outer);
        for (slot, (inner, outer)) in row.into_iter().flatten().zip(means) {
            *slot = inner.abs_diff(outer);
        }
    }
    let at = |x: usize, y: usize| strengths.get(y * width + x).copied().unwrap_or(0);
    let mut places = Vec::new();
    for (y, row) in strengths.chunks_exact(width).enumerate() {
        for (x, [left, own, right]) in row.array_windows::<3>().enumerate() {
            // Most are turned away by the first neighbours.
            if *own < STRENGTH_MIN || left > own || right >= own {
                continue;
            }
            let x = x + 1;
            let mut around = (y.saturating_sub(ALONE_PX)..(y + ALONE_PX + 1).min(height))
                .flat_map(|v| (x.saturating_sub(ALONE_PX)..x + ALONE_PX + 1).map(move |u| (u, v)));
            if at(x, y + 1) <= *own && around.all(|(u, v)| at(u, v) <= *own) {
                places.push((*own, x, y));
            }
        }
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.truncate(CORNERS_MAX);
    let described = |(_, x, y): &(u32, usize, usize)| described(&sums, *x, *y);
    places.iter().filter_map(described).collect()
}

/// The cells around a place; `None` where they are too alike.
fn described(sums: &Sums, x: usize, y: usize) -> Option<Corner> {
    let reach = REACH_PX as usize;
    let mut cells = [0.0_f32; CELLS * CELLS];
    for (i, cell) in cells.iter_mut().enumerate() {
        let (left, top) = (
            x - reach + i % CELLS * CELL_PX,
            y - reach + i / CELLS * CELL_PX,
        );
        *cell = sums.square(left, top, CELL_PX) as f32 / (CELL_PX * CELL_PX) as f32;
    }
    let mean = cells.iter().sum::<f32>() / cells.len() as f32;
    cells.iter_mut().for_each(|cell| *cell -= mean);
    let length = cells.iter().map(|cell| cell * cell).sum::<f32>().sqrt();
    if length < SPREAD_MIN * CELLS as f32 {
        return None;
    }
    let mut room = [0.0; ROOM];
    let normed = cells.iter().map(|cell| cell / length);
    room.iter_mut()
        .zip(normed)
        .for_each(|(to, cell)| *to = cell);
    Some(Corner {
        x: x as i32,
        y: y as i32,
        cells: room,
    })
}
