//! Where the 8×8 grid of JPEG lies, over the whole picture and part by part.
//!
//! JPEG rounds most coefficients of its blocks to zero. Of all 64 ways to lay a
//! grid through a pixel, the one along which the picture was compressed
//! therefore has the block with the most zeros, and the pixel votes for it
//! (Nikoukhah, Anger, Colom, Morel, Grompone von Gioi, "ZERO: a Local JPEG Grid
//! Origin Detector Based on the Number of DCT Zeros", IPOL 11, 2021). A part that
//! came out of another JPEG keeps its old grid, which agrees with the picture's
//! in one of 64 cases only. Whether so many votes for a foreign grid can be
//! chance is said a contrario, by the number of false alarms (NFA) that are to
//! be expected in a picture of this size.
//!
//! The paper lets every pixel vote and counts 64 votes as one, for neighbours
//! share their blocks. Here only one pixel of 8×8 is asked, and at first fewer:
//! the votes that count are the same, and most of the work falls away. Where the
//! first look finds more agreement than chance gives, the second looks closer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pixels::{Pixels, upright_region};
use super::wide::wide;
use crate::measurements::Region;

mod lattice;
mod place;
mod regions;

use lattice::{Area, Grid, Lattice};
use regions::{Ballot, Patch};

/// Side of a JPEG block.
const BLOCK_PX: usize = 8;
/// Places that the first look asks at most. Measured: 3 µs each.
const PLACES_MAX: usize = 8_000;
/// Places that all second looks together ask at most.
const CLOSER_PLACES_MAX: usize = 4_000;
/// A patch of the first look with no more false alarms than 10 to this is
/// looked at again.
const CLOSER_LOG10_NFA_MAX: f64 = 8.0;
/// With every so many of the table's mean step the limit of a zero grows by its
/// own size.
const STEP_PER_ZERO: f32 = 4.0;
/// How often its own size it is at most: what is coarser leaves nothing of a
/// foreign grid and tells ours from others less well.
const ZERO_MOST: f32 = 5.0;
/// Foreign patches that are kept.
const FOREIGN_MAX: usize = 16;

/// What the votes say of the grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JpegGrid {
    /// Places of the first look.
    pub places_count: u32,
    /// Those that voted for some grid; the others are flat, or two grids are
    /// alike there.
    pub voted_count: u32,
    /// The grid of the picture: the one with most votes, if that is no chance.
    pub main: Option<GridVotes>,
    /// Parts that vote for another grid more than chance allows, least likely
    /// first, at most 16. Without a main grid, all parts that have one.
    pub foreign: Vec<ForeignGrid>,
}

/// One grid and the votes for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GridVotes {
    /// Where its blocks start, from the left of the coded picture, 0 to 7.
    pub x_px: u8,
    /// Where its blocks start, from above.
    pub y_px: u8,
    /// Places that voted for it.
    pub votes_count: u32,
    /// Places that were asked.
    pub places_count: u32,
    /// Decimal logarithm of the false alarms to be expected in a picture of
    /// this size: below 0 less than one.
    pub log10_nfa: f64,
}

/// A part of the picture with a grid of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ForeignGrid {
    /// Its grid; the places are those of the smallest square around the part.
    pub grid: GridVotes,
    /// Where it lies in the upright picture.
    pub region: Region,
    /// Its width in coded pixels.
    pub width_px: u32,
    /// Its height in coded pixels.
    pub height_px: u32,
}

/// Looks for grids in a picture at its own resolution, as coded; `orientation`
/// is EXIF's, `steps` the luma table of a JPEG, row by row, or nothing. `None` if
/// it is smaller than one place.
pub fn measure(pixels: &Pixels, orientation: u16, steps: &[u16]) -> Option<JpegGrid> {
    let whole = Area::whole(pixels)?;
    let scale = scale(steps);
    let blocks = whole.width_px.div_ceil(BLOCK_PX) * whole.height_px.div_ceil(BLOCK_PX);
    let spacing_px = BLOCK_PX * side_of(blocks.div_ceil(PLACES_MAX));
    let tests_log10 = regions::tests_log10(pixels.width_px(), pixels.height_px());
    let lattice = wide!(Lattice::vote(pixels, scale, whole, spacing_px));
    let main = regions::main_grid(&lattice, tests_log10);
    let mut found = JpegGrid {
        places_count: lattice.places() as u32,
        voted_count: lattice.voted() as u32,
        main: main.map(|patch| patch.votes()),
        foreign: Vec::new(),
    };
    // A JPEG has the grid that starts in the corner, whether it can be seen or not.
    let at_corner = (!steps.is_empty()).then_some(0);
    let own: Vec<Grid> = main
        .map(|patch| patch.grid)
        .into_iter()
        .chain(at_corner)
        .collect();
    let mut room = CLOSER_PLACES_MAX;
    let mut certain: Vec<Patch> = Vec::new();
    for ballot in [Ballot::Any(own), Ballot::others(&lattice)] {
        for patch in regions::patches(&lattice, &ballot, tests_log10, CLOSER_LOG10_NFA_MAX) {
            let area = patch.area.grown(spacing_px, whole);
            let places = area.places(BLOCK_PX);
            if certain.iter().any(|known| known.holds(&patch)) {
                continue;
            }
            if spacing_px == BLOCK_PX || places > room {
                // As near as can be, or too large to be looked at again.
                certain.extend((patch.log10_nfa < 0.0).then_some(patch));
                continue;
            }
            room -= places;
            let closer = wide!(Lattice::vote(pixels, scale, area, BLOCK_PX));
            certain.extend(regions::patches(&closer, &ballot, tests_log10, 0.0));
        }
    }
    certain.sort_by(|a, b| a.log10_nfa.total_cmp(&b.log10_nfa));
    let mut kept: Vec<Patch> = Vec::new();
    for patch in certain {
        if kept.len() < FOREIGN_MAX && !kept.iter().any(|known| known.holds(&patch)) {
            kept.push(patch);
        }
    }
    let size = (pixels.width_px(), pixels.height_px());
    found.foreign = kept
        .iter()
        .map(|patch| ForeignGrid {
            grid: patch.votes(),
            region: upright_region(patch.area.region(size), orientation),
            width_px: patch.area.width_px as u32,
            height_px: patch.area.height_px as u32,
        })
        .collect();
    Some(found)
}

/// How luma is scaled so that what was a zero once still counts as one: the last
/// quantisation moves the coefficients along any other grid by a part of its
/// steps. Measured on parts from JPEGs of quality 70 to 90: twice the limit of
/// the paper finds 37 of 69 after saving at quality 95, the paper's own 3; from four
/// times on fewer again.
fn scale(steps: &[u16]) -> f32 {
    let sum: u32 = steps.iter().map(|step| u32::from(*step)).sum();
    let mean = sum as f32 / steps.len().max(1) as f32;
    1.0 / (1.0 + mean / STEP_PER_ZERO).min(ZERO_MOST)
}

/// The smallest whole number whose square is not below `area`, at least 1.
fn side_of(area: usize) -> usize {
    let root = area.isqrt();
    if root * root < area {
        root + 1
    } else {
        root.max(1)
    }
}

#[cfg(test)]
mod tests;
