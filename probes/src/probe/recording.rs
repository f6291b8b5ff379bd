//! One decode pass over a video or a sound recording feeds every instrument.

use std::fs::File;
use std::ops::Range;

use super::viewer::{Screen, Viewer};
use super::{Depth, ONLY_STRUCTURE, OverTime, Wants};
use crate::ffmpeg::{Decoded, DecodedPicture, Input, Limits, OpenError, ReadError};
use crate::measure::audio::AudioInstrument;
use crate::measure::bitstream::{self, BitstreamInstrument};
use crate::measure::clocks::{self, ClocksInstrument};
use crate::measure::group_rhythm::{self, RhythmInstrument};
use crate::measure::timing::TimingInstrument;
use crate::measurements::{Kind, Measurements, NotRun, Track};
use crate::media::{Packet, Sound};
use crate::time_series::{Recorder, budget_bytes};

/// Reading goes on after this many failures in a row at most: a damaged place
/// is passed, a missing end is not read a million times.
const READ_FAILURES_MAX: u32 = 16;
/// Version of the instrument that looks at pictures over time. From 2 on: what
/// surrounds frozen stretches, these from 0.4 s on, repeated pictures, edges of
/// coding blocks. From 3 on: loose blocks; a new view starts the count of repeated
/// pictures anew. From 4 on: blocks that surprise beside what is around them, dissolves.
const VIDEO_VERSION: u32 = 5;
/// Version of the instrument that listens. From 2 on: breaks of the waveform.
const AUDIO_VERSION: u32 = 2;
/// Time from picture to picture where neither the track nor its packets say.
const STEP_UNKNOWN_S: f64 = 0.04;

/// Measures the recording, or says in `m` why it cannot be read.
pub(super) fn measure(file: &File, wants: &Wants, m: &mut Measurements) -> OverTime {
    measure_part(file, 0..u64::MAX, wants, m)
}

/// The same for a recording that is a part of the file.
pub(super) fn measure_part(
    file: &File,
    part: Range<u64>,
    wants: &Wants,
    m: &mut Measurements,
) -> OverTime {
    let mut input = match Input::open_part(file, part, Limits::default()) {
        Ok(input) => input,
        Err(error) => {
            unreadable(m, &error);
            return OverTime::default();
        }
    };
    m.ffmpeg = Some(crate::ffmpeg::version());
    m.instruments.insert("timing".to_owned(), 1);
    m.instruments.insert("clocks".to_owned(), clocks::VERSION);
    match wants.depth {
        Depth::Full => {
            m.instruments.insert("decoding".to_owned(), 1);
        }
        Depth::Structure => {
            input.read_heads_only();
            m.not_run.push(NotRun {
                instrument: "decoding".to_owned(),
                why: ONLY_STRUCTURE.to_owned(),
            });
        }
    }
    let tracks = input.tracks();
    let mut pass = Pass::new(&mut input, &tracks, wants, m);
    let reached_end = pass.run(&mut input);
    for message in input.take_messages() {
        pass.message(message);
    }
    // Streams may have shown more of their tracks meanwhile.
    merge_tracks(m, input.tracks());
    let container = m.container.get_or_insert_default();
    container.duration_s = container.duration_s.or(input.duration_s());
    pass.finish(m, reached_end)
}

fn unreadable(m: &mut Measurements, error: &OpenError) {
    if matches!(error, OpenError::Unreadable(_)) {
        m.kind = Kind::Unreadable;
    }
    for instrument in ["timing", "decoding", "video", "audio"] {
        m.not_run.push(NotRun {
            instrument: instrument.to_owned(),
            why: error.to_string(),
        });
    }
}

