//! Rows that were changed behind the chain's back are found, each of them, and
//! honest ones are not accused.

use serde_json::json;
use unbroken::life::State;
use unbroken::port::ledger::{Ledger as _, ObjectRow};

use crate::contract::walk;
use crate::fixtures::{at, digests, key, notice, open, tamper};

const GUARDS: &str = "DROP TRIGGER files_never_go; DROP TRIGGER contents_never_go; \
    DROP TRIGGER objects_never_change; DROP TRIGGER objects_never_go; \
    DROP TRIGGER reports_never_change; DROP TRIGGER reports_never_go; \
    DROP TRIGGER numbers_never_change; DROP TRIGGER numbers_never_go; \
    DROP TRIGGER likenesses_never_change; DROP TRIGGER likenesses_never_go;";

fn object(letter: char, store: &str) -> ObjectRow {
    ObjectRow {
        key: key(&format!("evidence/{letter}")),
        kind: "evidence".into(),
        store: store.into(),
        version: None,
        digests: digests(letter),
        verified: at(2),
    }
}

/// A ledger with a bit of everything that can happen to a file.
async fn filled(folder: &std::path::Path) {
    let ledger = open(folder).await;
    let mut ignored = notice(b"Thumbs.db");
    ignored.state = State::Ignored;
    let notices = [
        notice(b"a.jpg"),
        notice(b"b.jpg"),
        notice(b"c.jpg"),
        ignored,
    ];
    let ids = ledger.notice(at(0), &notices).await.unwrap();
    walk(&ledger, ids[0], 'a').await;
    // The same bytes again: measured twice, the last counts.
    walk(&ledger, ids[1], 'a').await;
    let mut later = ledger.report(ids[1]).await.unwrap().unwrap();
    later.revision = 2;
    ledger
        .enter_report(ids[1], at(70), "fail", &later)
        .await
        .unwrap();
    ledger.number("N1/A", ids[0], at(3)).await.unwrap();
    ledger.number("N1/A", ids[1], at(3)).await.unwrap();
    for store in ["directory:/x", "s3:y"] {
        ledger
            .enter_object(at(4), &object('a', store))
            .await
            .unwrap();
    }
    ledger.failed(ids[2], at(5), "no", at(6)).await.unwrap();
    ledger.hold(ids[2], at(7), "no").await.unwrap();
    ledger.resume(None, at(8)).await.unwrap();
    ledger.hold(ids[2], at(9), "no").await.unwrap();
    ledger.wait_for(ids[2], at(9), "quiet").await.unwrap();
    ledger
        .note(at(10), Some(ids[2]), "noted", json!({}))
        .await
        .unwrap();
    ledger.close().await;
}

#[tokio::test]
async fn honest_rows_are_not_accused() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let check = open(folder.path()).await.check_rows().await.unwrap();
    assert_eq!(check.misfits, [""; 0]);
    // Four files, one content, two objects.
    assert_eq!(check.rows, 7);
}

