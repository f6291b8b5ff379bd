//! Votes that agree more than chance gives.
//!
//! Without any grid each of the 64 grids gets a vote with the same probability,
//! and places eight pixels or more apart vote for themselves. Of `n` places `k`
//! or more then agree on one grid with the probability of the binomial tail,
//! and the number of false alarms is that times the tests that the whole
//! picture offers (IPOL 11, 2021, with the theory of Desolneux, Moisan and
//! Morel).

use std::collections::BTreeMap;

use super::lattice::{Area, Grid, Lattice};
use super::{BLOCK_PX, GridVotes};

/// Grids that there are.
const GRIDS: usize = BLOCK_PX * BLOCK_PX;
/// Grids that share neither columns nor rows with one of them.
const OTHER_GRIDS: usize = (BLOCK_PX - 1) * (BLOCK_PX - 1);
/// Places at most so many steps apart belong together: at the density of votes
/// that is needed for a meaning there is one within that reach.
const REACH_STEPS: usize = 2;

/// Places that agree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patch {
    pub(super) grid: Grid,
    pub(super) area: Area,
    pub(super) votes: usize,
    pub(super) places: usize,
    pub(super) log10_nfa: f64,
}

impl Patch {
    /// For the record.
    pub(super) fn votes(&self) -> GridVotes {
        GridVotes {
            x_px: self.grid % BLOCK_PX as u8,
            y_px: self.grid / BLOCK_PX as u8,
            votes_count: self.votes as u32,
            places_count: self.places as u32,
            log10_nfa: (self.log10_nfa * 10.0).round() / 10.0,
        }
    }

    /// True if the middle of the other lies in this one and both have one grid.
    pub(super) fn holds(&self, other: &Self) -> bool {
        let (x, y) = (
            other.area.x_px + other.area.width_px / 2,
            other.area.y_px + other.area.height_px / 2,
        );
        self.grid == other.grid
            && (self.area.x_px..=self.area.x_px + self.area.width_px).contains(&x)
            && (self.area.y_px..=self.area.y_px + self.area.height_px).contains(&y)
    }
}

/// Decimal logarithm of the tests in a picture: squares by corner, size and
/// grid, and as many grids to be foreign to.
pub(super) fn tests_log10(width_px: u32, height_px: u32) -> f64 {
    2.0 * (64.0_f64.log10()
        + f64::from(width_px.max(1)).log10()
        + f64::from(height_px.max(1)).log10())
}

/// Upper bound of the decimal logarithm of the probability that of `n` places
/// `k` or more vote for one grid by chance (Chernoff; Hoeffding 1963, theorem 1).
fn tail_log10(n: usize, k: usize, chance: f64) -> f64 {
    let share = k as f64 / (n.max(1)) as f64;
    if share <= chance {
        return 0.0;
    }
    let share = share.min(1.0);
    let rest = if share < 1.0 {
        (1.0 - share) * ((1.0 - share) / (1.0 - chance)).ln()
    } else {
        0.0
    };
    -(n as f64) * (share * (share / chance).ln() + rest) / std::f64::consts::LN_10
}

/// The grid of the picture, if its votes are no chance.
pub(super) fn main_grid(lattice: &Lattice, tests_log10: f64) -> Option<Patch> {
    let mut votes: BTreeMap<Grid, usize> = BTreeMap::new();
    for grid in lattice.votes.iter().flatten() {
        *votes.entry(*grid).or_default() += 1;
    }
    let (grid, votes) = votes.into_iter().max_by_key(|(_, count)| *count)?;
    let places = lattice.places();
    let log10_nfa = tests_log10 + tail_log10(places, votes, 1.0 / GRIDS as f64);
    (log10_nfa < 0.0).then_some(Patch {
        grid,
        area: lattice.area,
        votes,
        places,
        log10_nfa,
    })
}