/// FFmpeg knows the coded parameters, the structure what is written beside
/// them; what the structure already said stays.
fn merge_tracks(m: &mut Measurements, tracks: Vec<Track>) {
    let known = std::mem::take(&mut m.tracks);
    m.tracks = tracks
        .into_iter()
        .map(|seen| match known.iter().find(|k| k.index == seen.index) {
            None => seen,
            Some(before) => Track {
                rotation_deg: before.rotation_deg.or(seen.rotation_deg),
                duration_s: before.duration_s.or(seen.duration_s),
                timescale_hz: before.timescale_hz.or(seen.timescale_hz),
                handler: before.handler.clone().or(seen.handler),
                language: before.language.clone().or(seen.language),
                medium: seen.medium,
                codec: seen.codec,
                profile: seen.profile,
                width_px: seen.width_px.or(before.width_px),
                height_px: seen.height_px.or(before.height_px),
                pixel_format: seen.pixel_format,
                rate_fps: seen.rate_fps,
                sample_rate_hz: seen.sample_rate_hz.or(before.sample_rate_hz),
                channels: seen.channels.or(before.channels),
                bit_rate_bps: seen.bit_rate_bps.or(before.bit_rate_bps),
                ..before.clone()
            },
        })
        .collect();
}

/// Everything that listens while the recording runs.
struct Pass {
    timings: Vec<Option<TimingInstrument>>,
    by_dts: bool,
    origin_s: Option<f64>,
    /// The main track of pictures, decoded or not.
    picture_track: Option<u32>,
    video_track: Option<u32>,
    audio_track: Option<u32>,
    rotation_deg: i32,
    last_size: Option<(u32, u32)>,
    last_sound: Option<(u32, u32)>,
    bitstream: Option<BitstreamInstrument>,
    rhythm: Option<RhythmInstrument>,
    /// Tracks that hold a clock, and how they are read.
    clock_tracks: Vec<(u32, clocks::Kind)>,
    clocks: ClocksInstrument,
    /// The latest time of a coded picture so far.
    last_coded_s: f64,
    audio: AudioInstrument,
    screen: Screen,
    recorder: Recorder,
}

impl Pass {
    fn new(input: &mut Input, tracks: &[Track], wants: &Wants, m: &mut Measurements) -> Self {
        let picture = tracks
            .iter()
            .filter(|t| t.medium == "video" && !input.is_cover(t.index))
            .max_by_key(|t| {
                let pixels =
                    u64::from(t.width_px.unwrap_or(0)) * u64::from(t.height_px.unwrap_or(0));
                // The first of equally large ones.
                (pixels, std::cmp::Reverse(t.index))
            });
        let sound = tracks.iter().find(|t| t.medium == "audio");
        m.kind = match (picture, sound) {
            (Some(_), _) => Kind::Video,
            (None, Some(_)) => Kind::Audio,
            (None, None) => Kind::Unreadable,
        };
        let ready = |input: &mut Input,
                     track: Option<&Track>,
                     m: &mut Measurements,
                     (name, version): (&str, u32)| {
            let track = track?;
            let ready = match wants.depth {
                Depth::Full => input.decode_track(track.index),
                Depth::Structure => Err(ONLY_STRUCTURE.to_owned()),
            };
            match ready {
                Ok(()) => {
                    m.instruments.insert(name.to_owned(), version);
                    Some(track.index)
                }
                Err(why) => {
                    m.not_run.push(NotRun {
                        instrument: name.to_owned(),
                        why,
                    });
                    None
                }
            }
        };
        let video_track = ready(input, picture, m, ("video", VIDEO_VERSION));
        let audio_track = ready(input, sound, m, ("audio", AUDIO_VERSION));
        let bitstream = picture.and_then(|t| {
            BitstreamInstrument::new(t.index, &t.codec, input.configuration(t.index))
        });
        if bitstream.is_some() {
            m.instruments
                .insert("bitstream".to_owned(), bitstream::VERSION);
        }
        let rhythm = picture
            .and_then(|t| input.tick_s(t.index))
            .map(RhythmInstrument::new);
        if rhythm.is_some() {
            m.instruments
                .insert("group_rhythm".to_owned(), group_rhythm::VERSION);
        }
        let step_s = picture
            .and_then(|t| t.rate_fps)
            .map_or(STEP_UNKNOWN_S, |rate_fps| 1.0 / rate_fps);
        Self {
            timings: Vec::new(),
            by_dts: input.format() == "avi",
            origin_s: picture.or(sound).and_then(|t| input.start_s(t.index)),
            picture_track: picture.map(|t| t.index),
            video_track,
            audio_track,
            rotation_deg: picture.and_then(|t| t.rotation_deg).unwrap_or(0),
            last_size: None,
            last_sound: None,
            bitstream,
            rhythm,
            clock_tracks: tracks
                .iter()
                .filter_map(|t| {
                    let kind =
                        clocks::Kind::of(input.letters(t.index), input.configuration(t.index));
                    Some((t.index, kind?))
                })
                .collect(),
            clocks: ClocksInstrument::default(),
            last_coded_s: 0.0,
            audio: AudioInstrument::new(audio_track.unwrap_or(0)),
            screen: Screen::new(video_track, step_s, wants),
            recorder: Recorder::default(),
        }
    }

