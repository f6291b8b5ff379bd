//! Whether a JPEG was compressed once before, along the same grid.
//!
//! Quantising twice with different steps leaves some values of a coefficient
//! empty and others doubly full, with a period (Lukáš and Fridrich 2003, Popescu
//! and Farid 2004, Mahdian and Saic 2009). What the values would be after one
//! quantisation is seen in the same picture half a block further, where no grid
//! runs through the middle (Fridrich, Goljan and Du 2001); from it the values after a
//! first step of 2, 3, 4 … and the present one are foretold, and the foretelling
//! that fits the picture best is taken.
//!
//! The coefficients are taken from the decoded picture: rounding to pixels moves
//! them by a third of a unit, so that all but the finest steps are found again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::jpeg_tables::{ijg_luma_step, zigzag};
use super::pixels::Pixels;
use super::wide::wide;

mod history;
mod sample;

use history::{Fit, Values, fit};

/// Coefficients that are looked at: the first of the zigzag after the mean, which
/// are often other than zero.
const COEFFICIENTS: std::ops::RangeInclusive<usize> = 1..=9;
/// Largest first step that is thought of: quality 50 has 10 to 16 there.
const STEP_MAX: u16 = 40;
/// Values other than zero that a coefficient must have to be judged. Named guess:
/// below it, chance makes gaps of its own.
const VALUES_MIN: u32 = 300;
/// Coefficients that must be judged for a score.
const JUDGED_MIN: usize = 3;

/// What is known of a compression before the last one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FirstSave {
    /// Blocks that were looked at.
    pub blocks_count: u32,
    /// The coefficients that could be judged, in zigzag order.
    pub coefficients: Vec<FirstStep>,
    /// How much better two quantisations foretell the picture than one: mean
    /// over the coefficients of the bits saved a value. About 0 for a picture that was
    /// compressed once.
    pub gain_bits: Option<f32>,
    /// Quality 1 to 100 of the Independent JPEG Group's tables that foretells
    /// the picture best as first one.
    pub ijg_quality: Option<u8>,
    /// The gain with the steps of that quality.
    pub ijg_gain_bits: Option<f32>,
}

/// One coefficient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FirstStep {
    /// Its place in the zigzag, 1 to 63.
    pub index: u8,
    /// The step that the file states.
    pub step: u16,
    /// The first step that fits best.
    pub first_step: u16,
    /// What it gains over a single quantisation, in bits a value.
    pub gain_bits: f32,
}

/// Looks at the luma of a decoded JPEG; `steps` are those of its table, row by
/// row. `None` if too little of it varies.
pub fn measure(pixels: &Pixels, steps: &[u16]) -> Option<FirstSave> {
    let samples = wide!(sample::take(pixels, COEFFICIENTS.map(zigzag).collect()));
    let mut found = FirstSave {
        blocks_count: samples.blocks_count,
        ..FirstSave::default()
    };
    let mut fits: Vec<(usize, Fit)> = Vec::new();
    for (index, values) in COEFFICIENTS.zip(&samples.coefficients) {
        let Some(step) = steps.get(zigzag(index)).copied().filter(|step| *step > 0) else {
            continue;
        };
        let values = Values::of(&values.aligned, &values.between, step);
        if values.count() < VALUES_MIN {
            continue;
        }
        let Some(fit) = fit(&values, step, STEP_MAX) else {
            continue;
        };
        found.coefficients.push(FirstStep {
            index: index as u8,
            step,
            first_step: fit.best_step(),
            gain_bits: fit.gain_bits(fit.best_step()),
        });
        fits.push((zigzag(index), fit));
    }
    if fits.len() < JUDGED_MIN {
        return (samples.blocks_count > 0).then_some(found);
    }
    let count = fits.len() as f32;
    found.gain_bits = Some(found.coefficients.iter().map(|c| c.gain_bits).sum::<f32>() / count);
    let joint = |quality: u8| {
        let gain = |(at, fit): &(usize, Fit)| fit.gain_bits(ijg_luma_step(*at, quality));
        fits.iter().map(gain).sum::<f32>() / count
    };
    let best = (30..=100_u8)
        .map(|q| (joint(q), q))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    // A gain of nothing speaks for no quality.
    let best = best.filter(|(gain, _)| *gain > 0.0);
    found.ijg_quality = best.map(|(_, quality)| quality);
    found.ijg_gain_bits = best.map(|(gain, _)| gain);
    Some(found)
}

#[cfg(test)]
mod tests;
