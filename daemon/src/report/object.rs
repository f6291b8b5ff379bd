//! The report object `unbroken.report/1`: the contract with everybody outside.
//! Fields are only ever added; a change of meaning makes a new schema.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use unbroken_probes::capture::{Candidate, Grade};
use unbroken_probes::check::{CheckNotRun, Finding};
use unbroken_probes::deadline::{Saved, SavedResult};
use unbroken_probes::judge::{Judgement, Outcome, Verdict};
use unbroken_probes::measurements::{Kind, Measurements};
use unbroken_probes::segment::whole::WholeRecording;

use crate::port::digest::Digests;

/// The schema of this shape.
pub const SCHEMA: &str = "unbroken.report/1";

/// One report on one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `unbroken.report/1`.
    pub schema: String,
    /// Which program made it.
    pub tool: Tool,
    /// When it was made; `null` in `check`, whose answer depends on the file alone.
    pub made: Option<DateTime<Utc>>,
    /// Revision of the report on this file, from 1; `null` in `check`.
    pub revision: Option<u32>,
    /// Hash of the rules in force.
    pub rules: String,
    /// The file.
    pub file: FileFacts,
    /// When the recording ended.
    pub capture: Capture,
    /// The 24-hour rule; `null` in `check`.
    pub saved: Option<SavedFacts>,
    /// Where it belongs; `null` if that is not known.
    pub case: Option<CaseFacts>,
    /// Where its bytes are and how they were kept; `null` in `check`.
    pub custody: Option<CustodyFacts>,
    /// Where the measurements over time are kept; `null` in `check`, and where
    /// there are none.
    #[serde(default)]
    pub series: Option<SeriesFacts>,
    /// The recording of which the file is one part of several, as far as they
    /// were known when the report was made; `null` if it stands alone.
    #[serde(default)]
    pub recording: Option<WholeRecording>,
    /// The three outcomes, never mixed.
    pub outcome: Outcome,
    /// The worst of them, by the rule in config.
    pub verdict: Verdict,
    /// What was found, the weightiest first.
    pub findings: Vec<Finding>,
    /// What could not be checked, and why. Never green.
    pub not_run: Vec<CheckNotRun>,
    /// Codes of the checks that looked and found nothing.
    pub passed: Vec<String>,
    /// The facts on which all this rests; where the picture was taken is left out.
    pub measurements: Measurements,
}

/// The program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Version of `unbroken`.
    pub version: String,
    /// Version of FFmpeg's libraries, where they were used.
    pub ffmpeg: Option<String>,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileFacts {
    /// The ledger's number of the file; `null` in `check`.
    pub id: Option<String>,
    /// Original name, decoded for reading.
    pub name: String,
    /// Original name as bytes, in hex.
    pub name_hex: String,
    /// Original path in the share (or as given to `check`), decoded.
    pub path: String,
    /// The official name; `null` until it has one.
    pub official: Option<String>,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 in hex.
    pub blake3: String,
    /// SHA-256 in hex.
    pub sha256: String,
    /// SM3 (GB/T 32905) in hex; `null` if switched off.
    pub sm3: Option<String>,
    /// What it is, by its bytes.
    pub kind: Kind,
}

/// When the recording ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Capture {
    /// Not before.
    pub earliest: Option<DateTime<Utc>>,
    /// Not after.
    pub latest: Option<DateTime<Utc>>,
    /// The field that decided.
    pub source: Option<String>,
    /// How far it can be trusted.
    pub grade: Grade,
    /// Every admissible reading.
    pub candidates: Vec<Candidate>,
}

/// The 24-hour rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SavedFacts {
    /// First seen in the share.
    pub seen: DateTime<Utc>,
    /// Complete and stable in the share.
    pub received: DateTime<Utc>,
    /// Durable and read back.
    pub stored: DateTime<Utc>,
    /// Smallest possible latency, seconds.
    pub latency_min_s: Option<f64>,
    /// Largest possible latency, seconds.
    pub latency_max_s: Option<f64>,
    /// The team's share of it, smallest, seconds.
    pub team_min_s: Option<f64>,
    /// The team's share of it, largest, seconds.
    pub team_max_s: Option<f64>,
    /// The system's share of it, seconds.
    pub system_s: f64,
    /// True if only the system's share made it late.
    pub late_by_system: bool,
    /// The result.
    pub result: SavedResult,
}