    /// Reads to the end; true if the end of the data was reached.
    fn run(&mut self, input: &mut Input) -> bool {
        let mut failures = 0;
        let reached_end = loop {
            match input.read() {
                Ok(Some(packet)) => {
                    failures = 0;
                    self.packet(input, &packet);
                }
                Ok(None) => break failures == 0,
                Err(error) => {
                    failures += 1;
                    self.message(error.to_string());
                    if matches!(error, ReadError::TooMany(_)) || failures >= READ_FAILURES_MAX {
                        break false;
                    }
                }
            }
        };
        let faults = input.finish(&mut |track, decoded| self.decoded(track, decoded));
        for (track, fault) in faults {
            self.message(fault.to_string());
            self.fault(track, None);
        }
        // Where the data end early, the demuxer only says that they end.
        let is_short = self
            .timings
            .iter()
            .flatten()
            .any(TimingInstrument::is_short);
        reached_end && !is_short
    }

    fn packet(&mut self, input: &mut Input, packet: &Packet) {
        let index = packet.track as usize;
        if self.timings.len() <= index && index < usize::from(u16::MAX) {
            self.timings.resize_with(index + 1, || None);
        }
        if let Some(slot @ None) = self.timings.get_mut(index) {
            let tick_s = input.tick_s(packet.track).unwrap_or(1.0);
            let tracks = input.tracks();
            let track = tracks.iter().find(|t| t.index == packet.track);
            *slot = track.map(|t| {
                let mut timing = TimingInstrument::new(t, tick_s, self.by_dts);
                timing.stated_packets(input.stated_pictures(t.index));
                timing
            });
        }
        if let Some(Some(timing)) = self.timings.get_mut(index) {
            timing.packet(packet);
        }
        let at_s = packet
            .pts_ticks
            .or(packet.dts_ticks)
            .and_then(|ticks| Some(ticks as f64 * input.tick_s(packet.track)?))
            .map(|time_s| self.since_start(time_s));
        if Some(packet.track) == self.picture_track
            && let Some(bitstream) = &mut self.bitstream
        {
            let missing = bitstream.missing_references();
            bitstream.packet(input.payload(), at_s);
            if bitstream.missing_references() > missing {
                let at_s = self.last_coded_s;
                self.screen
                    .note(move |decoding| decoding.missing_references(at_s));
            }
            self.last_coded_s = at_s.map_or(self.last_coded_s, |s| s.max(self.last_coded_s));
            for (at_s, note) in bitstream.take_camera_notes() {
                self.clocks.camera_note(packet.track, &note, at_s);
            }
        }
        if Some(packet.track) == self.picture_track
            && let Some(rhythm) = &mut self.rhythm
        {
            rhythm.packet(packet);
        }
        let clock = self.clock_tracks.iter().find(|c| c.0 == packet.track);
        if let (Some((track, kind)), Some(at_s)) = (clock, at_s) {
            self.clocks.sample(*track, *kind, input.payload(), at_s);
        }
        if Some(packet.track) == self.video_track
            && let Some(at_s) = at_s
        {
            self.recorder.packet(at_s, packet);
        }
        let outcome = input.decode(&mut |track, decoded| self.decoded(track, decoded));
        if let Err(fault) = &outcome {
            self.message(fault.to_string());
        }
        if outcome.is_err() || packet.corrupt {
            self.fault(packet.track, at_s);
        }
    }

    fn fault(&mut self, track: u32, at_s: Option<f64>) {
        if Some(track) == self.video_track {
            self.screen
                .note(move |decoding| decoding.picture_fault(at_s));
        } else if Some(track) == self.audio_track {
            self.sound_fault(at_s);
        }
    }

