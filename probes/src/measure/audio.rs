//! The main sound track: loudness over time, silence, digital silence,
//! clipping, channels that fall silent, breaks of the waveform.

mod stretch;
mod waveform;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use stretch::Stretch;
use waveform::Waveform;

pub use waveform::WaveformBreak;

use crate::measure::series::Series;
use crate::measurements::Span;
use crate::media::Sound;

/// Levels below this are told as this: beneath it is nothing but rounding.
const FLOOR_DBFS: f64 = -120.0;
/// Window in which silence is told.
const WINDOW_S: f64 = 0.05;
/// A window is silent below this level: silencedetect's default of 0.001
/// (research/forensics.md 1.1).
const SILENT_DBFS: f64 = -60.0;
/// Silent stretches shorter than this are not listed.
const SILENT_MIN_S: f64 = 1.0;
/// Digital silence shorter than this is not listed: a packet lost at 48 kHz
/// is 0.02 s.
const ZERO_MIN_S: f64 = 0.02;
/// A sample at or beyond this is clipped: the largest value of 16 bits is
/// 0.99997, and lossy codecs overshoot.
const CLIPPED: f32 = 0.9999;
/// A second is clipped from this share of its samples on: ten times the 0.1 %
/// that research/forensics.md 2b calls clipping, since knocks reach that.
const CLIPPED_SECOND_SHARE: f64 = 0.01;
/// How far below the loudest channel a silent one must be.
const CHANNEL_APART_DB: f64 = 20.0;
/// Channels that are compared; recorders have two.
const CHANNELS_MAX: usize = 8;

/// The main sound track. Times are seconds from the recording's first picture,
/// or first sound if there is no picture; levels are relative to full scale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Audio {
    /// Index of the track.
    pub track: u32,
    /// Decoded samples of one channel.
    pub samples: u64,
    /// Samples a second.
    pub sample_rate_hz: u32,
    /// Channels that were looked at.
    pub channels: u32,
    /// Length of the decoded sound.
    pub duration_s: f64,
    /// Mean level of the whole; `null` without any sound.
    pub level_dbfs: Option<f64>,
    /// Highest sample.
    pub peak_dbfs: Option<f64>,
    /// Mean level of each channel.
    pub channel_level_dbfs: Vec<f64>,
    /// Mean level by second.
    pub level_by_second_dbfs: Series,
    /// Samples at full scale, 0.0 to 1.0 of all.
    pub clipped_share: f64,
    /// Stretches in which every sample of every channel is exactly zero, of at
    /// least 0.02 s, the longest 100.
    pub zero_spans: Vec<Span>,
    /// All such stretches together.
    pub zero_s: f64,
    /// Stretches below −60 dBFS of at least 1 s, the longest 100.
    pub silent_spans: Vec<Span>,
    /// All such stretches together.
    pub silent_s: f64,
    /// Seconds in which at least 1 % of the samples are at full scale, joined
    /// to stretches, the longest 100; `null` where they were not looked for.
    pub clipped_spans: Option<Vec<Span>>,
    /// Stretches of at least 1 s in which a channel is below −60 dBFS and 20 dB
    /// below the loudest, the longest 100 of each of the first 8 channels;
    /// `null` where they were not looked for.
    pub silent_channel_spans: Option<Vec<ChannelSpan>>,
    /// Instants at which the waveform breaks off without a sound of its own,
    /// the clearest 100 in order; `null` where they were not looked for.
    pub waveform_breaks: Option<Vec<WaveformBreak>>,
}

/// A stretch of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelSpan {
    /// Which channel, from 0.
    pub channel: u32,
    /// Where it starts.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
}

/// Listens to the decoded sound of one track.
#[derive(Debug, Default)]
pub struct AudioInstrument {
    a: Audio,
    squares: Vec<f64>,
    peak: f32,
    clipped: u64,
    clock_s: Option<f64>,
    window: Window,
    second: Second,
    zero: Stretch,
    silent: Stretch,
    loud: Stretch,
    silent_channels: Vec<Stretch>,
    waveform: Waveform,
    windows: Vec<(f64, f64)>,
}

