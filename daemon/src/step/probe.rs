//! Measures the private copy, once for each content.

use serde_json::json;
use unbroken_probes::measurements::{Kind, Measurements, NotRun, PROBE_STOPPED, SCHEMA};
use unbroken_probes::probe::{Probed, Wants};

use super::Happened;
use crate::cases::readable_name;
use crate::house::House;
use crate::life::Event;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::ledger::{Change, FileRow, Measured};
use crate::port::prober::Probe;

/// How often a probe that was killed from outside is tried again, with the
/// pauses of any passing fault, before the file is said to be unexamined.
const KILLED_ATTEMPTS_MAX: u32 = 5;

/// The digests of a file that was staged; without them the program is wrong.
pub(crate) fn digests_of(row: &FileRow) -> Result<&Digests, Fault> {
    row.digests.as_ref().ok_or_else(|| {
        Fault::Final(format!(
            "{} is {} and has no digests; a fault of the program",
            row.id, row.state
        ))
    })
}

/// Measures, or finds the measurements of the same bytes.
pub async fn probe(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let digests = digests_of(row)?;
    if house.ledger.measured(&digests.blake3).await?.is_some() {
        return Ok(Happened::just(
            Event::Measured,
            json!({"same_content": true}),
        ));
    }
    let staged = house.state.staged(row.id);
    match std::fs::metadata(&staged) {
        Ok(meta) if meta.len() == digests.size_bytes => {}
        Ok(meta) => {
            return Ok(Happened::just(
                Event::StagingLost,
                json!({"bytes": meta.len(), "expected_bytes": digests.size_bytes}),
            ));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Happened::just(
                Event::StagingLost,
                json!({"why": "missing"}),
            ));
        }
        Err(error) => return Err(error.into()),
    }
    let config = house.config();
    let wants = Wants {
        name: readable_name(row.path.name()).text,
        still_long_side_px: u32::try_from(config.report.still_long_side_px).unwrap_or(u32::MAX),
        stills_count: u32::try_from(config.report.stills_count).unwrap_or(u32::MAX),
        depth: unbroken_probes::probe::Depth::Full,
    };
    let probed = match house.prober.probe(&staged, &wants).await? {
        Probe::Measured(probed) => *probed,
        Probe::Broke { why } => {
            tracing::warn!(file = %row.id, path = %row.path, why, "the file broke the prober");
            broken(&why, digests.size_bytes)
        }
        Probe::Killed { why } if row.attempts < KILLED_ATTEMPTS_MAX => {
            return Err(Fault::Fleeting(format!(
                "probing {} {why}; free memory, or lower `probe` memory and the number of probes at once",
                row.path
            )));
        }
        Probe::Stopped { why } | Probe::Killed { why } => {
            tracing::warn!(file = %row.id, path = %row.path, why, "the probe was stopped, not by the file");
            stopped(&why, digests.size_bytes)
        }
    };
    let kind = probed.measurements.kind;
    let measurements = serde_json::to_value(&probed.measurements)
        .map_err(|e| Fault::Final(format!("the measurements cannot be written: {e}")))?;
    Ok(Happened {
        event: Event::Measured,
        detail: json!({"kind": kind, "instruments": probed.measurements.instruments}),
        change: Change {
            measured: Some(Measured {
                measurements,
                stills: probed
                    .stills
                    .into_iter()
                    .map(|s| (s.label, s.at_ms, s.jpeg))
                    .collect(),
                series: probed.series,
            }),
            ..Change::default()
        },
    })
}

/// What is known of a file that broke the prober: that it did.
pub fn broken(why: &str, size_bytes: u64) -> Probed {
    unmeasured("probe", why, size_bytes)
}

/// What is known of a file whose probe was stopped, though not by the file:
/// nothing, and that is no fault of the file.
pub fn stopped(why: &str, size_bytes: u64) -> Probed {
    unmeasured(PROBE_STOPPED, why, size_bytes)
}

fn unmeasured(instrument: &str, why: &str, size_bytes: u64) -> Probed {
    Probed {
        measurements: Measurements {
            schema: SCHEMA.to_owned(),
            kind: Kind::Unreadable,
            size_bytes,
            not_run: vec![NotRun {
                instrument: instrument.to_owned(),
                why: why.to_owned(),
            }],
            ..Measurements::default()
        },
        stills: Vec::new(),
        series: Vec::new(),
    }
}
