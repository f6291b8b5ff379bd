//! Everything that was measured in one file: facts, kept for ever.
//!
//! Opinions about these facts are made by [`crate::judge`], again and again,
//! with whatever thresholds are in force. Nothing here depends on a threshold.
//! A value that could not be measured is `None` here and named, with the
//! reason, in [`Measurements::not_run`]; it is never a zero.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::container::c2pa::C2paManifest;
pub use crate::container::jpeg_parts::JpegParts;
pub use crate::measure::{
    audio::Audio, bitstream::Bitstream, clocks::MetadataClock, group_rhythm::GroupRhythm,
    metadata::Exif, metadata::position::Position, photo::Photo, timing::Timing, video::Video,
};
use crate::text::Text;

/// The version of this shape, as stored. A change of meaning makes a new one
/// and a migration; adding an optional field does not.
pub const SCHEMA: &str = "unbroken.measurements/1";

/// The instrument named in [`Measurements::not_run`] when the whole probe was
/// stopped by a limit of ours or killed from outside: nothing is known then,
/// and nothing is held against the file.
pub const PROBE_STOPPED: &str = "probe_stopped";

/// What a file is, by its bytes and not by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One still picture (a motion photo too).
    Photo,
    /// At least one moving picture track.
    Video,
    /// Sound without moving pictures.
    Audio,
    /// A readable file that is no recording (PDF, text, table).
    Other,
    /// Claims to be a recording and cannot be read as one.
    #[default]
    Unreadable,
}

/// Everything measured in one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Measurements {
    /// [`SCHEMA`] at the time of measuring.
    pub schema: String,
    /// Which instruments measured, and in which version of each.
    pub instruments: BTreeMap<String, u32>,
    /// FFmpeg's version, where it was used.
    pub ffmpeg: Option<String>,
    /// What the file is.
    pub kind: Kind,
    /// Length of the file.
    pub size_bytes: u64,
    /// Wrapping, brands, writer strings, boxes.
    pub container: Option<Container>,
    /// Every track of the file, in file order.
    pub tracks: Vec<Track>,
    /// Every time found in the file that can say when it was recorded.
    pub times: Vec<TimeReading>,
    /// Make, model and serial number of the recording device, as written.
    pub device: Device,
    /// Every string or structure that names who wrote or changed the file.
    pub traces: Vec<Trace>,
    /// The EXIF block of a picture file.
    pub exif: Option<Exif>,
    /// Where it says that it was taken. For comparing only: reports leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The still picture, if `kind` is photo.
    pub photo: Option<Photo>,
    /// The main moving picture track.
    pub video: Option<Video>,
    /// The main sound track.
    pub audio: Option<Audio>,
    /// Coded syntax of the main picture track, if it is H.264 or HEVC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitstream: Option<Bitstream>,
    /// The beat in the sizes of the main picture track's packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_rhythm: Option<GroupRhythm>,
    /// The film inside a motion photo, which starts at
    /// [`Container::motion_photo_offset_bytes`], measured as a recording of its
    /// own. Its offsets count from its own start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub film: Option<Box<Measurements>>,
    /// Packet timestamps of every track.
    pub timing: Vec<Timing>,
    /// Clocks that the device recorded beside the pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<MetadataClock>,
    /// Decoding: how far it came and what broke.
    pub decoding: Decoding,
    /// What could not be measured, and why.
    pub not_run: Vec<NotRun>,
}

/// An instrument that could not run on this file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotRun {
    /// The instrument's name, as in [`Measurements::instruments`].
    pub instrument: String,
    /// Why it could not run, for a person.
    pub why: String,
}