#[derive(Debug, Default)]
struct Window {
    start_s: f64,
    squares: f64,
    count: u32,
}

/// About one second, block by block.
#[derive(Debug, Default)]
struct Second {
    start_s: f64,
    count: u64,
    clipped: u64,
    squares: Vec<f64>,
}

impl AudioInstrument {
    /// For the track with this index.
    pub fn new(track: u32) -> Self {
        Self {
            a: Audio {
                track,
                ..Audio::default()
            },
            zero: Stretch::of_at_least(ZERO_MIN_S),
            silent: Stretch::of_at_least(SILENT_MIN_S),
            ..Self::default()
        }
    }

    /// Listens to the next stretch, which starts `at_s` seconds from the first
    /// picture.
    pub fn sound(&mut self, sound: &Sound<'_>, at_s: Option<f64>) {
        let channels = sound.channels.max(1) as usize;
        let count = sound.samples.len() / channels;
        if sound.sample_rate_hz == 0 || count == 0 {
            return;
        }
        let sample_s = 1.0 / f64::from(sound.sample_rate_hz);
        let start_s = at_s.or(self.clock_s).unwrap_or(0.0);
        self.clock_s = Some(start_s + count as f64 * sample_s);
        self.a.samples += count as u64;
        self.a.sample_rate_hz = sound.sample_rate_hz;
        self.a.channels = self.a.channels.max(sound.channels);
        self.a.duration_s += count as f64 * sample_s;
        self.squares.resize(self.squares.len().max(channels), 0.0);

        let planes: Vec<&[f32]> = sound.samples.chunks_exact(count).collect();
        if self.second.count == 0 {
            self.second.start_s = start_s;
        }
        self.second.squares.resize(channels, 0.0);
        for (channel, plane) in planes.iter().enumerate() {
            let power: f64 = plane.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
            let clipped = plane.iter().filter(|s| s.abs() >= CLIPPED).count() as u64;
            for squares in [&mut self.squares, &mut self.second.squares] {
                if let Some(squares) = squares.get_mut(channel) {
                    *squares += power;
                }
            }
            self.peak = plane.iter().fold(self.peak, |p, s| p.max(s.abs()));
            self.clipped += clipped;
            self.second.clipped += clipped;
        }
        self.second.count += count as u64;
        if self.second.count >= u64::from(sound.sample_rate_hz) {
            self.end_second();
        }
        let window_samples = ((WINDOW_S / sample_s) as u32).max(1);
        self.waveform.start(start_s, sound.sample_rate_hz);
        for n in 0..count {
            let now_s = start_s + n as f64 * sample_s;
            let mut squares = 0.0f64;
            let mut sum = 0.0f64;
            let mut is_zero = true;
            for sample in planes.iter().filter_map(|plane| plane.get(n)) {
                is_zero &= *sample == 0.0;
                squares += f64::from(*sample) * f64::from(*sample);
                sum += f64::from(*sample);
            }
            self.waveform.sample(sum / planes.len().max(1) as f64);
            self.zero.see(now_s, is_zero);
            if self.window.count == 0 {
                self.window.start_s = now_s;
            }
            self.window.squares += squares / planes.len().max(1) as f64;
            self.window.count += 1;
            if self.window.count >= window_samples {
                self.end_window();
            }
        }
    }

    fn end_second(&mut self) {
        let second = std::mem::take(&mut self.second);
        let all = (second.count * second.squares.len().max(1) as u64).max(1);
        let is_clipped = second.clipped as f64 >= CLIPPED_SECOND_SHARE * all as f64;
        self.loud.see(second.start_s, is_clipped);
        let levels: Vec<f64> = second
            .squares
            .iter()
            .take(CHANNELS_MAX)
            .map(|s| dbfs(s / second.count.max(1) as f64))
            .collect();
        let loudest = levels.iter().copied().fold(FLOOR_DBFS, f64::max);
        if self.silent_channels.len() < levels.len() {
            self.silent_channels
                .resize_with(levels.len(), || Stretch::of_at_least(SILENT_MIN_S));
        }
        for (stretch, level) in self.silent_channels.iter_mut().zip(levels) {
            let is_silent = level < SILENT_DBFS && level <= loudest - CHANNEL_APART_DB;
            stretch.see(second.start_s, is_silent);
        }
    }

