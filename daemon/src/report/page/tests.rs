use unbroken_probes::check::Context;
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measurements::{Kind, Measurements, Span, Track};

use super::*;
use crate::port::digest::Digests;
use crate::report::object::{Parts, report as put_together};

fn report(name: &str, kind: Kind) -> Report {
    let measurements = Measurements {
        kind,
        tracks: vec![Track {
            duration_s: Some(100.0),
            ..Track::default()
        }],
        ..Measurements::default()
    };
    let judgement = judge(&measurements, &Rules::default(), &Context::default());
    let digests = Digests {
        size_bytes: 3,
        blake3: "b".repeat(64),
        sha256: "a".repeat(64),
        sm3: None,
    };
    put_together(Parts {
        id: Some("F00000001".to_owned()),
        name: name.as_bytes(),
        path: format!("YW1/{name}"),
        official: None,
        digests: &digests,
        made: None,
        rules: "rules".to_owned(),
        case: None,
        custody: None,
        measurements,
        judgement,
    })
}

#[test]
fn a_hostile_name_is_only_text() {
    let page = page(
        &report("<script>alert('x')</script>\n\u{202e}.jpg", Kind::Photo),
        &[],
    )
    .unwrap();
    assert!(!page.contains("<script"));
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn the_same_report_gives_the_same_page_and_nothing_from_outside() {
    let report = report("a.mp4", Kind::Video);
    let first = page(&report, &[("frame".to_owned(), 1500, vec![1, 2, 3])]).unwrap();
    let again = page(&report, &[("frame".to_owned(), 1500, vec![1, 2, 3])]).unwrap();
    assert_eq!(first, again);
    assert!(first.contains("data:image/jpeg;base64,AQID"));
    for outside in ["http://", "https://", "<link", "<script", "@import"] {
        assert!(!first.contains(outside), "{outside}");
    }
}

#[test]
fn unknown_is_never_green() {
    let page = page(&report("a.bin", Kind::Unreadable), &[]).unwrap();
    assert!(!page.contains("class=\"verdict pass\""));
}

#[test]
fn a_moment_of_no_length_can_still_be_seen_on_the_time_axis() {
    let bar = Bar::of(
        &Span {
            start_s: 100.0,
            end_s: 100.0,
        },
        100.0,
    );
    assert_eq!((bar.x.as_str(), bar.width.as_str()), ("957.0", "3.0"));
    let bar = Bar::of(
        &Span {
            start_s: 25.0,
            end_s: 50.0,
        },
        100.0,
    );
    assert_eq!((bar.x.as_str(), bar.width.as_str()), ("240.0", "240.0"));
}