/// How the bytes are wrapped, read from the bytes themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Container {
    /// `mp4`, `mov`, `3gp`, `heif`, `cr3`, `raf`, `jpeg`, `png`, `tiff`, `webp`, `matroska`,
    /// `webm`, `avi`, `mpegts`, `mpegps`, `flv`, `wav`, `pdf`, `text` …
    pub format: String,
    /// ISO-BMFF major brand or the like, as written.
    pub brand: Option<String>,
    /// Duration that the container states, in seconds.
    pub duration_s: Option<f64>,
    /// Top-level elements in file order: boxes, segments, chunks.
    pub elements: Vec<Element>,
    /// True if the structure ends where the file ends and nothing that must be
    /// there is missing. `None`: this format has no end that could be checked.
    pub complete: Option<bool>,
    /// What is missing, if `complete` is false.
    pub incomplete_why: Option<Text>,
    /// Bytes after the structure's end that belong to nothing known.
    pub trailing_bytes: u64,
    /// What they are by their first bytes: `zip`, `text`, `zeros`, `unknown` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailing_kind: Option<String>,
    /// The segments of a JPEG, named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jpeg: Option<JpegParts>,
    /// Content credentials of C2PA, if there are any that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c2pa: Option<C2paManifest>,
    /// A video inside a photo (motion photo): where it starts.
    pub motion_photo_offset_bytes: Option<u64>,
    /// What the container counts by itself: fragments (ISO-BMFF), packets of
    /// each PID (MPEG-TS), the length of the cluster before (Matroska).
    pub counters: Vec<Counter>,
    /// Where the container's own clock is out of step by at least 0.1 s
    /// (fragments) or 0.5 s (PCR), or goes back (clusters), at most 100.
    pub time_jumps: Vec<TimeJump>,
    /// The index held against what it points to (AVI).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexMatch>,
    /// Where MPEG-TS gives a table a new version, at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub table_changes: Vec<TableChange>,
}

/// A number that a container counts up by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counter {
    /// `mfhd.sequence_number`, `ts.continuity_counter`, `ts.sync_byte` or
    /// `mkv.PrevSize`.
    pub name: String,
    /// The part of the file that counts for itself: the PID of MPEG-TS.
    pub part: Option<u32>,
    /// Steps from one counted thing to the next.
    pub steps: u64,
    /// Steps as the format has them: one further.
    pub regular_steps: u64,
    /// Breaks that the writer itself marks as such (MPEG-TS
    /// `discontinuity_indicator`); they are not among `breaks`.
    pub declared_breaks: u64,
    /// Steps ahead or back that nothing declares, at most 100.
    pub breaks: Vec<CounterBreak>,
    /// Breaks beyond the first 100.
    pub breaks_left_out: u64,
}

/// One place at which a counter does not go on as it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CounterBreak {
    /// On the container's clock, from the recording's start, where it has one.
    pub at_s: Option<f64>,
    /// Where in the file.
    pub offset_bytes: u64,
    /// The number that should stand there.
    pub expected: u64,
    /// The number that stands there.
    pub found: u64,
}

/// The index of a container held against the chunks that it points to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IndexMatch {
    /// `idx1` or `indx` (OpenDML).
    pub name: String,
    /// Entries of tracks.
    pub entries: u64,
    /// Entries that point where another does: recorders repeat a picture so.
    pub repeated_entries: u64,
    /// Entries that point at no chunk.
    pub dangling_entries: u64,
    /// Chunks of tracks.
    pub chunks: u64,
    /// Chunks that no entry names: players do not show them.
    pub unindexed_chunks: u64,
    /// Those of them before the last chunk that is named.
    pub unindexed_before_end: u64,
    /// Where the first of them stands.
    pub first_unindexed_bytes: Option<u64>,
    /// Picture chunks without a byte: recorders note a dropped frame so.
    pub empty_pictures: u64,
}

/// A place where a table of MPEG-TS says that it is new.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TableChange {
    /// `pat` or `pmt`.
    pub table: String,
    /// Its PID.
    pub part: u32,
    /// On the container's clock, from the recording's start, where it has one.
    pub at_s: Option<f64>,
    /// Where in the file.
    pub offset_bytes: u64,
    /// Its version before.
    pub before: u32,
    /// Its version from here on.
    pub after: u32,
}

