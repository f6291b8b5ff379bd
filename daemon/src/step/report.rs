//! Judges once more, now that it is known when the file was saved, and writes
//! the report: series, JSON and page beside the evidence, a line in the receipt.

use bytes::Bytes;
use serde_json::json;
use unbroken_config::keys::Sandbox;
use unbroken_probes::judge::judge as judge_by_rules;

use super::Happened;
use super::judge::{codes, context, measured_of, measurements_in, verdict_word};
use super::probe::digests_of;
use crate::adapter::digester::digest_reader;
use crate::cases::{Assignment, readable_name, readable_path};
use crate::house::{House, Told};
use crate::life::Event;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::ledger::{Between, Change, FileRow, ObjectRow, ReportRow};
use crate::port::store::{ObjectKey, Put, ReadBack, Source};
use crate::report::object::{CustodyFacts, Parts, Report, SeriesFacts, report as put_together};
use crate::report::page;

/// Most bytes that a report of ours may have when it is read back.
const REPORT_BYTES_MAX: u64 = 64 << 20;

/// Writes report and receipt.
pub async fn report(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let revision = row.report_revision.unwrap_or(0) + 1;
    let made = make(house, row, revision).await?;
    let (made, entered) = publish(house, row, made, revision).await?;
    house
        .tell(Told {
            row: row.clone(),
            report: made.clone(),
        })
        .await;
    Ok(Happened {
        event: Event::Published,
        detail: json!({
            "revision": revision, "verdict": made.verdict, "key": entered.json_key,
        }),
        change: Change {
            verdict: Some(verdict_word(made.verdict)),
            capture: Some(Between {
                earliest: made.capture.earliest,
                latest: made.capture.latest,
            }),
            report: Some(entered),
            ..Change::default()
        },
    })
}

/// Stores the series that a report names, its JSON and its page. Gives back the
/// report that counts.
pub async fn publish(
    house: &House,
    row: &FileRow,
    made: Report,
    revision: u32,
) -> Result<(Report, ReportRow), Fault> {
    let json_key = key(row, revision, "json")?;
    let html_key = key(row, revision, "html")?;
    let measured = house.ledger.measured(&digests_of(row)?.blake3).await?;
    let (stills, series) = measured
        .map(|measured| (measured.stills, measured.series))
        .unwrap_or_default();
    if made.series.is_some() {
        put_series(house, row, &series).await?;
    }
    let bytes = serde_json::to_vec_pretty(&made).map_err(wrong)?;
    let made = match put(house, &json_key, "report", bytes).await? {
        Put::Created { .. } => made,
        // An earlier attempt wrote it before a crash. What is stored counts, if
        // it is ours.
        Put::Taken => adopt_report(house, &json_key, &made).await?,
    };
    let page = page::page(&made, &stills, &series).map_err(wrong)?;
    if put(house, &html_key, "report", page.into_bytes()).await? == Put::Taken {
        adopt_page(house, &html_key, &made).await?;
    }
    let entered = ReportRow {
        revision,
        at: house.clock.now(),
        rules: made.rules.clone(),
        report: serde_json::to_value(&made).map_err(wrong)?,
        json_key,
        html_key,
    };
    Ok((made, entered))
}

/// Judges and puts the report together.
pub async fn make(house: &House, row: &FileRow, revision: u32) -> Result<Report, Fault> {
    let config = house.config();
    let measured = measured_of(house, row).await?;
    let series = series_facts(row, &measured.series)?;
    let measurements = measurements_in(row, measured)?;
    let context = context(house, &config, row, &measurements, row.stored).await?;
    let judgement = judge_by_rules(&measurements, &config.rules(), &context);
    tracing::debug!(file = %row.id, verdict = verdict_word(judgement.verdict), findings = ?codes(&judgement), "judged");
    let digests = digests_of(row)?;
    let object = house
        .ledger
        .evidence(&digests.blake3, house.store.id())
        .await?;
    let custody = object.map(|object| CustodyFacts {
        store: object.store,
        key: object.key.to_string(),
        version: object.version,
        verified: object.verified,
        same_as: context.duplicate_of.as_ref().map(|twin| twin.file.clone()),
        sandbox: match config.probe.sandbox {
            Sandbox::On => "on",
            Sandbox::Off => "off",
        }
        .to_owned(),
    });
    Ok(put_together(Parts {
        id: Some(row.id.to_string()),
        name: row.path.name(),
        name_read: readable_name(row.path.name()).text,
        path: readable_path(&row.path),
        official: row.official.clone(),
        digests,
        // The same at every attempt, so that a repeated attempt writes the
        // same bytes.
        made: row.stored.map(|stored| (stored, revision)),
        rules: config.hash(),
        case: Assignment::of(row).and_then(|assignment| assignment.facts(&config)),
        custody,
        series,
        measurements,
        judgement,
    }))
}

/// What a report says of the series; nothing was measured over time if it is empty.
fn series_facts(row: &FileRow, series: &[u8]) -> Result<Option<SeriesFacts>, Fault> {
    if series.is_empty() {
        return Ok(None);
    }
    let digests = digest_reader(series, false)?;
    Ok(Some(SeriesFacts {
        key: series_key(row, &digests.sha256)?.to_string(),
        bytes: digests.size_bytes,
        sha256: digests.sha256,
    }))
}

/// A later instrument may measure otherwise, so the series' own digest is in its name.
fn series_key(row: &FileRow, sha256: &str) -> Result<ObjectKey, Fault> {
    let short = sha256.get(..16).unwrap_or(sha256);
    beside(row, &format!("series.{short}"))
}

