//! What a check is, what it is told, and what it may say.
//!
//! One check a file under `check/`; each file holds, in this order, the
//! declaration with its documentation, the `judge` function, and its tests at
//! the limit and on either side. A check reads measurements only: no I/O, no
//! clock, no log.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::anchors::Anchors;
use crate::capture::{CaptureEnd, ClockQuirk};
use crate::deadline::Saved;
use crate::exemplar::Exemplars;
use crate::measure::likeness::Position;
use crate::measurements::{Custody, Kind, Measurements, Position as Place, Region, Span};
use crate::segment::Segment;
use crate::text::{StaticText, Text};
use crate::writers::Writers;

pub mod ai_generated_mark;
pub mod audio_channel_lost;
pub mod audio_clipped;
pub mod audio_gap;
pub mod audio_silent;
pub mod audio_splice;
pub mod av_drift;
pub mod c2pa_manifest;
pub mod capture_time_inconsistent;
pub mod capture_time_missing;
pub mod clock_in_future;
pub mod clock_jump;
pub mod counter_hole;
pub mod decode_errors;
pub mod duplicate;
pub mod editor_trace;
pub mod foreign_jpeg_grid;
pub mod gop_pattern_broken;
pub mod gop_phase_shift;
pub mod hidden_by_edit_list;
pub mod index_mismatch;
pub mod join_mark;
pub mod messenger_copy;
pub mod outside_visit;
pub mod photo_blurred;
pub mod photo_compressed_twice;
pub mod photo_copy_move;
pub mod photo_damaged;
pub mod photo_edited;
pub mod photo_exposure;
pub mod photo_illegible;
pub mod photo_metadata_rewritten;
pub mod photo_recompressed;
pub mod photo_reused;
pub mod photo_screenshot;
pub mod photo_sequence;
pub mod photo_small;
pub mod photo_thumbnail_mismatch;
pub mod place_apart;
pub mod saved_late;
pub mod screen_recapture;
pub mod segment_gap;
pub mod stream_changed;
pub mod structure_contradicts_metadata;
pub mod timestamp_gap;
pub mod trailing_data;
pub mod truncated;
pub mod unlike_its_model;
pub mod unreadable;
pub mod video_black;
pub mod video_blocky;
pub mod video_blurred;
pub mod video_cut;
pub mod video_frozen;
pub mod video_inserted;
pub mod video_reencoded;
pub mod video_stutter;
pub mod video_trimmed;

pub(crate) mod cuts;
pub(crate) mod moments;
pub(crate) mod photo_unmeasured;
#[cfg(test)]
pub(crate) mod trial;
pub mod unsharpness;

/// A clause of the trial plan, by its id in requirements.md.
pub type ClauseId = &'static str;

/// How a finding weighs as evidence; research/forensics.md section 3.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Context; never changes a result.
    Information,
    /// Common innocent causes; needs a second one of another family within 0.5 s.
    Supporting,
    /// Few innocent causes, all named.
    Strong,
    /// Follows from the bytes; any tool shows it.
    Fact,
}

/// What kind of evidence a finding rests on. Findings of one family are not
/// independent and are never added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Boxes, segments, chunks.
    Structure,
    /// Timestamps and durations.
    Timing,
    /// Coded syntax.
    Bitstream,
    /// Decoded pictures.
    Picture,
    /// Decoded sound.
    Sound,
    /// EXIF, XMP, tags.
    Metadata,
    /// Where the file came from and when.
    Provenance,
}

/// Which of the three outcomes a check contributes to. They are never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// Clear, smooth, complete.
    Quality,
    /// Unedited, an original.
    Integrity,
    /// Recorded at its time and saved in time.
    Timeliness,
}

/// What a finding says of the file.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing; changes no result.
    Info,
    /// Could not be decided; never green.
    Unknown,
    /// A person should look: 需复核.
    Attention,
    /// Does not meet the clause: 不符合.
    Fail,
}

/// One threshold of a check.
#[derive(Debug)]
pub struct Param {
    /// Key in the config, snake case, unit last: `freeze_attention_s`.
    pub key: &'static str,
    /// Unit: `s`, `px`, `ratio`, `count`, `bits` …
    pub unit: &'static str,
    /// Value when the config is silent.
    pub default: f64,
    /// Smallest value that makes sense.
    pub min: f64,
    /// Largest value that makes sense.
    pub max: f64,
    /// What it means, which way is stricter.
    pub doc: StaticText,
    /// Where the default comes from: a standard, a paper, a measurement, or
    /// `named guess`.
    pub source: &'static str,
}

