//! Instants at which the waveform breaks off.
//!
//! Where two pieces of sound are put together, the waveform jumps from one value
//! to another. Room sound falls off steeply towards high frequencies, so such a
//! step shows in them for some milliseconds and adds nothing to the loudness:
//! whatever sounds itself (a knock, a consonant, a switch) is louder than what
//! surrounds it, and rings on. The fourth difference of the samples weighs
//! frequencies by their fourth power, so that its level is the roughness of the
//! waveform; it is held against the roughest place of the tenth of a second on
//! either side. The idea of the residual that stands out is that of restoring
//! clicks in old recordings (Godsill and Rayner, Digital Audio Restoration, 1998,
//! ch. 5); that the loudness must not rise is ours, measured on cuts made in
//! recordings of phones and cameras.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Length of the blocks in which power is told: a step is over within one.
const BLOCK_S: f64 = 0.0025;
/// Blocks on either side that belong to the step: a lossy codec smears it.
const OWN_BLOCKS: usize = 3;
/// Blocks on either side that it is held against.
const AROUND_BLOCKS: usize = 40;
/// From one side's outermost block to the step.
const REACH: usize = OWN_BLOCKS + AROUND_BLOCKS;
/// Blocks over which what comes after the step is averaged, at once and at the
/// end of what it is held against.
const RING_BLOCKS: usize = 8;
const LATER_BLOCKS: usize = 20;
/// A block within so many decibels of the roughest belongs to the same peak.
const PEAK_DB: f64 = 10.0;
/// Less roughness above the surroundings is not listed.
const LISTED_DB: f64 = 6.0;
/// A rise of the loudness by more is a sound.
const LISTED_LOUDNESS_DB: f64 = 3.0;
/// Wider peaks are not listed.
const LISTED_BLOCKS: u32 = 4;
/// Encoders and recorders start and end with clicks: this much at either end is
/// not looked at.
const END_S: f64 = 0.3;
/// Power of rounding at 24 bits and less.
const POWER_FLOOR: f64 = 1e-13;
/// Breaks held; beyond it the clearer half stays.
const HELD_MAX: usize = 1000;
/// Breaks listed.
const LISTED_MAX: usize = 100;

/// One instant at which the waveform breaks off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WaveformBreak {
    /// When, in seconds from the recording's first picture, to 0.0025 s.
    pub at_s: f64,
    /// How much rougher the waveform is than anywhere within 0.1 s on either
    /// side.
    pub roughness_db: f32,
    /// How much louder it is than anywhere there; a step as such is not.
    pub loudness_db: f32,
    /// How long it is about as rough, in thousandths of a second.
    pub width_ms: f32,
    /// How much rougher it is just after than a little later: what rings on.
    pub ringing_db: f32,
}

/// Follows the waveform of one track.
#[derive(Debug, Default)]
pub(super) struct Waveform {
    rate_hz: u32,
    block_samples: u32,
    clock_s: f64,
    /// The last values of the differences of order 0 to 3.
    last: [f64; 4],
    rough: f64,
    power: f64,
    count: u32,
    seen: usize,
    /// The latest blocks: end, roughness and loudness.
    blocks: VecDeque<(f64, f64, f64)>,
    breaks: Vec<WaveformBreak>,
}

impl Waveform {
    /// The next samples start at `start_s` and come so many a second.
    pub(super) fn start(&mut self, start_s: f64, rate_hz: u32) {
        if rate_hz != self.rate_hz {
            let breaks = std::mem::take(&mut self.breaks);
            *self = Self {
                rate_hz,
                block_samples: ((f64::from(rate_hz) * BLOCK_S) as u32).max(1),
                breaks,
                ..Self::default()
            };
        }
        self.clock_s = start_s;
    }

