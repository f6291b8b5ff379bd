//! The contract of [`Ledger`], written against `&dyn Ledger` so that every
//! adapter can be held to it; and what only the SQLite ledger promises.

#![allow(
    clippy::unwrap_used,
    reason = "in a test, a failure to set up is a failure"
)]

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::{ConnectOptions as _, Connection as _};
use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::life::{Effect, Event, State};
use unbroken::port::digest::Digests;
use unbroken::port::fault::Fault;
use unbroken::port::ledger::*;
use unbroken::port::share::{Fingerprint, RelPath};
use unbroken::port::store::{ObjectKey, Upload};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_764_000_000 + seconds, 123_456_000).unwrap()
}

fn notice(path: &[u8]) -> Notice {
    Notice {
        share: "drop".into(),
        path: RelPath::new(path).unwrap(),
        fingerprint: Fingerprint {
            dev: 1,
            ino: u64::MAX,
            size_bytes: 10,
            mtime_ns: -5,
            ctime_ns: 7,
            blocks: 8,
        },
        state: State::Seen,
        why: None,
    }
}

fn digests(letter: char) -> Digests {
    Digests {
        size_bytes: 10,
        blake3: letter.to_string().repeat(64),
        sha256: "b".repeat(64),
        sm3: None,
    }
}