/// A place where the container's own clock is out of step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeJump {
    /// `track_ID` of ISO-BMFF, PID of MPEG-TS, 0 for all of Matroska.
    pub part: u32,
    /// Where, from the recording's start.
    pub at_s: f64,
    /// How far ahead; negative for back.
    pub length_s: f64,
    /// Where in the file.
    pub offset_bytes: u64,
}

/// One top-level element of the container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Element {
    /// Box type, marker name, chunk id or EBML id in hex.
    pub id: String,
    /// Where it starts in the file.
    pub offset_bytes: u64,
    /// How long it says it is, header included.
    pub size_bytes: u64,
}

/// One track of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Track {
    /// Index in file order, from 0, as FFmpeg counts.
    pub index: u32,
    /// `video`, `audio`, `subtitle`, `data`, `attachment`, `unknown`.
    pub medium: String,
    /// FFmpeg's name of the codec, `h264`, `hevc`, `aac` …
    pub codec: String,
    /// Profile, as FFmpeg names it.
    pub profile: Option<String>,
    /// Coded picture width.
    pub width_px: Option<u32>,
    /// Coded picture height.
    pub height_px: Option<u32>,
    /// Rotation to show the picture upright, clockwise.
    pub rotation_deg: Option<i32>,
    /// Pixel format, as FFmpeg names it.
    pub pixel_format: Option<String>,
    /// Frame rate that the container states.
    pub rate_fps: Option<f64>,
    /// Sound sampling rate.
    pub sample_rate_hz: Option<u32>,
    /// Sound channels.
    pub channels: Option<u32>,
    /// Bit rate, stated or computed.
    pub bit_rate_bps: Option<u64>,
    /// Duration of the track as stated.
    pub duration_s: Option<f64>,
    /// Ticks a second of this track's timestamps.
    pub timescale_hz: Option<u32>,
    /// Handler name (ISO-BMFF) or track name, as written.
    pub handler: Option<String>,
    /// Language, as written.
    pub language: Option<String>,
    /// Edit list (ISO-BMFF), in file order.
    pub edits: Vec<Edit>,
    /// What the sample tables say (ISO-BMFF).
    pub sample_table: Option<SampleTable>,
}

/// What the sample tables of an ISO-BMFF track say, before any edit list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SampleTable {
    /// Entries of `stsd`: how many differently coded kinds of sample there are.
    pub descriptions: u32,
    /// Samples counted in `stts`.
    pub samples: u64,
    /// The sample duration that most samples have, in ticks of the track.
    pub usual_duration_ticks: Option<u32>,
    /// Sum of all sample durations, in seconds.
    pub duration_s: Option<f64>,
    /// Runs of at least three pictures or coded blocks of sound of at most one
    /// tick each, which no recorder writes at 600 ticks a second or more; at
    /// most 100.
    pub one_tick_runs: Vec<OneTickRun>,
    /// Key samples named in `stss`; `None` if every sample is one.
    pub key_samples: Option<u64>,
    /// Number of the first key sample, from 1; a recorder starts with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_key_sample: Option<u64>,
    /// Places at which a track of otherwise constant sample duration has
    /// another, at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub odd_durations: Vec<OddDuration>,
    /// How many such places there are, listed or not.
    pub odd_durations_count: u64,
    /// Where one long run of a composition offset ends and one of another
    /// begins, in decoding time from the track's start; at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offset_changes_s: Vec<f64>,
    /// Composition offset of the first sample (`ctts`), in seconds.
    pub first_composition_s: Option<f64>,
    /// Entries of the edit list that were left out beyond the first 100.
    pub edits_left_out: u64,
}

/// A run of samples that last at most one tick each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OneTickRun {
    /// Decoding time of the first of them, in seconds.
    pub start_s: f64,
    /// How many.
    pub samples: u32,
}