async fn put_series(house: &House, row: &FileRow, series: &[u8]) -> Result<(), Fault> {
    let digests = digest_reader(series, false)?;
    let key = series_key(row, &digests.sha256)?;
    if put(house, &key, "series", series.to_vec()).await? == Put::Taken {
        let (_, back) = standing(house, &key).await?;
        if back.digests.sha256 != digests.sha256 {
            return Err(not_ours(house, &key, "its bytes are others"));
        }
        enter(house, &key, "series", back.version, back.digests).await?;
    }
    Ok(())
}

/// Beside the evidence; one content may have come as several files, and each
/// has reports of its own.
fn key(row: &FileRow, revision: u32, extension: &str) -> Result<ObjectKey, Fault> {
    beside(row, &format!("{}.r{revision}.{extension}", row.id))
}

fn beside(row: &FileRow, name: &str) -> Result<ObjectKey, Fault> {
    ObjectKey::beside_original(&digests_of(row)?.blake3, name).ok_or_else(|| {
        Fault::Final(format!(
            "{} has a digest that is none; a fault of the program",
            row.id
        ))
    })
}

/// Stores one of our own small objects and enters it.
async fn put(house: &House, key: &ObjectKey, kind: &str, bytes: Vec<u8>) -> Result<Put, Fault> {
    let digests = digest_reader(bytes.as_slice(), false)?;
    let source = Source::Bytes(Bytes::from(bytes));
    let journal = house.ledger.as_ref();
    let put = house.store.create(key, &source, &digests, journal).await?;
    if let Put::Created { version } = &put {
        let back = house
            .store
            .read_back(key, version.as_deref(), false)
            .await?;
        if back.as_ref().map(|b| &b.digests.blake3) != Some(&digests.blake3) {
            return Err(Fault::Final(format!(
                "{key} does not read back as it was written; check {}",
                house.store.id()
            )));
        }
        enter(house, key, kind, version.clone(), digests).await?;
    }
    Ok(put)
}

/// Enters one of our own objects. The ledger refuses one that it knows with other bytes.
async fn enter(
    house: &House,
    key: &ObjectKey,
    kind: &str,
    version: Option<String>,
    digests: Digests,
) -> Result<(), Fault> {
    let row = ObjectRow {
        key: key.clone(),
        kind: kind.to_owned(),
        store: house.store.id().to_owned(),
        version,
        digests,
        verified: house.clock.now(),
    };
    house.ledger.enter_object(house.clock.now(), &row).await
}

/// Takes over the report that stands under this key, if it is one on this file,
/// its content and this revision.
async fn adopt_report(house: &House, key: &ObjectKey, made: &Report) -> Result<Report, Fault> {
    let (bytes, back) = standing(house, key).await?;
    let stored: Report =
        serde_json::from_slice(&bytes).map_err(|error| not_ours(house, key, &error.to_string()))?;
    let (theirs, ours) = (&stored.file, &made.file);
    let same = [
        ("schema", stored.schema == made.schema),
        ("revision", stored.revision == made.revision),
        ("file.id", theirs.id == ours.id),
        ("file.bytes", theirs.bytes == ours.bytes),
        ("file.blake3", theirs.blake3 == ours.blake3),
        ("file.sha256", theirs.sha256 == ours.sha256),
    ];
    match same.iter().find(|(_, same)| !same) {
        None => {
            enter(house, key, "report", back.version, back.digests).await?;
            Ok(stored)
        }
        Some((field, _)) => Err(not_ours(house, key, &format!("{field} is another"))),
    }
}

/// Takes over the page that stands under this key, if it tells of this file and
/// its content. Its words may be those of an earlier program.
async fn adopt_page(house: &House, key: &ObjectKey, made: &Report) -> Result<(), Fault> {
    let (bytes, back) = standing(house, key).await?;
    let page = String::from_utf8_lossy(&bytes);
    let id = made.file.id.as_deref().unwrap_or_default();
    if page.contains(id) && page.contains(&made.file.blake3) {
        return enter(house, key, "report", back.version, back.digests).await;
    }
    Err(not_ours(house, key, "it tells of another file"))
}

/// The object that stands under this key: its bytes and what they read back as.
async fn standing(house: &House, key: &ObjectKey) -> Result<(Bytes, ReadBack), Fault> {
    let gone = || Fault::Fleeting(format!("{key} is taken and cannot be read"));
    let back = house.store.read_back(key, None, false).await?;
    let back = back.ok_or_else(gone)?;
    let bytes = house.store.read_small(key, REPORT_BYTES_MAX).await?;
    let bytes = bytes.ok_or_else(gone)?;
    if digest_reader(bytes.as_ref(), false)?.blake3 != back.digests.blake3 {
        return Err(Fault::Fleeting(format!(
            "{key} changed while it was read; a store of ours never changes an object"
        )));
    }
    Ok((bytes, back))
}

fn not_ours(house: &House, key: &ObjectKey, why: &str) -> Fault {
    Fault::Final(format!(
        "in {} something stands under {key} that is no report of ours on this file ({why}). \
         Nothing was changed. Look at who writes there, then resume this file",
        house.store.id()
    ))
}

fn wrong(error: impl std::fmt::Display) -> Fault {
    Fault::Final(format!(
        "the report cannot be written: {error}; a fault of the program"
    ))
}
