//! Cells of a picture and whether anything stands in them.

use crate::media::LumaView;

/// Side of the finest cells.
pub(super) const FINEST_PX: usize = 2;
/// Difference of levels inside a cell from which on something stands in it: below the
/// strokes of writing on a plate, above its grain and shading. Of 30, 45 and 60, on the
/// tuning half of plates rendered into photos, 45 lost the fewest.
const BUSY_LEVELS: u8 = 45;
/// Least width of what is busy: poles and the sides of a plate's frame are narrower.
const WIDTH_MIN_CELLS: usize = 3;

/// The darkest and the lightest pixel of each cell.
pub(super) struct Grid {
    pub(super) cell_px: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    darkest: Vec<u8>,
    lightest: Vec<u8>,
}

impl Grid {
    /// The cells of [`FINEST_PX`].
    pub(super) fn of(luma: LumaView<'_>) -> Self {
        let rows: Vec<&[u8]> = luma.rows().collect();
        let width = luma.width_px as usize / FINEST_PX;
        let mut grid = Self::empty(FINEST_PX, width, rows.len() / FINEST_PX);
        for [above, below] in rows.as_chunks::<FINEST_PX>().0 {
            let darker: Vec<u8> = above.iter().zip(*below).map(|(a, b)| *a.min(b)).collect();
            let lighter: Vec<u8> = above.iter().zip(*below).map(|(a, b)| *a.max(b)).collect();
            grid.add_row::<FINEST_PX>(&darker, &lighter);
        }
        grid
    }

    /// Cells of `N` times the side.
    pub(super) fn joined<const N: usize>(&self) -> Self {
        let (width, height) = (self.width / N, self.height / N);
        let mut grid = Self::empty(self.cell_px * N, width, height);
        let (mut darker, mut lighter) = (Vec::new(), Vec::new());
        let bands = |all: &[u8], y: usize, into: &mut Vec<u8>, pick: fn(u8, u8) -> u8| {
            let mut rows = all.chunks_exact(self.width.max(1)).skip(y * N).take(N);
            into.clear();
            into.extend_from_slice(rows.next().unwrap_or(&[]));
            for row in rows {
                into.iter_mut()
                    .zip(row)
                    .for_each(|(to, v)| *to = pick(*to, *v));
            }
        };
        for y in 0..height {
            bands(&self.darkest, y, &mut darker, u8::min);
            bands(&self.lightest, y, &mut lighter, u8::max);
            grid.add_row::<N>(&darker, &lighter);
        }
        grid
    }

    fn empty(cell_px: usize, width: usize, height: usize) -> Self {
        Self {
            cell_px,
            width,
            height,
            darkest: Vec::with_capacity(width * height),
            lightest: Vec::with_capacity(width * height),
        }
    }

    /// Adds a row of cells, each of `N` neighbours; what is beyond the last is left out.
    fn add_row<const N: usize>(&mut self, darker: &[u8], lighter: &[u8]) {
        let cells = darker.as_chunks::<N>().0.iter().take(self.width);
        let least = cells.map(|cell| cell.iter().copied().fold(u8::MAX, u8::min));
        self.darkest.extend(least);
        let cells = lighter.as_chunks::<N>().0.iter().take(self.width);
        let most = cells.map(|cell| cell.iter().copied().fold(0, u8::max));
        self.lightest.extend(most);
    }

    /// Row by row, which cells are busy, without what is narrow.
    pub(super) fn busy(&self) -> Vec<bool> {
        let mut busy: Vec<bool> = self
            .lightest
            .iter()
            .zip(&self.darkest)
            .map(|(lightest, darkest)| lightest.saturating_sub(*darkest) >= BUSY_LEVELS)
            .collect();
        for row in busy.chunks_exact_mut(self.width.max(1)) {
            for run in row.chunk_by_mut(|a, b| a == b) {
                if run.len() < WIDTH_MIN_CELLS {
                    run.fill(false);
                }
            }
        }
        busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_know_the_range_of_their_pixels_at_every_size() {
        let data: Vec<u8> = (0..12 * 12).map(|i| (i % 12) as u8 * 20).collect();
        let view = LumaView::new(&data, 12, 12, 12).unwrap();
        let fine = Grid::of(view);
        assert_eq!((fine.cell_px, fine.width, fine.height), (2, 6, 6));
        assert_eq!((fine.darkest[7], fine.lightest[7]), (40, 60));
        let coarse = fine.joined::<3>();
        assert_eq!((coarse.cell_px, coarse.width, coarse.height), (6, 2, 2));
        assert_eq!(coarse.darkest, [0, 120, 0, 120]);
        assert_eq!(coarse.lightest, [100, 220, 100, 220]);
        let odd = LumaView::new(&data, 11, 5, 12).unwrap();
        let odd = Grid::of(odd).joined::<2>();
        assert_eq!((odd.width, odd.height, odd.darkest.len()), (2, 1, 2));
    }

    #[test]
    fn poles_are_not_busy_and_what_is_wider_is() {
        let grid = |busy: fn(usize) -> bool| Grid {
            cell_px: 4,
            width: 10,
            height: 2,
            darkest: vec![0; 20],
            lightest: (0..20).map(|i| if busy(i % 10) { 90 } else { 9 }).collect(),
        };
        assert!(grid(|x| (2..4).contains(&x)).busy().iter().all(|v| !v));
        let wide = grid(|x| (2..5).contains(&x)).busy();
        assert!((0..20).all(|i| wide[i] == (2..5).contains(&(i % 10))));
    }
}