/// Samples in a row whose duration is not the usual one of their track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OddDuration {
    /// Decoding time of the first of them, in seconds.
    pub start_s: f64,
    /// How many.
    pub samples: u32,
    /// How long they last together.
    pub duration_s: f64,
    /// The shortest of them, in ticks of the track.
    pub shortest_ticks: u32,
}

/// One entry of an edit list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// How long the entry shows, in seconds of the movie.
    pub duration_s: f64,
    /// Where in the track it starts, in seconds; `None` for an empty edit.
    pub media_time_s: Option<f64>,
    /// Play rate, 1.0 for normal.
    pub rate: f64,
}

/// One time found in the file, as written, with what it can mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeReading {
    /// Where it stands: `exif.DateTimeOriginal`, `gps`, `mvhd.creation`,
    /// `keys.creationdate`, `mkv.DateUTC`, `avi.IDIT`, `mdpm`, `gps.GPSU`, `name`, …
    pub field: String,
    /// The text or number as written, for the report.
    pub written: String,
    /// Date and time as written, without a zone; of a clock that was read during
    /// the recording, carried to its start or end.
    pub local: NaiveDateTime,
    /// What the file says of the zone of `local`.
    pub zone: Zone,
    /// Which instant of the recording this field names, as far as is known.
    pub moment: Moment,
}

/// What the file says about the zone of a written time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "offset_s")]
pub enum Zone {
    /// Written with its offset from UTC, east positive.
    Offset(i32),
    /// UTC, and the field's writers keep to it (GPS).
    Utc,
    /// UTC by the format's definition; real writers also put local time here.
    NominallyUtc,
    /// Local time without a zone.
    Local,
}

/// Which instant of the recording a time names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The only instant there is (a photo).
    Capture,
    /// The start of the recording.
    Start,
    /// The end of the recording.
    End,
    /// Start or end, by maker.
    StartOrEnd,
    /// A later writing of the file (modification, export).
    Written,
}

/// The recording device, as the file names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Device {
    /// Maker.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number of the body.
    pub serial: Option<String>,
    /// Firmware or software string.
    pub software: Option<String>,
}

/// A string or structure that names who wrote or changed the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// Where it stands: `exif.Software`, `xmp.CreatorTool`, `xmpMM.History`,
    /// `app13`, `udta.©too`, `mkv.WritingApp`, `h264.sei`, `com.apple…` …
    pub field: String,
    /// The text as written, cut at 300 characters.
    pub written: String,
    /// Byte offset in the file, where known.
    pub offset_bytes: Option<u64>,
}

/// How far decoding came and what broke.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Decoding {
    /// Pictures decoded.
    pub frames: u64,
    /// Packets or frames that the demuxer or decoder called damaged.
    pub errors: u64,
    /// The same before the first picture came out: the recording starts
    /// between two key pictures.
    pub errors_before_first_picture: u64,
    /// Places where pictures are missing that the following ones are built on
    /// (H.264); the decoder does not complain of it.
    #[serde(skip_serializing_if = "is_zero")]
    pub missing_references: u64,
    /// Where errors and pictures built on missing ones are, at most 200 spans.
    pub error_spans: Vec<Span>,
    /// The first messages of the decoder, at most 20.
    pub messages: Vec<String>,
    /// False if decoding ended before the data did (limit, crash, damage).
    pub reached_end: bool,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A stretch of a recording, in seconds from its first picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// Where it starts.
    pub start_s: f64,
    /// Where it ends; never before `start_s`.
    pub end_s: f64,
}

impl Span {
    /// Length of the span in seconds.
    pub fn duration_s(&self) -> f64 {
        self.end_s - self.start_s
    }
}

/// A part of a picture, in shares of its width and height, 0.0 to 1.0, from
/// the upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Region {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

/// The moments of a file's custody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Custody {
    /// First seen in the share.
    pub seen: DateTime<Utc>,
    /// Complete and stable in the share.
    pub received: DateTime<Utc>,
    /// Durable and read back in storage.
    pub stored: DateTime<Utc>,
}