/// The votes that are counted, and what chance gives each grid.
#[derive(Clone, Debug)]
pub(super) enum Ballot {
    /// The votes for any grid but these, the picture's own. All grids have the
    /// same chance.
    Any(Vec<Grid>),
    /// The votes for grids that share neither columns nor rows with the file's
    /// own. Some fall in with the scene and with the file's grid better than
    /// others, so that each has the chance that it has over the whole picture.
    Others(Box<[f64; GRIDS]>),
}

impl Ballot {
    /// The second one for a picture that voted so.
    pub(super) fn others(lattice: &Lattice) -> Self {
        let mut chances = [0.0; GRIDS];
        for grid in lattice.other_votes.iter().flatten() {
            if let Some(chance) = chances.get_mut(usize::from(*grid)) {
                *chance += 1.0 / lattice.places() as f64;
            }
        }
        let least = 1.0 / OTHER_GRIDS as f64;
        Self::Others(Box::new(chances.map(|chance| chance.max(least))))
    }

    fn votes<'a>(&self, lattice: &'a Lattice) -> &'a [Option<Grid>] {
        match self {
            Self::Any(_) => &lattice.votes,
            Self::Others(_) => &lattice.other_votes,
        }
    }

    /// `None` for a grid whose votes do not count.
    fn chance(&self, grid: Grid) -> Option<f64> {
        match self {
            Self::Any(own) => (!own.contains(&grid)).then_some(1.0 / GRIDS as f64),
            Self::Others(chances) => chances.get(usize::from(grid)).copied(),
        }
    }
}

/// Neighbouring places that agree on a grid, with at most 10 to `most` false
/// alarms, least likely first.
pub(super) fn patches(
    lattice: &Lattice,
    ballot: &Ballot,
    tests_log10: f64,
    most: f64,
) -> Vec<Patch> {
    let votes = ballot.votes(lattice);
    let columns = lattice.columns.max(1);
    let rows = lattice.places() / columns;
    let mut is_used = vec![false; lattice.places()];
    let mut found = Vec::new();
    let mut queue = Vec::new();
    for start in 0..lattice.places() {
        let Some(grid) = votes.get(start).copied().flatten() else {
            continue;
        };
        let Some(chance) = ballot.chance(grid) else {
            continue;
        };
        if is_used.get(start).is_none_or(|used| *used) {
            continue;
        }
        let mut reach = Reach::of(start, columns);
        let mut count = 0;
        queue.clear();
        queue.push(start);
        is_used[start] = true;
        while let Some(at) = queue.pop() {
            count += 1;
            let (column, row) = (at % columns, at / columns);
            reach = reach.with(column, row);
            let near = |at: usize, most: usize| {
                at.saturating_sub(REACH_STEPS)..(at + REACH_STEPS + 1).min(most)
            };
            for row in near(row, rows) {
                for column in near(column, columns) {
                    let next = row * columns + column;
                    if votes.get(next) == Some(&Some(grid)) && is_used.get(next) == Some(&false) {
                        is_used[next] = true;
                        queue.push(next);
                    }
                }
            }
        }
        // The square that holds them: a straight edge agrees with itself along
        // a line, a pasted part over an area.
        let places = reach.side() * reach.side();
        let log10_nfa = tests_log10 + tail_log10(places, count, chance);
        if log10_nfa <= most {
            found.push(Patch {
                grid,
                area: reach.area(lattice),
                votes: count,
                places,
                log10_nfa,
            });
        }
    }
    found.sort_by(|a, b| a.log10_nfa.total_cmp(&b.log10_nfa));
    found
}

/// Columns and rows from the first to the last.
#[derive(Clone, Copy)]
struct Reach {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

impl Reach {
    fn of(at: usize, columns: usize) -> Self {
        let (column, row) = (at % columns, at / columns);
        Self {
            left: column,
            right: column,
            top: row,
            bottom: row,
        }
    }

    fn with(self, column: usize, row: usize) -> Self {
        Self {
            left: self.left.min(column),
            right: self.right.max(column),
            top: self.top.min(row),
            bottom: self.bottom.max(row),
        }
    }