#[tokio::test]
async fn every_row_changed_behind_the_chains_back_is_found() {
    for (statement, word) in [
        ("UPDATE files SET verdict = 'pass' WHERE id = 2", "verdict"),
        (
            "UPDATE files SET stored_us = stored_us - 1 WHERE id = 1",
            "stored_us",
        ),
        (
            "UPDATE files SET received_us = NULL WHERE id = 1",
            "received_us",
        ),
        ("UPDATE files SET seen_us = 0 WHERE id = 4", "seen_us"),
        ("UPDATE files SET state = 'gone' WHERE id = 3", "state"),
        (
            "UPDATE files SET state = 'nonsense' WHERE id = 3",
            "nonsense",
        ),
        ("UPDATE files SET held = 0 WHERE id = 3", "held"),
        ("UPDATE files SET path = x'61' WHERE id = 4", "path_hex"),
        ("UPDATE files SET mtime_ns = 0 WHERE id = 4", "outside"),
        ("UPDATE files SET complete = 0 WHERE id = 1", "complete"),
        ("UPDATE files SET official = 'x' WHERE id = 1", "official"),
        (
            "UPDATE files SET assignment = '{}' WHERE id = 1",
            "assignment",
        ),
        ("UPDATE files SET object_key = 'x' WHERE id = 1", "object"),
        (
            "UPDATE files SET capture_latest_us = 1 WHERE id = 1",
            "capture_us",
        ),
        (
            "UPDATE files SET report_revision = 1 WHERE id = 2",
            "report_revision",
        ),
        ("UPDATE files SET blake3 = NULL WHERE id = 1", "digests"),
        ("UPDATE contents SET sha256 = 'c'", "digests"),
        (
            "UPDATE contents SET measurements = '{\"blur\":0.24}'",
            "measurements",
        ),
        ("UPDATE contents SET measurements = 'x'", "content"),
        ("UPDATE stills SET jpeg = x'00'", "stills"),
        ("DELETE FROM stills", "stills"),
        ("UPDATE series SET bytes = x'00'", "series"),
        ("DELETE FROM series", "series"),
        ("UPDATE likenesses SET bits = zeroblob(32)", "looks"),
        ("DELETE FROM likenesses", "looks"),
        (
            "INSERT INTO likenesses (blake3, bits) SELECT blake3, zeroblob(32) FROM contents \
             UNION SELECT blake3, randomblob(32) FROM contents",
            "looks",
        ),
        ("UPDATE equal_pixels SET pixels_blake3 = 'q'", "pixels"),
        ("DELETE FROM equal_pixels", "pixels"),
        ("UPDATE places SET latitude_udeg = 1", "place"),
        ("DELETE FROM places", "place"),
        (
            "UPDATE reports SET report = '{}' WHERE revision = 2",
            "revision 2",
        ),
        (
            "UPDATE reports SET at_us = 0 WHERE revision = 2",
            "revision 2",
        ),
        (
            "DELETE FROM reports WHERE revision = 2",
            "revision 2 is missing",
        ),
        (
            "INSERT INTO reports SELECT file, 9, at_us, rules, report, json_key, html_key \
          FROM reports WHERE file = 1",
            "revision 9 was entered without",
        ),
        ("UPDATE numbers SET number = 7 WHERE file = 2", "N1/A"),
        ("DELETE FROM numbers WHERE file = 2", "N1/A is missing"),
        (
            "UPDATE objects SET sha256 = 'c' WHERE store = 's3:y'",
            "in s3:y",
        ),
        ("DELETE FROM objects WHERE store = 's3:y'", "it has no row"),
        (
            "INSERT INTO objects SELECT 'other', kind, store, version, size_bytes, blake3, sha256, \
          sm3, verified_us FROM objects WHERE store = 's3:y'",
            "without an event",
        ),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM files WHERE id = 3",
            "F00000003",
        ),
        (
            "INSERT INTO files SELECT 9, share, path, dev, ino, size_bytes, mtime_ns, ctime_ns, \
          blocks, state, seen_us, received_us, stored_us, blake3, lease_held, complete, \
          assignment, case_number, official, object_key, report_revision, verdict, \
          capture_earliest_us, capture_latest_us, waiting, attempts, not_before_us, trouble, held \
          FROM files WHERE id = 1",
            "F00000009",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path()).await;
        tamper(folder.path(), GUARDS).await.unwrap();
        tamper(folder.path(), statement).await.unwrap();
        let ledger = open(folder.path()).await;
        let check = ledger.check_rows().await.unwrap();
        let found = check.misfits.join("\n");
        assert!(found.contains(word), "{statement}: {found:?}");
        assert_eq!(ledger.check_chain().await.unwrap().broken, None);
    }
}

#[tokio::test]
async fn all_faults_are_listed_not_only_the_first() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    tamper(folder.path(), GUARDS).await.unwrap();
    let many = "UPDATE files SET state = 'nonsense' WHERE id = 1; \
                UPDATE files SET verdict = 'pass' WHERE id = 2; \
                UPDATE objects SET sha256 = 'c' WHERE store = 's3:y'";
    tamper(folder.path(), many).await.unwrap();
    let check = open(folder.path()).await.check_rows().await.unwrap();
    let found = check.misfits.join("\n");
    for word in ["F00000001", "F00000002", "in s3:y"] {
        assert!(found.contains(word), "{word}: {found}");
    }
}

#[tokio::test]
async fn an_event_is_found_by_its_position() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let ledger = open(folder.path()).await;
    let check = ledger.check_chain().await.unwrap();
    let last = i64::try_from(check.events).unwrap();
    let event = ledger.event(last).await.unwrap().unwrap();
    assert_eq!(Some(event.hash), check.head);
    assert_eq!(ledger.event(last + 1).await.unwrap(), None);
}
