//! The contract of [`Ledger`], written against `&dyn Ledger` so that every
//! adapter can be held to it.

use chrono::TimeDelta;
use serde_json::json;
use unbroken::life::{Effect, Event, State};
use unbroken::port::fault::Fault;
use unbroken::port::ledger::*;
use unbroken::port::store::Upload;
use unbroken_probes::measure::likeness::{Bits, Likeness};

use crate::fixtures::{at, digests, key, notice, open, step};

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
pub async fn walk(ledger: &dyn Ledger, id: FileId, letter: char) -> FileRow {
    for (from, event) in ROAD {
        let mut step = step(id, from, event);
        match event {
            Event::Passed => step.change.received = Some(at(1)),
            Event::Copied => step.change.digests = Some(digests(letter)),
            Event::Measured => {
                step.change.measured = Some(Measured {
                    measurements: json!({
                        "schema": "m/1", "blur": 0.25,
                        "position": {"latitude_deg": 31.25, "longitude_deg": 121.5},
                        "photo": {
                            "likeness": Likeness { bits: Bits([7; 4]), firm_bits: 200, ..Likeness::default() },
                            "pixels_blake3": "p",
                        },
                    }),
                    stills: vec![("first".into(), 40, vec![0xff, 0xd8, 0])],
                    series: vec![1, 2, 3],
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
    assert_eq!(measured.series, [1, 2, 3]);
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
    // The same key in another store is another object: a content moves house.
    let moved = ObjectRow {
        store: "s3:b/p".into(),
        verified: at(7),
        ..first.clone()
    };
    ledger.enter_object(at(7), &moved).await.unwrap();
    let blake3 = digests('e').blake3;
    for (store, object) in [
        ("directory:/s", &first),
        ("s3:b/p", &moved),
        ("elsewhere", &first),
    ] {
        let found = ledger.evidence(&blake3, store).await.unwrap();
        assert_eq!(found.as_ref(), Some(object), "{store}");
    }
    for (after, objects) in [
        (("evidence/p", "z"), vec![first.clone(), moved.clone()]),
        (("evidence/q", "directory:/s"), vec![moved]),
        (("evidence/q", "s3:b/p"), vec![]),
    ] {
        let found = ledger.objects_after(after, 9).await.unwrap();
        assert_eq!(found, objects, "{after:?}");
    }

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

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    let folder = || tempfile::tempdir().unwrap();
    the_road(&open(folder().path()).await).await;
    failures_and_holding(&open(folder().path()).await).await;
    refusals(&open(folder().path()).await).await;
    objects_numbers_uploads(&open(folder().path()).await).await;
    two_drives(&open(folder().path()).await).await;
}
