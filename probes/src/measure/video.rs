//! The main moving picture track: every decoded picture is looked at, sums and
//! runs are kept, pictures are not.

mod blocks;
mod clarity;
mod detached;
mod dissolves;
mod plane_stats;
mod recent;
mod repeats;
mod runs;
mod shots;
mod stillness;
mod surprise;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::series::Series;
use crate::measurements::Span;
use crate::media::Picture;
use crate::time_series::PictureRow;

pub use blocks::BlockEdges;
pub use clarity::Clarity;
pub use detached::DetachedBlocks;
pub use dissolves::Dissolve;
pub use repeats::Repeats;
pub use shots::{Moment, Resumed};
pub use stillness::Frozen;

use clarity::Sampler;
use plane_stats::{Planes, Reduced};
use repeats::{Cadence, RepeatCounter};
use runs::{Run, longest_spans};
use shots::Shots;
use stillness::Stillness;

/// Dark and featureless runs shorter than this are not listed.
const RUN_MIN_S: f64 = 0.2;
/// A picture is dark if nine tenths of it are below this, on the scale with
/// black at 16 (research/forensics.md 2b).
const DARK_P90: f64 = 24.0;
/// A picture is featureless if its brightness varies by less than this
/// standard deviation (research/forensics.md 2b).
const FEATURELESS_DEVIATION: f64 = 4.0;
/// Size changes that are listed.
const SIZES_MAX: usize = 50;

/// The main moving picture track. Times are seconds from its first picture;
/// brightness is on the scale with black at 16 and white at 235.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Video {
    /// Index of the track.
    pub track: u32,
    /// Decoded pictures.
    pub pictures: u64,
    /// From the first picture to the end of the last.
    pub duration_s: f64,
    /// Mean brightness by second.
    pub luma_mean: Series,
    /// Brightness of the lightest tenth, by second.
    pub luma_p90: Series,
    /// Mean difference of each picture from the one before in grey levels, at
    /// full size, by second.
    pub difference_mean: Series,
    /// Sharpness and block edges of sampled pictures in order of time, about one
    /// a second and at most 1200.
    pub clarity: Vec<Clarity>,
    /// Stretches of dark pictures (nine tenths below 24) of at least 0.2 s,
    /// the longest 100.
    pub dark_spans: Vec<Span>,
    /// Stretches of featureless pictures (standard deviation below 4 grey
    /// levels) that are not dark, of at least 0.2 s, the longest 100.
    pub featureless_spans: Vec<Span>,
    /// Stretches in which the picture stands still, of at least 0.4 s (0.5 s
    /// before version 2), the longest 100, in order of time.
    pub frozen: Vec<Frozen>,
    /// Pictures equal to the one before, outside `frozen`.
    pub repeated_pictures: u64,
    /// If four fifths of the repeated pictures come at one even distance: that
    /// distance in pictures. A conversion of the frame rate does so.
    pub repeat_cadence_pictures: Option<u32>,
    /// Pictures that all but equal the one before while others move; `null` in
    /// measurements before version 2.
    pub repeats: Option<Repeats>,
    /// Moments at which the picture does not follow from the one before and that
    /// stand out against their neighbours, the 200 that do so most, in order of time.
    pub moments: Vec<Moment>,
    /// Stretches after which the view from before them came back, at most 50.
    pub resumed: Vec<Resumed>,
    /// One view that fades into another, at most 50, in order of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dissolves: Vec<Dissolve>,
    /// Of pictures coded without reference to others: the median share of their
    /// blocks that are not found in the picture before. An encoder at a low bit
    /// rate changes much when it starts anew. `null` if there are fewer than four.
    pub key_unforetold: Option<f32>,
    /// The decoded sizes in order, at most 50; more than one means that the
    /// size changed.
    pub sizes: Vec<SizeFrom>,
}

/// The picture size from an instant on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SizeFrom {
    /// The first picture of this size.
    pub at_s: f64,
    /// Width.
    pub width_px: u32,
    /// Height.
    pub height_px: u32,
}

/// Why a picture is worth a still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notable {
    /// The picture stands still long enough to be told.
    Frozen,
    /// The first dark picture after lighter ones.
    Dark,
}

/// Watches the decoded pictures of one track.
#[derive(Debug)]
pub struct VideoInstrument {
    v: Video,
    step_s: f64,
    last_s: Option<f64>,
    planes: Planes,
    sampler: Sampler,
    still: Stillness,
    cadence: Cadence,
    repeats: RepeatCounter,
    dark: Run,
    featureless: Run,
    shots: Shots,
    latest: PictureRow,
}