/// One check.
#[derive(Debug)]
pub struct Check {
    /// Permanent slug: `photo_blurred`. Never changes its meaning.
    pub code: &'static str,
    /// The clause that it serves.
    pub clause: ClauseId,
    /// Which outcome it contributes to.
    pub aspect: Aspect,
    /// The family of its evidence.
    pub family: Family,
    /// Strength that its findings have at most.
    pub strength: Strength,
    /// Which kinds of file it applies to.
    pub kinds: &'static [Kind],
    /// A title a lay reader understands: names the fault.
    pub title: StaticText,
    /// The sentence for a file in which nothing was found.
    pub pass: StaticText,
    /// What it finds, how it is measured, what it can mean, usual innocent
    /// causes, what would settle it. Markdown, a few short paragraphs.
    pub doc: StaticText,
    /// One command with which anybody can see it for himself; `{file}` stands
    /// for the file.
    pub see_yourself: &'static str,
    /// Its thresholds.
    pub params: &'static [Param],
    /// The judgement: pure.
    pub judge: fn(&Case<'_>) -> Ruling,
}

/// All that a check is told.
#[derive(Debug)]
pub struct Case<'a> {
    /// The facts.
    pub m: &'a Measurements,
    /// What is known about the file from outside it.
    pub context: &'a Context,
    /// When the recording ended, as far as can be told.
    pub capture: &'a CaptureEnd,
    /// The 24-hour rule's result, once the file is stored.
    pub saved: Option<&'a Saved>,
    /// The check's thresholds in force.
    pub limits: &'a Limits,
    /// What the files of each model have in common.
    pub exemplars: &'a Exemplars,
    /// Whom the admin trusts to vouch for a signer.
    pub anchors: &'a Anchors,
    /// Who writes what into media files.
    pub writers: &'a Writers,
}

/// The thresholds of one check in force, every declared key present.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits(pub BTreeMap<&'static str, f64>);

impl Limits {
    /// The declared defaults of `check`.
    pub fn defaults(check: &Check) -> Self {
        Self(check.params.iter().map(|p| (p.key, p.default)).collect())
    }

    /// The threshold `key`. A key that the check never declared is a fault of
    /// the program; it reads as NaN, which no comparison passes, and a test
    /// over the registry finds it.
    pub fn get(&self, key: &str) -> f64 {
        self.0.get(key).copied().unwrap_or(f64::NAN)
    }
}

/// What is known about a file from outside its bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// Original file name, decoded for reading.
    pub name: String,
    /// The moments of custody; `None` while judging in place.
    pub custody: Option<Custody>,
    /// When the file was received, if it was, though not yet stored.
    pub received: Option<DateTime<Utc>>,
    /// The file system's modification time: a hint, never decides.
    pub mtime: Option<DateTime<Utc>>,
    /// Zone of times that name none, seconds east of UTC.
    pub default_offset_s: i32,
    /// How far a device's clock may be off, seconds either way.
    pub clock_drift_s: f64,
    /// A calibrated clock offset of this device from a slate or a registry:
    /// true time minus device time, in seconds.
    pub device_offset_s: Option<f64>,
    /// The start of the name of the field that `device_offset_s` was read
    /// against, taken at its nominal zone: `mvhd`. It settles the zone of that
    /// field. `None`: against the local time that the device shows.
    pub device_offset_field: Option<String>,
    /// What is known of makers' habits with times.
    pub quirks: Vec<ClockQuirk>,
    /// The time limit of save.24h in seconds.
    pub save_limit_s: f64,
    /// The deferral's instant (具备条件时间), if a statement gives one.
    pub deferred_until: Option<DateTime<Utc>>,
    /// True if an exemption stands for the node.
    pub exempt: bool,
    /// True if the photos of its node must show writing that can be read, such as
    /// a nameplate.
    pub must_show_writing: bool,
    /// The declared visit.
    pub visit: Option<Visit>,
    /// The end of the last recording of the same visit, if it is known.
    pub visit_last_end: Option<DateTime<Utc>>,
    /// An earlier file with the same bytes.
    pub duplicate_of: Option<Twin>,
    /// Other recordings of the same case and node, earlier and later ones, that
    /// may be parts of one recording with this.
    pub siblings: Vec<Segment>,
    /// Earlier pictures that look like this one, the nearest first; `None` if
    /// nobody looked for them.
    pub alike: Option<Vec<Alike>>,
    /// Other files of the same case, and those on their way from the same folder;
    /// `None` if nobody looked.
    pub beside: Option<Vec<Beside>>,
    /// Where the other photos of the case say that they were taken; `None` if
    /// nobody looked.
    pub places: Option<Vec<Place>>,
}

