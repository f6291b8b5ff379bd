//! A house whose ledger is a list of rows and whose other ports are never asked.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeZone, Utc};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use unbroken_config::Config;
use unbroken_probes::check::Context;
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measurements::{Kind, Measurements, Position};
use unbroken_probes::probe::Wants;

use crate::cases::readable_name;
use crate::house::{House, Ports, StateFolder};
use crate::life::{Effect, State};
use crate::likeness::Asked;
use crate::port::clock::Clock;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::ledger::{
    Advance, ChainCheck, ChainRow, Counts, FileId, FileRow, Filter, Known, Ledger, LooksAlike,
    Measured, Notice, ObjectRow, ReportRow, RowCheck,
};
use crate::port::prober::{Probe, Prober};
use crate::port::share::Fingerprint;
use crate::port::store::{Ability, ObjectKey, Put, ReadBack, Source, Store, Upload, UploadJournal};
use crate::report::object::{Parts, report};

/// The instant at which every test plays.
pub(super) const NOW_S: i64 = 1_775_980_800;

/// Time of day stands still; waiting is real.
struct StillClock;

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        Utc.timestamp_opt(NOW_S, 0).unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

pub(super) struct FakeLedger {
    rows: Vec<FileRow>,
    pub(super) fails: Arc<AtomicBool>,
}

/// A house around this ledger, and the folder of its state.
pub(super) fn house(ledger: FakeLedger) -> (tempfile::TempDir, Arc<House>) {
    let dir = tempfile::tempdir().unwrap();
    let ports = Ports {
        clock: Arc::new(StillClock),
        shares: Vec::new(),
        store: Arc::new(Unasked),
        ledger: Arc::new(ledger),
        prober: Arc::new(Unasked),
    };
    let (_, config) = watch::channel(Arc::new(Config::default()));
    let (told, _) = mpsc::channel(1);
    let state = StateFolder::open(dir.path()).unwrap();
    (dir, Arc::new(House::new(ports, state, config, told)))
}

fn unasked<T>() -> Result<T, Fault> {
    Err(Fault::Final("the pages do not ask this".to_owned()))
}

impl FakeLedger {
    pub(super) fn of(rows: Vec<FileRow>) -> Self {
        Self {
            rows,
            fails: Arc::default(),
        }
    }

    fn rows(&self) -> Result<&[FileRow], Fault> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(Fault::Fleeting("disk on fire".to_owned()));
        }
        Ok(&self.rows)
    }
}

fn fits(row: &FileRow, filter: &Filter) -> bool {
    let number = row.assignment.as_ref().and_then(|a| a["number"].as_str());
    (filter.states.is_empty() || filter.states.contains(&row.state))
        && (!filter.held || row.held)
        && (filter.verdict.is_none() || filter.verdict == row.verdict)
        && (filter.case_number.is_none() || filter.case_number.as_deref() == number)
        && filter.before.is_none_or(|before| row.id < before)
}