fn step(id: FileId, from: State, event: Event) -> Advance {
    Advance {
        id,
        from,
        event,
        at: at(60),
        change: Change::default(),
        detail: json!({}),
    }
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

const ROAD: [(State, Event); 8] = [
    (State::Seen, Event::Passed),
    (State::Settled, Event::Copied),
    (State::Staged, Event::Measured),
    (State::Probed, Event::Ruled),
    (State::Judged, Event::Titled),
    (State::Named, Event::Saved),
    (State::Stored, Event::Published),
    (State::Reported, Event::SourceRemoved),
];

/// Walks a file down the whole road with all that is written on it.
async fn walk(ledger: &dyn Ledger, id: FileId, letter: char) -> FileRow {
    for (from, event) in ROAD {
        let mut step = step(id, from, event);
        match event {
            Event::Passed => step.change.received = Some(at(1)),
            Event::Copied => step.change.digests = Some(digests(letter)),
            Event::Measured => {
                step.change.measured = Some(Measured {
                    measurements: json!({"schema": "m/1", "blur": 0.25}),
                    stills: vec![("first".into(), 40, vec![0xff, 0xd8, 0])],
                });
            }
            Event::Ruled => {
                step.change.verdict = Some("pass".into());
                step.change.capture = Some(Between {
                    earliest: None,
                    latest: Some(at(0)),
                });
            }
            Event::Titled => {
                step.change.assignment = Some(json!({"number": "N1", "node": "A"}));
                step.change.official = Some("N1_A_001.jpg".into());
            }
            Event::Saved => {
                step.change.stored = Some(at(2));
                step.change.object = Some(key("evidence/a"));
            }
            Event::Published => {
                step.change.report = Some(ReportRow {
                    revision: 1,
                    at: at(3),
                    rules: "r".into(),
                    report: json!({"schema": "unbroken.report/1"}),
                    json_key: key("reports/a.json"),
                    html_key: key("reports/a.html"),
                });
            }
            _ => {}
        }
        ledger.begin(id, from.owed(), at(50)).await.unwrap();
        ledger.advance(step).await.unwrap();
    }
    ledger.file(id).await.unwrap().unwrap()
}

async fn the_road(ledger: &dyn Ledger) {
    let mut ignored = notice(b"Thumbs.db");
    ignored.state = State::Ignored;
    let notices = [notice(b"a/\xff.jpg"), notice(b"b.jpg"), ignored];
    let ids = ledger.notice(at(0), &notices).await.unwrap();
    assert_eq!(ids, [FileId(1), FileId(2), FileId(3)]);
    assert_eq!(ledger.waiting().await.unwrap().len(), 2);
    let known = ledger.known().await.unwrap();
    assert_eq!(known.len(), 3);
    assert_eq!(known[0].path.as_bytes(), b"a/\xff.jpg");
    assert_eq!(known[0].fingerprint, notices[0].fingerprint);

    let row = walk(ledger, ids[0], 'a').await;
    assert_eq!(row.state, State::Released);
    assert_eq!((row.seen, row.received), (at(0), Some(at(1))));
    assert_eq!(row.stored, Some(at(2)));
    assert_eq!(row.digests, Some(digests('a')));
    assert_eq!(
        (row.lease_held, row.complete, row.held),
        (false, true, false)
    );
    assert_eq!(row.official.as_deref(), Some("N1_A_001.jpg"));
    assert_eq!(row.object, Some(key("evidence/a")));
    assert_eq!(
        (row.capture_earliest, row.capture_latest),
        (None, Some(at(0)))
    );
    assert_eq!(row.report_revision, Some(1));
    assert_eq!(ledger.report(ids[0]).await.unwrap().unwrap().at, at(3));
    walk(ledger, ids[1], 'a').await;
    let mut later = ledger.report(ids[1]).await.unwrap().unwrap();
    let entered = ledger.enter_report(ids[1], at(70), "fail", &later).await;
    assert!(entered.is_err(), "a revision is entered once");
    later.revision = 2;
    ledger
        .enter_report(ids[1], at(70), "fail", &later)
        .await
        .unwrap();
    let row = ledger.file(ids[1]).await.unwrap().unwrap();
    assert_eq!(
        (row.report_revision, row.verdict.as_deref()),
        (Some(2), Some("fail"))
    );
    assert!(
        ledger
            .enter_report(ids[2], at(70), "fail", &later)
            .await
            .is_err()
    );

    let measured = ledger
        .measured(&digests('a').blake3)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(measured.measurements["blur"], 0.25);
    assert_eq!(
        measured.stills[0],
        ("first".into(), 40, vec![0xff, 0xd8, 0])
    );
    assert_eq!(ledger.measured_after("", 10).await.unwrap().len(), 1);
    assert!(
        ledger
            .measured(&digests('c').blake3)
            .await
            .unwrap()
            .is_none()
    );
    let same = ledger.with_content(&digests('a').blake3, 9).await.unwrap();
    assert_eq!(same.iter().map(|r| r.id).collect::<Vec<_>>(), ids[..2]);

    let counts = ledger.counts().await.unwrap();
    assert_eq!(counts.by_state, [(State::Released, 2), (State::Ignored, 1)]);
    assert_eq!((counts.aliases, counts.held), (1, 0));
    assert_eq!(
        counts.by_verdict,
        [("fail".to_owned(), 1), ("pass".to_owned(), 1)]
    );
    let mut filter = Filter {
        case_number: Some("N1".into()),
        limit: 9,
        ..Filter::default()
    };
    let listed = ledger.list(&filter).await.unwrap();
    assert_eq!(
        listed.iter().map(|r| r.id).collect::<Vec<_>>(),
        [ids[1], ids[0]]
    );
    filter.before = Some(ids[1]);
    assert_eq!(ledger.list(&filter).await.unwrap().len(), 1);
    filter.case_number = Some("N2".into());
    assert!(ledger.list(&filter).await.unwrap().is_empty());

    let history = ledger.history(ids[0]).await.unwrap();
    assert_eq!(history.len(), 1 + 2 * ROAD.len());
    assert_eq!(
        (history[0].kind.as_str(), history[1].kind.as_str()),
        ("noticed", "began")
    );
    assert!(history[4].detail.contains(&digests('a').blake3));
    let check = ledger.check_chain().await.unwrap();
    assert_eq!(
        (check.events, check.broken),
        (4 + 4 * ROAD.len() as u64, None)
    );
}

async fn failures_and_holding(ledger: &dyn Ledger) {
    let id = ledger.notice(at(0), &[notice(b"f.mp4")]).await.unwrap()[0];
    ledger.wait_for(id, at(1), "growing").await.unwrap();
    ledger.wait_for(id, at(2), "growing").await.unwrap();
    assert_eq!(ledger.history(id).await.unwrap().len(), 2);
    assert!(ledger.due(at(9), 9).await.unwrap().is_empty());
    ledger
        .advance(step(id, State::Seen, Event::Passed))
        .await
        .unwrap();
    assert_eq!(ledger.due(at(9), 9).await.unwrap()[0].waiting, None);

    ledger
        .failed(id, at(3), "store down", at(10))
        .await
        .unwrap();
    let before = at(10) - TimeDelta::microseconds(1);
    assert!(ledger.due(before, 9).await.unwrap().is_empty());
    let row = ledger.due(at(10), 9).await.unwrap().remove(0);
    assert_eq!(
        (row.attempts, row.trouble.as_deref()),
        (1, Some("store down"))
    );

    ledger.hold(id, at(11), "refused").await.unwrap();
    assert!(ledger.due(at(99), 9).await.unwrap().is_empty());
    assert_eq!(ledger.counts().await.unwrap().held, 1);
    assert_eq!(ledger.resume(None, at(12)).await.unwrap(), 1);
    assert_eq!(ledger.resume(Some(id), at(12)).await.unwrap(), 0);
    let row = ledger.due(at(12), 9).await.unwrap().remove(0);
    assert_eq!((row.attempts, row.held, row.not_before), (0, false, None));

    ledger.failed(id, at(13), "again", at(14)).await.unwrap();
    let mut copied = step(id, State::Settled, Event::Copied);
    copied.change.digests = Some(digests('d'));
    let row = ledger.advance(copied).await.unwrap();
    assert_eq!((row.attempts, row.trouble, row.not_before), (0, None, None));
    assert_eq!(ledger.check_chain().await.unwrap().broken, None);
}

/// What is refused changes nothing: neither the file nor the chain.
async fn refusals(ledger: &dyn Ledger) {
    let id = ledger.notice(at(0), &[notice(b"g.jpg")]).await.unwrap()[0];
    let events = ledger.check_chain().await.unwrap().events;
    let is_final = |fault: Fault| matches!(fault, Fault::Final(_));
    let stale = ledger
        .advance(step(id, State::Settled, Event::Copied))
        .await;
    assert!(is_final(stale.unwrap_err()));
    let no_row = ledger.advance(step(id, State::Seen, Event::Saved)).await;
    assert!(is_final(no_row.unwrap_err()));
    let nobody = ledger
        .advance(step(FileId(999), State::Seen, Event::Passed))
        .await;
    assert!(is_final(nobody.unwrap_err()));
    assert!(is_final(
        ledger.begin(id, Effect::Store, at(1)).await.unwrap_err()
    ));
    assert!(is_final(
        ledger
            .note(at(1), None, "Bad kind", json!(1))
            .await
            .unwrap_err()
    ));
    let mut bad = notice(b"h.jpg");
    bad.state = State::Stored;
    let both = [notice(b"i.jpg"), bad];
    assert!(is_final(ledger.notice(at(1), &both).await.unwrap_err()));
    assert_eq!(ledger.check_chain().await.unwrap().events, events);
    assert_eq!(ledger.file(id).await.unwrap().unwrap().state, State::Seen);
}

async fn objects_numbers_uploads(ledger: &dyn Ledger) {
    let ids = ledger
        .notice(at(0), &[notice(b"x"), notice(b"y")])
        .await
        .unwrap();
    for (id, given) in [(ids[0], 1), (ids[1], 2), (ids[0], 1)] {
        assert_eq!(ledger.number("N1/A", id, at(1)).await.unwrap(), given);
    }
    assert_eq!(ledger.number("N1/B", ids[1], at(1)).await.unwrap(), 1);

    let mut row = ObjectRow {
        key: key("evidence/q"),
        kind: "evidence".into(),
        store: "directory:/s".into(),
        version: None,
        digests: digests('e'),
        verified: at(5),
    };
    ledger.enter_object(at(5), &row).await.unwrap();
    let events = ledger.check_chain().await.unwrap().events;
    let first = row.clone();
    row.verified = at(6);
    ledger.enter_object(at(6), &row).await.unwrap();
    assert_eq!(ledger.check_chain().await.unwrap().events, events);
    row.digests.sha256 = "c".repeat(64);
    assert!(matches!(
        ledger.enter_object(at(6), &row).await,
        Err(Fault::Final(_))
    ));
    let found = ledger.evidence(&digests('e').blake3).await.unwrap();
    assert_eq!(found.as_ref(), Some(&first));
    assert_eq!(
        ledger.objects_after("evidence/p", 9).await.unwrap(),
        [first]
    );
    assert!(
        ledger
            .objects_after("evidence/q", 9)
            .await
            .unwrap()
            .is_empty()
    );

    let mut upload = Upload {
        upload_id: "u".into(),
        part_bytes: 5,
        parts: vec![],
    };
    let place = key("evidence/big");
    assert_eq!(ledger.load(&place).await.unwrap(), None);
    ledger.save(&place, &upload).await.unwrap();
    upload.parts.push((1, "etag".into(), "sum".into()));
    ledger.save(&place, &upload).await.unwrap();
    assert_eq!(ledger.load(&place).await.unwrap(), Some(upload));
    ledger.clear(&place).await.unwrap();
    assert_eq!(ledger.load(&place).await.unwrap(), None);
}

async fn two_drives(ledger: &dyn Ledger) {
    let id = ledger.notice(at(0), &[notice(b"race")]).await.unwrap()[0];
    let (a, b) = tokio::join!(
        ledger.advance(step(id, State::Seen, Event::Passed)),
        ledger.advance(step(id, State::Seen, Event::Passed)),
    );
    assert!(a.is_ok() != b.is_ok(), "exactly one drive moves the file");
    assert_eq!(ledger.history(id).await.unwrap().len(), 2);
}

async fn open(folder: &Path) -> SqliteLedger {
    SqliteLedger::open(&folder.join("ledger.db")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    let folder = || tempfile::tempdir().unwrap();
    the_road(&open(folder().path()).await).await;
    failures_and_holding(&open(folder().path()).await).await;
    refusals(&open(folder().path()).await).await;
    objects_numbers_uploads(&open(folder().path()).await).await;
    two_drives(&open(folder().path()).await).await;
}

#[tokio::test]
async fn what_was_committed_survives_a_drop_and_the_lock_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path()).await;
    let id = ledger.notice(at(0), &[notice(b"a")]).await.unwrap()[0];
    let second = SqliteLedger::open(&folder.path().join("ledger.db")).await;
    let why = second.unwrap_err().to_string();
    assert!(
        why.contains(&format!("process {}", std::process::id())),
        "{why}"
    );
    drop(ledger);
    let ledger = open(folder.path()).await;
    assert_eq!(ledger.file(id).await.unwrap().unwrap().state, State::Seen);
    assert_eq!(
        ledger.notice(at(1), &[notice(b"b")]).await.unwrap(),
        [FileId(2)]
    );
    assert_eq!(ledger.check_chain().await.unwrap().broken, None);
}