impl VideoInstrument {
    /// For the track with this index and an expected time from picture to
    /// picture of `step_s`, which stands in where pictures have no time.
    pub fn new(track: u32, step_s: f64) -> Self {
        Self {
            v: Video {
                track,
                ..Video::default()
            },
            step_s,
            last_s: None,
            planes: Planes::default(),
            sampler: Sampler::default(),
            still: Stillness::default(),
            cadence: Cadence::default(),
            repeats: RepeatCounter::default(),
            dark: Run::default(),
            featureless: Run::default(),
            shots: Shots::default(),
            latest: PictureRow::default(),
        }
    }

    /// What was seen of the last picture.
    pub fn latest(&self) -> PictureRow {
        self.latest
    }

    /// Looks at the next picture, shown `at_s` seconds from the first. Says
    /// when that is, if it was not known, and what is notable.
    pub fn picture(&mut self, picture: &Picture<'_>, at_s: Option<f64>) -> (f64, Option<Notable>) {
        let at_s = match (at_s, self.last_s) {
            (Some(at_s), _) => at_s,
            (None, Some(last_s)) => last_s + self.step_s,
            (None, None) => 0.0,
        };
        let luma = picture.luma;
        self.size(luma.width_px, luma.height_px, at_s);
        self.sampler.offer(luma, at_s);
        let look = self.planes.look(luma);
        self.shots
            .see(look.reduced, look.reduced_width_px, at_s, picture.key);
        let stats = Reduced::of(look.reduced, picture.full_range);
        self.v.luma_mean.add(at_s, stats.mean);
        self.v.luma_p90.add(at_s, stats.p90);

        let is_dark = stats.p90 < DARK_P90;
        let got_dark = self.dark.see(at_s, is_dark);
        self.featureless
            .see(at_s, !is_dark && stats.deviation < FEATURELESS_DEVIATION);

        self.latest = PictureRow {
            brightness_levels: Some(stats.mean),
            difference_levels: look.difference,
            unforetold_ratio: self.shots.latest_unforetold().map(f64::from),
        };
        let mut froze = false;
        if let Some(difference) = look.difference {
            self.v.difference_mean.add(at_s, difference);
            let before_s = self.last_s.unwrap_or(at_s);
            self.cadence
                .see(self.v.pictures, u64::from(difference == 0.0));
            self.repeats.see(at_s, difference, picture.key);
            froze = self.still.see(before_s, at_s, difference, picture.key);
        } else {
            self.still.interrupt(at_s);
        }
        self.v.pictures += 1;
        self.last_s = Some(at_s);
        let notable = if got_dark {
            Some(Notable::Dark)
        } else {
            (froze && !is_dark).then_some(Notable::Frozen)
        };
        (at_s, notable)
    }

    fn size(&mut self, width_px: u32, height_px: u32, at_s: f64) {
        let same = self
            .v
            .sizes
            .last()
            .is_some_and(|s| (s.width_px, s.height_px) == (width_px, height_px));
        if !same && self.v.sizes.len() < SIZES_MAX {
            self.v.sizes.push(SizeFrom {
                at_s,
                width_px,
                height_px,
            });
        }
    }

    /// The facts. `step_s` is the median step of the track's packets.
    pub fn finish(self, step_s: Option<f64>) -> Video {
        let mut v = self.v;
        let end_s = self
            .last_s
            .map_or(0.0, |s| s + step_s.unwrap_or(self.step_s));
        v.duration_s = end_s;
        v.clarity = self.sampler.finish();
        v.luma_mean = v.luma_mean.finish();
        v.luma_p90 = v.luma_p90.finish();
        v.difference_mean = v.difference_mean.finish();
        v.dark_spans = longest_spans(self.dark.finish(end_s), RUN_MIN_S);
        v.featureless_spans = longest_spans(self.featureless.finish(end_s), RUN_MIN_S);
        let (frozen, repeated) = self.still.finish(end_s);
        v.frozen = frozen;
        v.repeated_pictures = repeated;
        v.repeat_cadence_pictures = self.cadence.distance();
        v.repeats = Some(self.repeats.finish());
        let shots = self.shots.finish();
        v.moments = shots.moments;
        v.resumed = shots.resumed;
        v.dissolves = shots.dissolves;
        v.key_unforetold = shots.key_unforetold;
        v
    }
}

#[cfg(test)]
mod tests;