    fn side(self) -> usize {
        (self.right - self.left).max(self.bottom - self.top) + 1
    }

    /// The pixels that its places stand for.
    fn area(self, lattice: &Lattice) -> Area {
        let spacing_px = lattice.spacing_px;
        let extent = |first: usize, last: usize, most_px: usize| {
            let start_px = first * spacing_px;
            (start_px, most_px.min((last + 1) * spacing_px) - start_px)
        };
        let (x_px, width_px) = extent(self.left, self.right, lattice.area.width_px);
        let (y_px, height_px) = extent(self.top, self.bottom, lattice.area.height_px);
        Area {
            x_px: lattice.area.x_px + x_px,
            y_px: lattice.area.y_px + y_px,
            width_px,
            height_px,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_lies_above_the_exact_tail_and_near_it() {
        let chance: f64 = 1.0 / 64.0;
        let exact = |n: usize, k: usize| -> f64 {
            let choose = |j: usize| (1..=j).fold(1.0, |c, i| c * (n + 1 - i) as f64 / i as f64);
            let term =
                |j: usize| choose(j) * chance.powi(j as i32) * (1.0 - chance).powi((n - j) as i32);
            (k..=n).map(term).sum::<f64>().log10()
        };
        for (n, k) in [(16, 4), (16, 16), (100, 10), (100, 60), (400, 30)] {
            let (bound, exact) = (tail_log10(n, k, chance), exact(n, k));
            assert!(
                bound >= exact - 1e-9 && bound < exact + 2.0,
                "{n} {k}: {bound} {exact}"
            );
        }
        assert_eq!(
            (
                tail_log10(64, 1, chance),
                tail_log10(64, 0, chance),
                tail_log10(0, 0, chance)
            ),
            (0.0, 0.0, 0.0)
        );
    }

    fn lattice(columns: usize, rows: usize, f: impl Fn(usize, usize) -> Option<Grid>) -> Lattice {
        let places = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
        let votes: Vec<Option<Grid>> = places.map(|(x, y)| f(x, y)).collect();
        Lattice {
            area: Area {
                x_px: 7,
                y_px: 7,
                width_px: columns * 8,
                height_px: rows * 8,
            },
            spacing_px: 8,
            columns,
            other_votes: votes.clone(),
            votes,
        }
    }

    #[test]
    fn a_part_with_another_grid_is_found_where_it_is() {
        let inside = |x: usize, y: usize| (20..30).contains(&x) && (5..17).contains(&y);
        let tests = tests_log10(400, 320);
        let votes = lattice(50, 40, |x, y| Some(if inside(x, y) { 19 } else { 0 }));
        let main = main_grid(&votes, tests).unwrap();
        assert_eq!((main.grid, main.votes), (0, 2000 - 120));
        let found = patches(&votes, &Ballot::Any(vec![0]), tests, 0.0);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].grid, found[0].votes, found[0].places),
            (19, 120, 144)
        );
        let Area {
            x_px,
            y_px,
            width_px,
            height_px,
        } = found[0].area;
        assert_eq!((x_px, y_px, width_px, height_px), (7 + 160, 7 + 40, 80, 96));
        assert!(found[0].log10_nfa < -100.0);
    }

    #[test]
    fn votes_by_chance_and_along_a_line_mean_nothing() {
        let tests = tests_log10(1600, 1200);
        let chance = lattice(200, 150, |x, y| {
            Some((64.0 * crate::measure::recipe::scatter(x as i32, y as i32, 5)) as Grid)
        });
        assert!(main_grid(&chance, tests).is_none());
        assert!(patches(&chance, &Ballot::Any(Vec::new()), tests, 0.0).is_empty());
        let line = lattice(200, 150, |_, y| Some(if y == 70 { 5 } else { 0 }));
        assert!(patches(&line, &Ballot::Any(vec![0]), tests, 0.0).is_empty());
    }
}