/// Changes the closed ledger behind its back.
async fn tamper(folder: &Path, statements: &'static str) -> Result<(), sqlx::Error> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("ledger.db"));
    let mut raw = options.connect().await?;
    let done = sqlx::raw_sql(statements).execute(&mut raw).await;
    raw.close().await?;
    done.map(|_| ())
}

#[tokio::test]
async fn tampering_shows() {
    for (statements, broken) in [
        ("UPDATE events SET detail = '{}' WHERE seq = 2", 2),
        ("UPDATE events SET at_us = at_us + 1 WHERE seq = 3", 3),
        ("DELETE FROM events WHERE seq = 2", 3),
        ("DELETE FROM events WHERE seq >= 3", 3),
        ("DELETE FROM events", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path()).await;
        for path in [b"a", b"b", b"c", b"d"] {
            ledger.notice(at(0), &[notice(path)]).await.unwrap();
        }
        ledger.close().await;
        assert!(
            tamper(folder.path(), statements).await.is_err(),
            "the triggers stand guard"
        );
        let drop = "DROP TRIGGER events_never_change; DROP TRIGGER events_never_go";
        tamper(folder.path(), drop).await.unwrap();
        tamper(folder.path(), statements).await.unwrap();
        let check = open(folder.path()).await.check_chain().await.unwrap();
        assert_eq!(check.broken.map(|b| b.0), Some(broken), "{statements}");
    }
}

#[tokio::test]
async fn a_ledger_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    tamper(folder.path(), newer).await.unwrap();
    let refused = SqliteLedger::open(&folder.path().join("ledger.db")).await;
    assert!(refused.unwrap_err().to_string().contains("newer program"));
}

#[tokio::test]
async fn a_hundred_thousand_files_are_entered_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path()).await;
    let notices: Vec<_> = (0..100_000)
        .map(|n| notice(format!("visit/{n:06}.jpg").as_bytes()))
        .collect();
    let ids = ledger.notice(at(0), &notices).await.unwrap();
    assert_eq!(ids.last(), Some(&FileId(100_000)));
    let check = ledger.check_chain().await.unwrap();
    assert_eq!((check.events, check.broken), (100_000, None));
}
