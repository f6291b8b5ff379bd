//! Pictures that look alike are found again: while the ledger is open, after it
//! was closed, and with those that came in between.

use serde_json::{Value, json};
use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::life::{Event, State};
use unbroken::likeness::Asked;
use unbroken::port::ledger::{Ledger as _, Measured};
use unbroken_probes::measure::likeness::{Bits, Likeness};

use crate::fixtures::{at, digests, notice, open, step, tamper};

/// Enters a content that looks like this.
async fn enter(ledger: &SqliteLedger, letter: char, bits: Bits, firm_bits: u32, pixels: &str) {
    let path = format!("{letter}.jpg");
    let id = ledger
        .notice(at(0), &[notice(path.as_bytes())])
        .await
        .unwrap()[0];
    let mut passed = step(id, State::Seen, Event::Passed);
    passed.change.received = Some(at(1));
    ledger.advance(passed).await.unwrap();
    let mut copied = step(id, State::Settled, Event::Copied);
    copied.change.digests = Some(digests(letter));
    ledger.advance(copied).await.unwrap();
    let likeness = Likeness {
        bits,
        firm_bits,
        ..Likeness::default()
    };
    let mut measured = step(id, State::Staged, Event::Measured);
    measured.change.measured = Some(Measured {
        measurements: json!({
            "schema": "unbroken.measurements/1",
            "photo": {"likeness": likeness, "pixels_blake3": pixels},
        }),
        stills: Vec::new(),
        series: Vec::new(),
    });
    ledger.advance(measured).await.unwrap();
}

fn bits(ones: u32) -> Bits {
    let low = 1_u64.checked_shl(ones).map_or(u64::MAX, |bit| bit - 1);
    Bits([low, 7, 0, 0x55])
}

async fn found(ledger: &SqliteLedger, positions: Vec<Bits>) -> Vec<(String, u32, usize)> {
    let asked = Asked {
        positions,
        windows: Vec::new(),
    };
    let alike = ledger.alike(asked, 31, 10).await.unwrap();
    let short = |blake3: String| blake3.chars().take(1).collect();
    alike
        .into_iter()
        .map(|a| (short(a.blake3), a.distance_bits, a.asked))
        .collect()
}

#[tokio::test]
async fn like_pictures_are_found_nearest_first_whenever_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path()).await;
    assert!(found(&ledger, vec![bits(0)]).await.is_empty());
    enter(&ledger, 'a', bits(0), 200, "p").await;
    enter(&ledger, 'b', bits(31), 200, "q").await;
    enter(&ledger, 'c', bits(40), 200, "p").await;
    // A wall looks like every wall and is not kept.
    enter(&ledger, 'd', bits(0), 20, "r").await;
    let expected = [("a".to_owned(), 0, 1), ("b".to_owned(), 31, 1)];
    assert_eq!(found(&ledger, vec![Bits([!0; 4]), bits(0)]).await, expected);
    ledger.close().await;

    let ledger = open(folder.path()).await;
    enter(&ledger, 'e', bits(1), 200, "s").await;
    let again = found(&ledger, vec![bits(0)]).await;
    let names: Vec<&str> = again.iter().map(|(name, _, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "e", "b"]);
    let mut equal = ledger.with_pixels("p", 10).await.unwrap();
    equal.sort();
    assert_eq!(equal, [digests('a').blake3, digests('c').blake3]);
    assert!(ledger.with_pixels("x", 10).await.unwrap().is_empty());
    ledger.close().await;
    let gone = tamper(folder.path(), "DELETE FROM likenesses").await;
    assert!(gone.is_err(), "the numbers of the index must stay");
}

#[tokio::test]
async fn what_was_measured_before_there_were_likenesses_is_not_among_them() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path()).await;
    enter(&ledger, 'a', bits(0), 200, "p").await;
    let measured: Value = ledger
        .measured(&digests('a').blake3)
        .await
        .unwrap()
        .unwrap()
        .measurements;
    ledger.close().await;
    // Schema 3: the same measurements, and nothing beside them.
    let back_to_3 = "DROP TABLE likenesses; DROP TABLE equal_pixels; DROP TABLE places; \
                     DELETE FROM _sqlx_migrations WHERE version > 3";
    tamper(folder.path(), back_to_3).await.unwrap();
    let ledger = open(folder.path()).await;
    assert!(found(&ledger, vec![bits(0)]).await.is_empty());
    let kept = ledger.measured(&digests('a').blake3).await.unwrap();
    assert_eq!(kept.unwrap().measurements, measured);
    assert!(ledger.check_chain().await.unwrap().broken.is_none());
    enter(&ledger, 'b', bits(0), 200, "p").await;
    assert_eq!(found(&ledger, vec![bits(0)]).await.len(), 1);
}