#[async_trait]
impl Ledger for FakeLedger {
    async fn known(&self) -> Result<Vec<Known>, Fault> {
        unasked()
    }
    async fn notice(&self, _: DateTime<Utc>, _: &[Notice]) -> Result<Vec<FileId>, Fault> {
        unasked()
    }
    async fn due(&self, _: DateTime<Utc>, _: u32) -> Result<Vec<FileRow>, Fault> {
        unasked()
    }
    async fn waiting(&self) -> Result<Vec<FileRow>, Fault> {
        let waits = |row: &&FileRow| row.state == State::Seen;
        Ok(self.rows()?.iter().filter(waits).cloned().collect())
    }
    async fn in_share(&self, _: &str) -> Result<Vec<(FileId, State)>, Fault> {
        unasked()
    }
    async fn touched(&self, _: FileId, _: DateTime<Utc>, _: Fingerprint) -> Result<(), Fault> {
        unasked()
    }
    async fn file(&self, id: FileId) -> Result<Option<FileRow>, Fault> {
        Ok(self.rows()?.iter().find(|row| row.id == id).cloned())
    }
    async fn list(&self, filter: &Filter) -> Result<Vec<FileRow>, Fault> {
        let rows = self.rows()?.iter().rev().filter(|row| fits(row, filter));
        Ok(rows.take(filter.limit as usize).cloned().collect())
    }
    async fn with_content(&self, _: &str, _: u32) -> Result<Vec<FileRow>, Fault> {
        Ok(Vec::new())
    }
    async fn begin(&self, _: FileId, _: Effect, _: DateTime<Utc>) -> Result<(), Fault> {
        unasked()
    }
    async fn advance(&self, _: Advance) -> Result<FileRow, Fault> {
        unasked()
    }
    async fn wait_for(&self, _: FileId, _: DateTime<Utc>, _: &str) -> Result<(), Fault> {
        unasked()
    }
    async fn postpone(
        &self,
        _: FileId,
        _: DateTime<Utc>,
        _: &str,
        _: DateTime<Utc>,
    ) -> Result<(), Fault> {
        unasked()
    }
    async fn failed(
        &self,
        _: FileId,
        _: DateTime<Utc>,
        _: &str,
        _: DateTime<Utc>,
    ) -> Result<(), Fault> {
        unasked()
    }
    async fn hold(&self, _: FileId, _: DateTime<Utc>, _: &str) -> Result<(), Fault> {
        unasked()
    }
    async fn resume(&self, _: Option<FileId>, _: DateTime<Utc>) -> Result<u64, Fault> {
        unasked()
    }
    async fn measured(&self, _: &str) -> Result<Option<Measured>, Fault> {
        Ok(None)
    }
    async fn measured_after(&self, _: &str, _: u32) -> Result<Vec<(String, Value)>, Fault> {
        unasked()
    }
    async fn alike(&self, _: Asked, _: u32, _: u32) -> Result<Vec<LooksAlike>, Fault> {
        unasked()
    }
    async fn with_pixels(&self, _: &str, _: u32) -> Result<Vec<String>, Fault> {
        unasked()
    }
    async fn places(&self, _: &str, _: FileId, _: u32) -> Result<Vec<Position>, Fault> {
        unasked()
    }
    async fn evidence(&self, _: &str, _: &str) -> Result<Option<ObjectRow>, Fault> {
        unasked()
    }
    async fn enter_object(&self, _: DateTime<Utc>, _: &ObjectRow) -> Result<(), Fault> {
        unasked()
    }
    async fn objects_after(&self, _: (&str, &str), _: u32) -> Result<Vec<ObjectRow>, Fault> {
        unasked()
    }
    async fn any_object(&self, _: &str) -> Result<Option<ObjectKey>, Fault> {
        unasked()
    }
    async fn upload_ids(&self) -> Result<HashSet<String>, Fault> {
        unasked()
    }
    async fn report(&self, id: FileId) -> Result<Option<ReportRow>, Fault> {
        let row = self.rows()?.iter().find(|row| row.id == id);
        Ok(row
            .filter(|row| row.report_revision.is_some())
            .map(report_on))
    }
    async fn enter_report(
        &self,
        _: FileId,
        _: DateTime<Utc>,
        _: &str,
        _: &ReportRow,
    ) -> Result<(), Fault> {
        unasked()
    }
    async fn number(&self, _: &str, _: FileId, _: DateTime<Utc>) -> Result<u32, Fault> {
        unasked()
    }
    async fn note(
        &self,
        _: DateTime<Utc>,
        _: Option<FileId>,
        _: &str,
        _: Value,
    ) -> Result<(), Fault> {
        unasked()
    }
    async fn history(&self, id: FileId) -> Result<Vec<ChainRow>, Fault> {
        Ok(vec![ChainRow {
            seq: 1,
            at: Utc.timestamp_opt(NOW_S, 0).unwrap(),
            file: Some(id),
            kind: "noticed".to_owned(),
            detail: "{\"path\":\"<script>\"}".to_owned(),
            prev_hash: "0".repeat(64),
            hash: "1".repeat(64),
        }])
    }
    async fn event(&self, _: i64) -> Result<Option<ChainRow>, Fault> {
        unasked()
    }
    async fn check_chain(&self) -> Result<ChainCheck, Fault> {
        unasked()
    }
    async fn check_rows(&self) -> Result<RowCheck, Fault> {
        unasked()
    }
    async fn counts(&self) -> Result<Counts, Fault> {
        let rows = self.rows()?;
        let mut counts = Counts {
            held: rows.iter().filter(|row| row.held).count() as u64,
            ..Counts::default()
        };
        for state in State::ALL {
            let files = rows.iter().filter(|row| row.state == state).count();
            counts.by_state.push((state, files as u64));
        }
        for verdict in ["pass", "unknown", "attention", "fail"] {
            let with = |row: &&FileRow| row.verdict.as_deref() == Some(verdict);
            let files = rows.iter().filter(with).count();
            counts.by_verdict.push((verdict.to_owned(), files as u64));
        }
        Ok(counts)
    }
}

fn report_on(row: &FileRow) -> ReportRow {
    let measurements = Measurements {
        kind: Kind::Photo,
        ..Measurements::default()
    };
    let judgement = judge(&measurements, &Rules::default(), &Context::default());
    let digests = Digests {
        size_bytes: 7,
        blake3: "b".repeat(64),
        sha256: "a".repeat(64),
        sm3: None,
    };
    let report = report(Parts {
        id: Some(row.id.to_string()),
        name: row.path.name(),
        name_read: readable_name(row.path.name()).text,
        path: row.path.to_string(),
        official: row.official.clone(),
        digests: &digests,
        made: None,
        rules: "rules".to_owned(),
        case: None,
        custody: None,
        series: None,
        measurements,
        judgement,
    });
    ReportRow {
        revision: 1,
        at: Utc.timestamp_opt(NOW_S, 0).unwrap(),
        rules: "rules".to_owned(),
        report: serde_json::to_value(report).unwrap(),
        json_key: ObjectKey::new("reports/a.json").unwrap(),
        html_key: ObjectKey::new("reports/a.html").unwrap(),
    }
}

#[async_trait]
impl UploadJournal for FakeLedger {
    async fn load(&self, _: &ObjectKey) -> Result<Option<Upload>, Fault> {
        unasked()
    }
    async fn save(&self, _: &ObjectKey, _: &Upload) -> Result<(), Fault> {
        unasked()
    }
    async fn clear(&self, _: &ObjectKey) -> Result<(), Fault> {
        unasked()
    }
}

/// Store and prober; the pages ask neither.
struct Unasked;

#[async_trait]
impl Store for Unasked {
    fn id(&self) -> &str {
        "unasked"
    }
    async fn create(
        &self,
        _: &ObjectKey,
        _: &Source,
        _: &Digests,
        _: &dyn UploadJournal,
    ) -> Result<Put, Fault> {
        unasked()
    }
    async fn read_back(
        &self,
        _: &ObjectKey,
        _: Option<&str>,
        _: bool,
    ) -> Result<Option<ReadBack>, Fault> {
        unasked()
    }
    async fn read_small(&self, _: &ObjectKey, _: u64) -> Result<Option<Bytes>, Fault> {
        unasked()
    }
    async fn doctor(&self) -> Result<Vec<Ability>, Fault> {
        unasked()
    }
}

#[async_trait]
impl Prober for Unasked {
    async fn probe(&self, _: &Path, _: &Wants) -> Result<Probe, Fault> {
        unasked()
    }
}