    fn end_window(&mut self) {
        let Window {
            start_s,
            squares,
            count,
        } = std::mem::take(&mut self.window);
        let power = squares / f64::from(count.max(1));
        self.a.level_by_second_dbfs.add(start_s, dbfs(power));
        self.silent.see(start_s, dbfs(power) < SILENT_DBFS);
        self.windows.push((start_s, dbfs(power)));
    }

    /// Start in seconds and level in dBFS of every twentieth of a second that
    /// ended since this was last asked.
    pub fn take_windows(&mut self) -> std::vec::Drain<'_, (f64, f64)> {
        self.windows.drain(..)
    }

    /// Seconds by the count of samples, so far.
    pub fn sample_clock_s(&self) -> f64 {
        self.a.duration_s
    }

    /// The facts.
    pub fn finish(mut self) -> Audio {
        if self.second.count > 0 {
            self.end_second();
        }
        let mut a = self.a;
        let end_s = self.clock_s.unwrap_or(0.0);
        a.level_by_second_dbfs = a.level_by_second_dbfs.finish();
        (a.zero_spans, a.zero_s) = self.zero.finish(end_s);
        (a.silent_spans, a.silent_s) = self.silent.finish(end_s);
        a.clipped_spans = Some(self.loud.finish(end_s).0);
        let silent_channels = self.silent_channels.into_iter().enumerate();
        let spans = silent_channels.flat_map(|(channel, stretch)| {
            let spans = stretch.finish(end_s).0.into_iter();
            spans.map(move |span| ChannelSpan {
                channel: channel as u32,
                start_s: span.start_s,
                end_s: span.end_s,
            })
        });
        a.silent_channel_spans = Some(spans.collect());
        a.waveform_breaks = Some(self.waveform.finish());
        if a.samples > 0 {
            let samples = a.samples as f64;
            let all = samples * self.squares.len().max(1) as f64;
            a.channel_level_dbfs = self.squares.iter().map(|s| dbfs(s / samples)).collect();
            a.level_dbfs = Some(dbfs(self.squares.iter().sum::<f64>() / all));
            a.peak_dbfs = Some(dbfs(f64::from(self.peak) * f64::from(self.peak)));
            a.clipped_share = self.clipped as f64 / all;
        }
        a
    }
}