    /// One sample, the mean of all channels.
    pub(super) fn sample(&mut self, value: f64) {
        let mut difference = value;
        for last in &mut self.last {
            let before = std::mem::replace(last, difference);
            difference -= before;
        }
        self.rough += difference * difference;
        self.power += value * value;
        self.count += 1;
        self.clock_s += 1.0 / f64::from(self.rate_hz.max(1));
        if self.count >= self.block_samples {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let count = f64::from(self.count.max(1));
        let db = |sum: f64| 10.0 * (sum / count + POWER_FLOOR).log10();
        self.blocks
            .push_back((self.clock_s, db(self.rough), db(self.power)));
        (self.rough, self.power, self.count) = (0.0, 0.0, 0);
        self.seen += 1;
        if self.blocks.len() > 2 * REACH + 1 {
            self.blocks.pop_front();
        }
        let middle = self.seen as f64 - REACH as f64;
        if self.blocks.len() == 2 * REACH + 1 && middle * BLOCK_S >= END_S {
            self.breaks.extend(seen_in(self.blocks.make_contiguous()));
            if self.breaks.len() > HELD_MAX {
                self.keep_clearest(HELD_MAX / 2);
            }
        }
    }

    fn keep_clearest(&mut self, count: usize) {
        self.breaks
            .sort_by(|a, b| b.roughness_db.total_cmp(&a.roughness_db));
        self.breaks.truncate(count);
        self.breaks.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    }

    /// The clearest, in order.
    pub(super) fn finish(mut self) -> Vec<WaveformBreak> {
        let end_s = self.clock_s;
        self.breaks.retain(|found| found.at_s <= end_s - END_S);
        self.keep_clearest(LISTED_MAX);
        self.breaks
    }
}

/// The break in the middle of these blocks, if there is one.
fn seen_in(blocks: &[(f64, f64, f64)]) -> Option<WaveformBreak> {
    let (before, rest) = blocks.split_at_checked(AROUND_BLOCKS)?;
    let (own, after) = rest.split_at_checked(2 * OWN_BLOCKS + 1)?;
    let (end_s, roughness_db, _) = *own.get(OWN_BLOCKS)?;
    if own.iter().any(|(_, rough, _)| *rough > roughness_db) {
        return None;
    }
    let around = || before.iter().chain(after);
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    let above_db = roughness_db - most(&mut around().map(|b| b.1));
    if above_db < LISTED_DB {
        return None;
    }
    let at_peak = own.get(OWN_BLOCKS - 1..=OWN_BLOCKS + 1)?;
    let loudness_db = most(&mut at_peak.iter().map(|b| b.2)) - most(&mut around().map(|b| b.2));
    let width = own.iter().filter(|b| b.1 > roughness_db - PEAK_DB).count() as u32;
    if loudness_db > LISTED_LOUDNESS_DB || width > LISTED_BLOCKS {
        return None;
    }
    let mean =
        |part: &[(f64, f64, f64)]| part.iter().map(|b| b.1).sum::<f64>() / part.len().max(1) as f64;
    let ring = mean(after.get(..RING_BLOCKS)?);
    let later = mean(after.get(AROUND_BLOCKS - LATER_BLOCKS..)?);
    Some(WaveformBreak {
        at_s: end_s - BLOCK_S / 2.0,
        roughness_db: tenth(above_db),
        loudness_db: tenth(loudness_db),
        width_ms: (f64::from(width) * BLOCK_S * 1000.0) as f32,
        ringing_db: tenth(ring - later),
    })
}

fn tenth(value: f64) -> f32 {
    ((value * 10.0).round() / 10.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 48_000;

    /// Sound as rooms have it: noise of which little is left at high frequencies.
    fn room(seconds: f64, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let (mut first, mut second) = (0.0, 0.0);
        (0..(seconds * f64::from(RATE_HZ)) as usize)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let white = (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0;
                first += 0.02 * (white - first);
                second += 0.02 * (first - second);
                second + 1e-6 * white
            })
            .collect()
    }

    fn breaks(samples: &[f64]) -> Vec<WaveformBreak> {
        let mut waveform = Waveform::default();
        for (n, block) in samples.chunks(1024).enumerate() {
            waveform.start(n as f64 * 1024.0 / f64::from(RATE_HZ), RATE_HZ);
            block.iter().for_each(|s| waveform.sample(*s));
        }
        waveform.finish()
    }

    #[test]
    fn a_piece_left_out_breaks_the_waveform_where_it_was() {
        let mut samples = room(4.0, 7);
        assert_eq!(breaks(&samples), []);
        // Where both sides happen to be equal there is nothing to see.
        let from =
            (RATE_HZ as usize * 2..).find(|n| (samples[*n] - samples[*n + 48_000]).abs() > 0.005);
        let from = from.unwrap();
        samples.drain(from..from + 48_000);
        let found = breaks(&samples);
        assert_eq!(found.len(), 1, "{found:?}");
        let truth_s = from as f64 / f64::from(RATE_HZ);
        assert!((found[0].at_s - truth_s).abs() < 0.004, "{found:?}");
        assert!(
            found[0].roughness_db > 10.0 && found[0].loudness_db < 1.0,
            "{found:?}"
        );
        assert!(
            found[0].width_ms <= 5.0 && found[0].ringing_db.abs() < 3.0,
            "{found:?}"
        );
    }

    #[test]
    fn what_sounds_itself_is_no_break() {
        let mut knock = room(4.0, 7);
        for n in 0..9600 {
            let s = n as f64 / f64::from(RATE_HZ);
            knock[96_000 + n] += 0.2 * (-s * 60.0).exp() * (s * 9000.0).sin();
        }
        // It may begin roughly, but it is loud.
        let found = breaks(&knock);
        assert!(found.iter().all(|b| b.loudness_db > 1.0), "{found:?}");
    }

    #[test]
    fn the_ends_are_not_looked_at() {
        let mut samples = room(2.0, 7);
        let last = samples.len() - 10_000;
        for sample in samples.iter_mut().take(last).skip(10_000) {
            *sample += 0.05;
        }
        assert_eq!(breaks(&samples), []);
    }

    #[test]
    fn neither_silence_nor_a_short_sound_breaks() {
        assert_eq!(breaks(&[0.0; 100_000]), []);
        assert_eq!(breaks(&room(0.1, 3)), []);
        assert_eq!(breaks(&[]), []);
    }
}
