//! What is entered stays as it is: after a drop, under tampering, in numbers,
//! bit for bit.

use serde_json::json;
use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::life::{Event, State};
use unbroken::port::ledger::{FileId, Ledger as _, Measured};

use crate::fixtures::{at, digests, notice, open, step, tamper};

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

/// Doubles of every size, among them those that a quick reader of JSON misses
/// by the last bit.
fn doubles() -> Vec<f64> {
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let spread = std::iter::repeat_with(move || {
        // xorshift64: the same numbers at every run.
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        f64::from_bits(bits)
    });
    let named = [
        0.1 + 0.2,
        -0.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::EPSILON,
        1.0 / 3.0,
        29.97002997002997,
    ];
    spread
        .filter(|value| value.is_finite())
        .take(2000)
        .chain(named)
        .collect()
}

#[tokio::test]
async fn measurements_read_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path()).await;
    let id = ledger.notice(at(0), &[notice(b"a")]).await.unwrap()[0];
    let passed = step(id, State::Seen, Event::Passed);
    ledger.advance(passed).await.unwrap();
    let mut copied = step(id, State::Settled, Event::Copied);
    copied.change.digests = Some(digests('a'));
    ledger.advance(copied).await.unwrap();
    let values = doubles();
    let mut measured = step(id, State::Staged, Event::Measured);
    measured.change.measured = Some(Measured {
        measurements: json!({"schema": "m/1", "values": values}),
        stills: Vec::new(),
        series: Vec::new(),
    });
    ledger.advance(measured).await.unwrap();
    let back = ledger
        .measured(&digests('a').blake3)
        .await
        .unwrap()
        .unwrap();
    let back: Vec<f64> = serde_json::from_value(back.measurements["values"].clone()).unwrap();
    assert_eq!(back.len(), values.len());
    for (back, value) in back.iter().zip(&values) {
        assert_eq!(back.to_bits(), value.to_bits(), "{value:e}");
    }
}