/// Power → level, rounded to a hundredth.
fn dbfs(power: f64) -> f64 {
    let level = if power > 0.0 {
        10.0 * power.log10()
    } else {
        FLOOR_DBFS
    };
    (level.max(FLOOR_DBFS) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 8000;

    /// Sound of the given amplitude for so long, one after the other.
    fn listen(parts: &[(f32, f64)]) -> Audio {
        let mut instrument = AudioInstrument::new(1);
        for (amplitude, seconds) in parts {
            let count = (seconds * f64::from(RATE_HZ)) as usize;
            let samples: Vec<f32> = (0..count)
                .map(|n| if n % 2 == 0 { *amplitude } else { -amplitude })
                .collect();
            for block in samples.chunks(160) {
                instrument.sound(
                    &Sound {
                        time_s: None,
                        sample_rate_hz: RATE_HZ,
                        channels: 1,
                        samples: block,
                        damaged: false,
                    },
                    None,
                );
            }
        }
        instrument.finish()
    }

    #[test]
    fn level_and_length_are_exact() {
        let a = listen(&[(0.1, 2.0)]);
        assert_eq!(a.samples, 16_000);
        assert!((a.duration_s - 2.0).abs() < 1e-9);
        assert_eq!((a.level_dbfs, a.peak_dbfs), (Some(-20.0), Some(-20.0)));
        assert_eq!(a.level_by_second_dbfs.values, [Some(-20.0), Some(-20.0)]);
        assert_eq!((a.clipped_share, a.zero_s, a.silent_s), (0.0, 0.0, 0.0));
    }

    #[test]
    fn zeros_are_told_apart_from_quiet() {
        let a = listen(&[(0.1, 1.0), (0.0, 2.0), (0.1, 1.0), (0.0005, 2.0)]);
        assert_eq!(a.zero_spans.len(), 1);
        assert!((a.zero_spans[0].start_s - 1.0).abs() < 1e-3);
        assert!((a.zero_spans[0].end_s - 3.0).abs() < 1e-3);
        assert_eq!(a.silent_spans.len(), 2);
        assert!((a.silent_s - 4.0).abs() < 0.11, "{}", a.silent_s);
    }

    #[test]
    fn the_shortest_zero_stretch_is_two_hundredths() {
        assert_eq!(
            listen(&[(0.1, 1.0), (0.0, 0.021), (0.1, 1.0)])
                .zero_spans
                .len(),
            1
        );
        assert_eq!(
            listen(&[(0.1, 1.0), (0.0, 0.019), (0.1, 1.0)])
                .zero_spans
                .len(),
            0
        );
    }

    #[test]
    fn clipping_is_a_share() {
        let a = listen(&[(1.0, 1.0), (0.5, 3.0)]);
        assert!((a.clipped_share - 0.25).abs() < 1e-9);
    }

    #[test]
    fn clipped_seconds_are_joined_to_stretches() {
        let a = listen(&[(0.5, 2.0), (1.0, 3.0), (0.5, 2.0)]);
        let spans = a.clipped_spans.unwrap();
        assert_eq!(spans.len(), 1, "{spans:?}");
        assert!((spans[0].start_s - 2.0).abs() < 0.05, "{spans:?}");
        assert!((spans[0].end_s - 5.0).abs() < 0.05, "{spans:?}");
        assert_eq!(listen(&[(0.5, 2.0)]).clipped_spans, Some(Vec::new()));
    }

    #[test]
    fn a_second_counts_as_clipped_from_one_hundredth_on() {
        let share = |clipped_s: f64| listen(&[(1.0, clipped_s), (0.5, 1.0 - clipped_s)]);
        assert_eq!(share(0.0).clipped_spans.unwrap().len(), 0);
        assert_eq!(share(0.008).clipped_spans.unwrap().len(), 0);
        assert_eq!(share(0.02).clipped_spans.unwrap().len(), 1);
    }

    #[test]
    fn a_channel_that_falls_silent_is_told_and_a_pause_of_both_is_not() {
        let mut instrument = AudioInstrument::new(1);
        for second in 0..12 {
            let left = if second < 10 { 0.1_f32 } else { 0.0 };
            let right = if (4..8).contains(&second) || second >= 10 {
                0.0
            } else {
                0.1
            };
            let mut samples = vec![left; RATE_HZ as usize];
            samples.extend(vec![right; RATE_HZ as usize]);
            instrument.sound(
                &Sound {
                    time_s: None,
                    sample_rate_hz: RATE_HZ,
                    channels: 2,
                    samples: &samples,
                    damaged: false,
                },
                None,
            );
        }
        let spans = instrument.finish().silent_channel_spans.unwrap();
        assert_eq!(spans.len(), 1, "{spans:?}");
        assert_eq!(spans[0].channel, 1);
        assert!((spans[0].start_s - 4.0).abs() < 1e-6, "{spans:?}");
        assert!((spans[0].end_s - 8.0).abs() < 1e-6, "{spans:?}");
    }

    #[test]
    fn no_sound_has_no_level() {
        let a = AudioInstrument::new(0).finish();
        assert_eq!((a.level_dbfs, a.peak_dbfs), (None, None));
    }
}
