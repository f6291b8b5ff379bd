//! Sharpness and block edges of pictures sampled over time, a few numbers each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::blocks::{self, BlockEdges};
use super::detached::{self, DetachedBlocks};
use crate::measure::sharpness::{self, Detail};
use crate::media::LumaView;

/// Time from sample to sample at first.
const STEP_S: f64 = 1.0;
/// Samples kept: 20 minutes at one a second. Beyond it every second one goes
/// and the step doubles.
const SAMPLES_MAX: usize = 1200;
/// The share of the tiles with detail whose sharpness stands for the picture:
/// a subject in focus before a soft ground (research/forensics.md 2a).
const SUBJECT_SHARE: f32 = 0.15;

/// Sharpness of one picture of a recording at the decision scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Clarity {
    /// When, in seconds from the first picture.
    pub at_s: f64,
    /// Tiles with enough edges to measure, of at most 48.
    pub textured_tiles: u32,
    /// Tiles with shapes and not one clear edge.
    pub vague_tiles: u32,
    /// Width of edges that the sharpest 15 % of the tiles with detail keep
    /// within, in pixels of the decision scale; `null` if too few tiles have
    /// clear edges.
    pub edge_width_px: Option<f32>,
    /// The same of the perceptual blur, 0.0 sharp to 1.0.
    pub blur_ratio: Option<f32>,
    /// Edges of coding blocks, at native size; `null` in very small pictures,
    /// and in measurements before version 2.
    pub block_edges: Option<BlockEdges>,
    /// The largest group of macroblocks that have come loose from the picture
    /// around them, at native size; `null` if there is none, and in measurements
    /// before version 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detached_blocks: Option<DetachedBlocks>,
}

impl Clarity {
    fn of(luma: LumaView<'_>, at_s: f64) -> Self {
        let found = sharpness::measure(luma);
        let count = |wanted| found.detail.iter().filter(|d| **d == wanted).count() as u32;
        Self {
            at_s,
            textured_tiles: count(Detail::Textured),
            vague_tiles: count(Detail::Vague),
            edge_width_px: found.width_of_sharpest_px(SUBJECT_SHARE),
            blur_ratio: found.blur_of_sharpest(SUBJECT_SHARE),
            block_edges: blocks::measure(luma),
            detached_blocks: detached::measure(luma),
        }
    }
}

/// Takes a sample now and then, over a recording of any length.
#[derive(Debug)]
pub(super) struct Sampler {
    step_s: f64,
    next_s: f64,
    samples: Vec<Clarity>,
}

impl Default for Sampler {
    fn default() -> Self {
        Self {
            step_s: STEP_S,
            next_s: 0.0,
            samples: Vec::new(),
        }
    }
}

impl Sampler {
    /// Measures the picture if a sample is due.
    pub(super) fn offer(&mut self, luma: LumaView<'_>, at_s: f64) {
        // A time before the last sample leaves the order; it is passed over.
        if !at_s.is_finite() || at_s < self.next_s {
            return;
        }
        self.keep(Clarity::of(luma, at_s));
    }

    fn keep(&mut self, sample: Clarity) {
        if self.samples.len() >= SAMPLES_MAX {
            let mut place = 0;
            self.samples.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.step_s *= 2.0;
        }
        self.next_s = sample.at_s + self.step_s;
        self.samples.push(sample);
    }

    pub(super) fn finish(self) -> Vec<Clarity> {
        self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::{blur, defocus, stones};

    #[test]
    fn samples_are_a_second_apart_and_tell_sharp_from_soft() {
        let sharp = stones(320, 240);
        let soft = blur(&sharp, &defocus(6.0));
        let mut sampler = Sampler::default();
        for n in 0..100 {
            let picture = if n < 50 { &sharp } else { &soft };
            sampler.offer(picture.view().unwrap(), f64::from(n) * 0.04);
        }
        let samples = sampler.finish();
        let times: Vec<f64> = samples.iter().map(|s| s.at_s).collect();
        assert_eq!(times, [0.0, 1.0, 2.0, 3.0]);
        assert!(samples[0].textured_tiles >= 40, "{samples:?}");
        assert!(samples[0].edge_width_px.unwrap() < 3.0, "{samples:?}");
        assert!(samples[0].blur_ratio.unwrap() < samples[3].blur_ratio.unwrap());
        assert!(
            samples[3].edge_width_px.is_none_or(|w| w > 5.0),
            "{samples:?}"
        );
    }

    #[test]
    fn a_long_recording_is_sampled_less_often() {
        let mut sampler = Sampler::default();
        for n in 0..10_000 {
            if f64::from(n) >= sampler.next_s {
                sampler.keep(Clarity {
                    at_s: f64::from(n),
                    ..Clarity::default()
                });
            }
        }
        let samples = sampler.finish();
        assert!(samples.len() <= SAMPLES_MAX && samples.len() > SAMPLES_MAX / 2);
        assert!(samples.is_sorted_by(|a, b| a.at_s < b.at_s));
        assert!(samples.last().unwrap().at_s > 9980.0);
    }
}
