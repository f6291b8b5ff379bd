//! Judges measurements by the rules in force. The same code judges in place
//! (`check`), for the first time, for the report, and again (`rejudge`).

use chrono::{DateTime, Utc};
use serde_json::json;
use unbroken_config::Config;
use unbroken_probes::check::{Context, Twin, Visit};
use unbroken_probes::judge::{Judgement, Verdict, judge as judge_by_rules};
use unbroken_probes::measurements::{Custody, Measurements};

use super::Happened;
use super::probe::digests_of;
use crate::cases::{Assignment, readable_name};
use crate::house::House;
use crate::life::Event;
use crate::port::fault::Fault;
use crate::port::ledger::{Between, Change, FileRow};

/// First judgement: before the file is stored, so that deadlines are known.
pub async fn judge(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let measurements = measurements_of(house, row).await?;
    let config = house.config();
    let context = context(house, &config, row, None).await?;
    let judgement = judge_by_rules(&measurements, &config.rules(), &context);
    Ok(Happened {
        event: Event::Ruled,
        detail: json!({
            "verdict": judgement.verdict,
            "rules": config.hash(),
            "findings": codes(&judgement),
        }),
        change: Change {
            verdict: Some(verdict_word(judgement.verdict)),
            capture: Some(Between {
                earliest: judgement.capture.earliest,
                latest: judgement.capture.latest,
            }),
            ..Change::default()
        },
    })
}

/// The stored measurements of a file's content.
pub async fn measurements_of(house: &House, row: &FileRow) -> Result<Measurements, Fault> {
    let blake3 = &digests_of(row)?.blake3;
    let measured = house.ledger.measured(blake3).await?.ok_or_else(|| {
        Fault::Final(format!(
            "{} has no measurements; a fault of the program",
            row.id
        ))
    })?;
    serde_json::from_value(measured.measurements).map_err(|e| {
        Fault::Final(format!(
            "the measurements of {} cannot be read: {e}",
            row.id
        ))
    })
}

/// All that is known of a file from outside its bytes.
pub async fn context(
    house: &House,
    config: &Config,
    row: &FileRow,
    stored: Option<DateTime<Utc>>,
) -> Result<Context, Fault> {
    let custody = match (row.received, stored) {
        (Some(received), Some(stored)) => Some(Custody {
            seen: row.seen,
            received,
            stored,
        }),
        _ => None,
    };
    let assignment = Assignment::of(row);
    Ok(Context {
        custody,
        received: row.received,
        mtime: DateTime::from_timestamp_nanos(row.fingerprint.mtime_ns).into(),
        visit: assignment.as_ref().and_then(|a| a.visit).map(|v| Visit {
            start: v.start,
            end: v.end,
        }),
        duplicate_of: twin(house, row, assignment.as_ref()).await?,
        ..context_in_place(config, row.path.name())
    })
}

/// What is known of a file that is judged where it lies.
pub fn context_in_place(config: &Config, name: &[u8]) -> Context {
    Context {
        name: readable_name(name).text,
        default_offset_s: config.default_offset_s(),
        clock_drift_s: config.time.clock_drift_s.0,
        quirks: config.clock_quirks(),
        save_limit_s: config.save_limit_s(),
        ..Context::default()
    }
}

/// Most earlier files of the same bytes that are looked at.
const TWINS_MAX: u32 = 1000;

/// The earlier file of the same bytes that matters most: one of another case,
/// else one of this case, else the first.
async fn twin(
    house: &House,
    row: &FileRow,
    assignment: Option<&Assignment>,
) -> Result<Option<Twin>, Fault> {
    let blake3 = &digests_of(row)?.blake3;
    let own = assignment.and_then(|a| a.number.as_deref());
    let earlier = house.ledger.with_content(blake3, TWINS_MAX).await?;
    let twins = earlier
        .into_iter()
        .filter(|twin| twin.id < row.id)
        .map(|twin| {
            let case = Assignment::of(&twin).and_then(|a| a.number);
            Twin {
                file: twin.id.to_string(),
                name: readable_name(twin.path.name()).text,
                same_case: case.is_some() && case.as_deref() == own,
                case,
            }
        });
    // Of equals the first counts, which is the oldest.
    Ok(twins.min_by_key(|twin| match (twin.same_case, &twin.case) {
        (false, Some(_)) => 0,
        (true, _) => 1,
        (false, None) => 2,
    }))
}

/// The verdict's stable word.
pub fn verdict_word(verdict: Verdict) -> String {
    format!("{verdict:?}").to_lowercase()
}

/// The codes found, for the chain.
pub fn codes(judgement: &Judgement) -> Vec<&str> {
    judgement.findings.iter().map(|f| f.code.as_str()).collect()
}
