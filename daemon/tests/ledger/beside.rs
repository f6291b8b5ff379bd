//! Commands that work on the ledger beside the daemon.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::life::{Event, State};
use unbroken::port::fault::Fault;
use unbroken::port::ledger::{FileId, Ledger};

use crate::contract::walk;
use crate::fixtures::{at, notice, open, step, tamper};

async fn beside(folder: &Path) -> Result<SqliteLedger, Fault> {
    SqliteLedger::open_beside(&folder.join("ledger.db")).await
}

#[tokio::test]
async fn it_reads_notes_and_resumes_while_the_daemon_has_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = open(folder.path()).await;
    let id = daemon.notice(at(0), &[notice(b"a")]).await.unwrap()[0];
    daemon
        .advance(step(id, State::Seen, Event::Passed))
        .await
        .unwrap();
    daemon.hold(id, at(1), "refused").await.unwrap();

    let beside = beside(folder.path()).await.unwrap();
    assert!(beside.file(id).await.unwrap().unwrap().held);
    beside.note(at(2), None, "looked", json!({})).await.unwrap();
    assert_eq!(beside.resume(None, at(3)).await.unwrap(), 1);
    assert_eq!(daemon.due(at(3), 9).await.unwrap()[0].id, id);
    daemon.note(at(4), None, "looked", json!({})).await.unwrap();
    let kinds: Vec<_> = daemon.history(id).await.unwrap();
    let kinds: Vec<_> = kinds.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["noticed", "advanced", "held", "resumed"]);
    for ledger in [&daemon, &beside] {
        let check = ledger.check_chain().await.unwrap();
        assert_eq!((check.events, check.broken), (6, None));
    }
}

/// Both write at once from many tasks: no event is lost, none stands twice, no
/// number is given twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_write_at_once_and_the_chain_holds() {
    const TASKS: i64 = 12;
    const ROUNDS: i64 = 10;
    let folder = tempfile::tempdir().unwrap();
    let daemon = Arc::new(open(folder.path()).await);
    let beside = Arc::new(beside(folder.path()).await.unwrap());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let ledger = if task % 2 == 0 { &daemon } else { &beside };
            let ledger = ledger.clone();
            tokio::spawn(async move {
                let mut given = Vec::new();
                for round in 0..ROUNDS {
                    let now = at(task * ROUNDS + round);
                    let path = format!("{task}/{round}.jpg");
                    let notices = [notice(path.as_bytes())];
                    let id = ledger.notice(now, &notices).await.unwrap()[0];
                    let number = ledger.number("N1/A", id, now).await.unwrap();
                    ledger
                        .note(now, Some(id), "noted", json!(round))
                        .await
                        .unwrap();
                    assert_eq!(ledger.history(id).await.unwrap().len(), 3);
                    given.push((id, number));
                }
                given
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for task in tasks {
        for (id, number) in task.await.unwrap() {
            ids.insert(id);
            numbers.insert(number);
        }
    }
    let files = TASKS * ROUNDS;
    assert_eq!(ids, (1..=files).map(FileId).collect());
    assert_eq!(numbers, (1..=u32::try_from(files).unwrap()).collect());
    let check = beside.check_chain().await.unwrap();
    assert_eq!(check.broken, None);
    assert_eq!(check.events, u64::try_from(3 * files).unwrap());
}

/// Judging again while somebody else does the same: one revision, one report.
#[tokio::test(flavor = "multi_thread")]
async fn one_revision_is_entered_by_one_program_only() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = open(folder.path()).await;
    let beside = beside(folder.path()).await.unwrap();
    let id = daemon.notice(at(0), &[notice(b"a")]).await.unwrap()[0];
    walk(&daemon, id, 'a').await;
    let mut report = daemon.report(id).await.unwrap().unwrap();
    for revision in 2..8 {
        report.revision = revision;
        let (a, b) = tokio::join!(
            daemon.enter_report(id, at(70), "fail", &report),
            beside.enter_report(id, at(70), "pass", &report),
        );
        let (entered, refused) = if a.is_ok() { ("fail", b) } else { ("pass", a) };
        assert!(matches!(refused, Err(Fault::Final(_))), "{refused:?}");
        let row = beside.file(id).await.unwrap().unwrap();
        assert_eq!(row.report_revision, Some(revision));
        assert_eq!(row.verdict.as_deref(), Some(entered));
    }
    let history = daemon.history(id).await.unwrap();
    let reported = history.iter().filter(|event| event.kind == "reported");
    assert_eq!(reported.count(), 6);
    assert_eq!(daemon.check_chain().await.unwrap().broken, None);
}

/// A mistyped config must not be answered by an empty ledger.
#[tokio::test]
async fn a_ledger_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for place in [path.clone(), folder.path().to_owned()] {
        let why = beside(&place).await.unwrap_err();
        assert!(matches!(why, Fault::Final(_)), "{why}");
        assert!(why.to_string().contains("unbroken run"), "{why}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    std::fs::write(folder.path().join("ledger.db"), []).unwrap();
    let why = beside(folder.path()).await.unwrap_err().to_string();
    assert!(why.contains("no ledger"), "{why}");
    let names = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 1);
}

const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                     execution_time) VALUES (9999, 'later', 1, x'00', 0)";

#[tokio::test]
async fn another_schema_is_refused_and_left_as_it_is() {
    for (statements, word) in [
        (NEWER, "newer program"),
        ("DELETE FROM _sqlx_migrations", "older program"),
        ("UPDATE _sqlx_migrations SET success = 0", "older program"),
        (
            "UPDATE _sqlx_migrations SET checksum = x'00'",
            "not one that this program knows",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).await.close().await;
        tamper(folder.path(), statements).await.unwrap();
        for _ in 0..2 {
            let why = beside(folder.path()).await.unwrap_err();
            assert!(matches!(why, Fault::Final(_)), "{why}");
            assert!(why.to_string().contains(word), "{statements}: {why}");
        }
    }
}

/// A long `rejudge` may outlive the daemon that it was started beside.
#[tokio::test]
async fn it_stops_writing_when_a_newer_program_takes_the_ledger_over() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await.close().await;
    let beside = beside(folder.path()).await.unwrap();
    beside.note(at(0), None, "noted", json!({})).await.unwrap();
    tamper(folder.path(), NEWER).await.unwrap();
    let why = beside.note(at(1), None, "noted", json!({})).await;
    assert!(why.unwrap_err().to_string().contains("newer program"));
    assert_eq!(beside.check_chain().await.unwrap().events, 1);
}