impl From<&Saved> for SavedFacts {
    fn from(s: &Saved) -> Self {
        Self {
            seen: s.seen,
            received: s.received,
            stored: s.stored,
            latency_min_s: s.latency_min_s,
            latency_max_s: s.latency_max_s,
            team_min_s: s.team_min_s,
            team_max_s: s.team_max_s,
            system_s: s.system_s,
            late_by_system: s.late_by_system,
            result: s.result,
        }
    }
}

/// Where the file belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseFacts {
    /// The case's number, folded; `null` while it is to be confirmed.
    pub number: Option<String>,
    /// `serial` (业务流水号) or `notice` (监管通知书编号).
    pub kind: Option<String>,
    /// The record node's code.
    pub node: Option<String>,
    /// The record node's name, Chinese.
    pub node_name: Option<String>,
    /// `assigned`, `to_confirm` (待确认) or `unclaimed` (待认领).
    pub state: String,
    /// Which signs said so: `folder`, `name`, `case.toml` …
    pub by: Vec<String>,
    /// What disagrees, in words, Chinese.
    pub conflicts: Vec<String>,
    /// What was declared and not understood, in words, Chinese.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// A number that may be meant; a person decides.
    #[serde(default)]
    pub suggestion: Option<String>,
}

/// The object with the measurements over time, `unbroken.series/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesFacts {
    /// Its key, beside the evidence.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// Where the bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustodyFacts {
    /// The store.
    pub store: String,
    /// The object's key.
    pub key: String,
    /// The object's version, where the store keeps versions.
    pub version: Option<String>,
    /// When it was read back and equal to the source.
    pub verified: DateTime<Utc>,
    /// The file that first brought these bytes, if it was another.
    pub same_as: Option<String>,
    /// How the sandbox of the prober was set: `on` or `off`.
    pub sandbox: String,
}

/// All that a report is made of.
pub struct Parts<'a> {
    /// The ledger's number.
    pub id: Option<String>,
    /// Original name as bytes.
    pub name: &'a [u8],
    /// Original name, decoded.
    pub name_read: String,
    /// Original path, decoded.
    pub path: String,
    /// The official name.
    pub official: Option<String>,
    /// The digests.
    pub digests: &'a Digests,
    /// When it is made, and its revision.
    pub made: Option<(DateTime<Utc>, u32)>,
    /// Hash of the rules.
    pub rules: String,
    /// Where it belongs.
    pub case: Option<CaseFacts>,
    /// Where its bytes are.
    pub custody: Option<CustodyFacts>,
    /// The measurements over time.
    pub series: Option<SeriesFacts>,
    /// The facts.
    pub measurements: Measurements,
    /// The opinion.
    pub judgement: Judgement,
}

/// Puts the parts together; decides nothing.
pub fn report(parts: Parts<'_>) -> Report {
    let Parts {
        measurements,
        judgement,
        digests,
        ..
    } = parts;
    Report {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ffmpeg: measurements.ffmpeg.clone(),
        },
        made: parts.made.map(|(at, _)| at),
        revision: parts.made.map(|(_, revision)| revision),
        rules: parts.rules,
        file: FileFacts {
            id: parts.id,
            name: parts.name_read,
            name_hex: hex::encode(parts.name),
            path: parts.path,
            official: parts.official,
            bytes: digests.size_bytes,
            blake3: digests.blake3.clone(),
            sha256: digests.sha256.clone(),
            sm3: digests.sm3.clone(),
            kind: measurements.kind,
        },
        capture: Capture {
            earliest: judgement.capture.earliest,
            latest: judgement.capture.latest,
            source: judgement.capture.source,
            grade: judgement.capture.grade,
            candidates: judgement.capture.candidates,
        },
        saved: judgement.saved.as_ref().map(SavedFacts::from),
        case: parts.case,
        custody: parts.custody,
        series: parts.series,
        recording: judgement.recording,
        outcome: judgement.outcome,
        verdict: judgement.verdict,
        findings: judgement.findings,
        not_run: judgement.not_run,
        passed: judgement.passed.into_iter().map(str::to_owned).collect(),
        measurements: shown(measurements),
    }
}

/// The facts as everybody with the report may read them: without where the
/// picture was taken, and without the bits that serve only to search with.
fn shown(mut measurements: Measurements) -> Measurements {
    measurements.position = None;
    let likeness = measurements
        .photo
        .as_mut()
        .and_then(|photo| photo.likeness.as_mut());
    if let Some(likeness) = likeness {
        likeness.windows.clear();
    }
    measurements
}

/// The JSON Schema of [`Report`], for docs/report.schema.json.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