/// The time window of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Start.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
}

/// An earlier file with the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// The ledger's number of that file.
    pub file: String,
    /// Its original name.
    pub name: String,
    /// Its case, if it has one.
    pub case: Option<String>,
    /// Whether it belongs to the same case as this one.
    pub same_case: bool,
}

/// An earlier picture that looks like this one, and is not the same file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alike {
    /// Which file it is, and whose.
    pub twin: Twin,
    /// True if every decoded pixel is the same.
    pub has_equal_pixels: bool,
    /// How many of the 256 bits of its likeness differ.
    pub distance_bits: u32,
    /// How this picture lies to it.
    pub position: Position,
    /// When it was taken, if that is known.
    pub captured: Option<DateTime<Utc>>,
    /// When it was received.
    pub received: Option<DateTime<Utc>>,
    /// True if both name the same device.
    pub is_same_device: bool,
}

/// Another file of the same case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Its original name.
    pub name: String,
    /// When it was taken, as far as is known yet.
    pub captured: Option<DateTime<Utc>>,
}

/// What a check says.
#[derive(Clone, Debug, PartialEq)]
pub enum Ruling {
    /// It does not concern this file.
    NotApplicable,
    /// It looked and found nothing.
    Pass,
    /// It could not look: never green.
    NotRun(Text),
    /// What it found.
    Found(Vec<Seen>),
}

/// A thing in the file that more than one check can see. Findings that rest on
/// the same thing are one sign, not two, whatever their families are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// One save by an imaging library: its comment, its way of coding, its
    /// segments.
    LibrarySave,
    /// The film inside a motion photo, whatever is odd about it.
    FilmInside,
    /// One program that encoded and wrapped a recording: its name in tags and
    /// in the coded pictures, and what it writes wherever sound starts before
    /// the pictures.
    WrappingProgram,
}

/// What a supporting sign of editing does that has no partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alone {
    /// It is told and decides nothing.
    #[default]
    Told,
    /// A person should look: it is rare in camera originals and quickly looked
    /// at. It does not make the file inconsistent; the machine cannot tell.
    AsksForAPerson,
}

/// One thing that a check saw. Code, clause, aspect and family are added by
/// the judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What it says of the file.
    pub level: Level,
    /// Its weight; never above the check's own.
    pub strength: Strength,
    /// Where in time.
    pub spans: Vec<Span>,
    /// Where in the picture.
    pub regions: Vec<Region>,
    /// The measured value.
    pub measured: Option<f64>,
    /// The limit that it was held against.
    pub limit: Option<f64>,
    /// Unit of both; empty if there is neither.
    pub unit: &'static str,
    /// One sentence with the numbers.
    pub text: Text,
    /// What it rests on, if other checks may rest on the same.
    pub evidence: Option<Evidence>,
    /// What it does without a partner, if it is a supporting sign of editing.
    pub alone: Alone,
}

impl Seen {
    /// A thing seen without place or number; add them with struct update.
    pub fn new(level: Level, strength: Strength, text: Text) -> Self {
        Self {
            level,
            strength,
            spans: Vec::new(),
            regions: Vec::new(),
            measured: None,
            limit: None,
            unit: "",
            text,
            evidence: None,
            alone: Alone::Told,
        }
    }

    /// The same, resting on `evidence`.
    pub fn resting_on(self, evidence: Evidence) -> Self {
        Self {
            evidence: Some(evidence),
            ..self
        }
    }

    /// The same, asking for a person even without a partner.
    pub fn asking_alone(self) -> Self {
        Self {
            alone: Alone::AsksForAPerson,
            ..self
        }
    }
}

/// One finding as the report carries it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The check's permanent slug.
    pub code: String,
    /// Clause id of requirements.md.
    pub clause: String,
    /// Which outcome it contributes to.
    pub aspect: Aspect,
    /// What it says of the file.
    pub level: Level,
    /// Its weight as evidence.
    pub strength: Strength,
    /// What it rests on.
    pub family: Family,
    /// Where in time.
    pub spans: Vec<Span>,
    /// Where in the picture.
    pub regions: Vec<Region>,
    /// The measured value.
    pub measured: Option<f64>,
    /// The limit that it was held against.
    pub limit: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// One sentence with the numbers.
    pub text: Text,
}

/// A check that could not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckNotRun {
    /// The check's slug.
    pub code: String,
    /// Why.
    pub why: Text,
}