    fn sound_fault(&mut self, at_s: Option<f64>) {
        self.screen.note(move |decoding| decoding.sound_fault(at_s));
    }

    fn message(&mut self, message: String) {
        self.screen.note(move |decoding| decoding.message(message));
    }

    /// Seconds from the first picture; a file that states no start has it where
    /// its first time is.
    fn since_start(&mut self, time_s: f64) -> f64 {
        time_s - *self.origin_s.get_or_insert(time_s)
    }

    fn decoded(&mut self, track: u32, decoded: Decoded<'_>) {
        match decoded {
            Decoded::Picture(picture) if Some(track) == self.video_track => {
                let at_s = picture.time_s().map(|time_s| self.since_start(time_s));
                self.note_size(track, &picture);
                self.screen.picture(picture, at_s);
            }
            Decoded::Sound(sound) if Some(track) == self.audio_track => {
                let at_s = sound.time_s.map(|time_s| self.since_start(time_s));
                self.note_sound(track, &sound);
                if sound.damaged {
                    self.sound_fault(at_s);
                }
                self.audio.sound(&sound, at_s);
                for (at_s, level_dbfs) in self.audio.take_windows() {
                    self.recorder.sound(at_s, level_dbfs);
                }
            }
            Decoded::Strange(what) => self.message(what),
            Decoded::Picture(_) | Decoded::Sound(_) => {}
        }
    }

    fn note_size(&mut self, track: u32, picture: &DecodedPicture) {
        let size = picture.size_px();
        if let Some(before) = self.last_size.replace(size)
            && before != size
        {
            let text = |(w, h): (u32, u32)| format!("{w}x{h}");
            self.change(
                track,
                picture.time_s(),
                "picture_size",
                text(before),
                text(size),
            );
        }
    }

    fn note_sound(&mut self, track: u32, sound: &Sound<'_>) {
        let now = (sound.sample_rate_hz, sound.channels);
        if let Some(before) = self.last_sound.replace(now) {
            if before.0 != now.0 {
                let (from, to) = (before.0.to_string(), now.0.to_string());
                self.change(track, sound.time_s, "sample_rate", from, to);
            }
            if before.1 != now.1 {
                let (from, to) = (before.1.to_string(), now.1.to_string());
                self.change(track, sound.time_s, "channels", from, to);
            }
        }
    }

    fn change(&mut self, track: u32, at_s: Option<f64>, what: &str, before: String, after: String) {
        if let Some(Some(timing)) = self.timings.get_mut(track as usize) {
            let at_s = at_s.or(self.origin_s).unwrap_or(0.0);
            timing.change(at_s, what, &before, &after);
        }
    }

    fn finish(self, m: &mut Measurements, reached_end: bool) -> OverTime {
        let Viewer {
            video,
            decoding,
            stills,
            recorder,
            ..
        } = self.screen.finish();
        let origin_s = self.origin_s.unwrap_or(0.0);
        let sample_clock_s = self.audio.sample_clock_s();
        m.timing = self
            .timings
            .into_iter()
            .flatten()
            .map(|timing| {
                let is_main_sound = self.audio_track == Some(timing.track());
                timing.finish(origin_s, is_main_sound.then_some(sample_clock_s))
            })
            .collect();
        let step_s = m
            .timing
            .iter()
            .find(|t| self.video_track == Some(t.track))
            .and_then(|t| t.step_median_s);
        let pictures = m
            .timing
            .iter()
            .find(|t| self.picture_track == Some(t.track));
        let end_s = pictures.and_then(|t| t.end_s);
        self.clocks.finish(end_s, m);
        if self.video_track.is_some() {
            m.video = Some(video.finish(step_s));
        }
        if self.audio_track.is_some() {
            m.audio = Some(self.audio.finish());
        }
        m.bitstream = self.bitstream.and_then(BitstreamInstrument::finish);
        m.group_rhythm = self.rhythm.map(|rhythm| rhythm.finish(origin_s));
        m.decoding = decoding.finish(reached_end);
        let series = self.recorder.with_pictures_of(recorder).finish();
        OverTime {
            stills: stills.finish(self.rotation_deg),
            series: if series.clocks.is_empty() {
                Vec::new()
            } else {
                series.write(budget_bytes(m.size_bytes))
            },
        }
    }
}
