use unbroken_probes::check::{Context, Family, Strength};
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measure::metadata::Exif;
use unbroken_probes::measure::video::Video;
use unbroken_probes::measurements::{Kind, Measurements, NotRun, Region, Span, Track};
use unbroken_probes::segment::whole::{RecordingPart, Seam, SeamKind, WholeRecording};
use unbroken_probes::text::Text;

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
        name_read: name.to_owned(),
        path: format!("YW1/{name}"),
        official: None,
        digests: &digests,
        made: None,
        rules: "rules".to_owned(),
        case: None,
        custody: None,
        series: None,
        measurements,
        judgement,
    })
}

#[test]
fn a_hostile_name_is_only_text() {
    let page = page(
        &report("<script>alert('x')</script>\n\u{202e}.jpg", Kind::Photo),
        &[],
        &[],
    )
    .unwrap();
    assert!(!page.contains("<script"));
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn the_same_report_gives_the_same_page_and_nothing_from_outside() {
    let report = report("a.mp4", Kind::Video);
    let first = page(&report, &[("frame".to_owned(), 1500, vec![1, 2, 3])], &[]).unwrap();
    let again = page(&report, &[("frame".to_owned(), 1500, vec![1, 2, 3])], &[]).unwrap();
    assert_eq!(first, again);
    assert!(first.contains("data:image/jpeg;base64,AQID"));
    for outside in ["http://", "https://", "<link", "<script", "@import"] {
        assert!(!first.contains(outside), "{outside}");
    }
}

#[test]
fn unknown_is_never_green() {
    let page = page(&report("a.bin", Kind::Unreadable), &[], &[]).unwrap();
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

fn found(code: &str, spans: Vec<Span>, regions: Vec<Region>) -> Finding {
    Finding {
        code: code.to_owned(),
        clause: "photo.clear".to_owned(),
        aspect: Aspect::Quality,
        level: Level::Attention,
        strength: Strength::Fact,
        family: Family::Picture,
        spans,
        regions,
        measured: None,
        limit: None,
        unit: String::new(),
        text: Text::new("看这里。", "Look here."),
    }
}

fn span(start_s: f64, end_s: f64) -> Span {
    Span { start_s, end_s }
}

#[test]
fn suspicious_regions_are_drawn_on_the_photo_where_they_are() {
    let mut blurred = report("a.jpg", Kind::Photo);
    let region = |x, w| Region {
        x,
        y: 0.5,
        w,
        h: 0.25,
    };
    // The second reaches beyond the edge, the third lies beyond it.
    let regions = vec![region(0.25, 0.125), region(0.9, 0.2), region(1.5, 0.1)];
    blurred.findings = vec![found("photo_blurred", Vec::new(), regions)];
    let page = page(&blurred, &[("photo".to_owned(), 0, vec![1])], &[]).unwrap();
    for place in [
        r#"x="250.0" y="500.0" width="125.0" height="250.0""#,
        r#"x="900.0" y="500.0" width="100.0" height="250.0""#,
    ] {
        assert!(page.contains(place), "{place}");
    }
    assert_eq!(page.matches("<rect class=\"attention\"").count(), 2);
}

#[test]
fn error_levels_are_shown_for_the_eye_with_what_speaks_of_edits_on_them() {
    let mut spliced = report("a.jpg", Kind::Photo);
    let region = |x| Region {
        x,
        y: 0.5,
        w: 0.1,
        h: 0.1,
    };
    let grid = Finding {
        aspect: Aspect::Integrity,
        ..found("foreign_jpeg_grid", Vec::new(), vec![region(0.25)])
    };
    spliced.findings = vec![grid, found("photo_blurred", Vec::new(), vec![region(0.5)])];
    let stills = [("photo", 1), ("error_level", 2)].map(|(l, n)| (l.to_owned(), 0, vec![n]));
    let page = page(&spliced, &stills, &[]).unwrap();
    assert!(page.contains("仅供目视") && page.contains("for the eye only"));
    assert_eq!(page.matches(r#"x="250.0""#).count(), 2);
    assert_eq!(page.matches(r#"x="500.0""#).count(), 1);
}

#[test]
fn both_sides_of_a_step_are_shown_where_a_finding_begins_or_ends_with_it() {
    let mut film = report("a.mp4", Kind::Video);
    let sides = [
        ("before".to_owned(), 9_960, vec![1]),
        ("after".to_owned(), 10_000, vec![2]),
    ];
    let shown = |film: &Report| page(film, &sides, &[]).unwrap().matches("<figure>").count();
    assert_eq!(shown(&film), 0);
    film.findings = vec![found("video_blurred", vec![span(0.0, 60.0)], Vec::new())];
    assert_eq!(shown(&film), 0, "the step is not what it speaks of");
    film.findings = vec![found("video_cut", vec![span(9.96, 10.0)], Vec::new())];
    assert_eq!(shown(&film), 2);
    let page = page(&film, &sides, &[]).unwrap();
    assert!(page.contains("切点之前") && page.contains("after the step"));
}

#[test]
fn a_still_says_what_was_found_at_its_moment_and_only_there() {
    let mut film = report("a.mp4", Kind::Video);
    film.findings = vec![found("video_frozen", vec![span(40.0, 50.0)], Vec::new())];
    let shown_at = |at_ms| Picture::of(&("frame".to_owned(), at_ms, vec![1]), &film);
    for (at_ms, is_flagged) in [
        (39_000, false),
        (39_990, true),
        (45_000, true),
        (50_100, false),
    ] {
        assert_eq!(!shown_at(at_ms).shows.is_empty(), is_flagged, "{at_ms}");
    }
}

#[test]
fn the_time_axis_is_as_long_as_was_measured() {
    let mut film = report("a.mp4", Kind::Video);
    assert_eq!(axis_s(&film), Some(100.0), "nothing measured: as stated");
    film.measurements.video = Some(Video {
        duration_s: 20.0,
        ..Video::default()
    });
    assert_eq!(axis_s(&film), Some(20.0));
    film.findings = vec![found("truncated", vec![span(20.0, 30.0)], Vec::new())];
    assert_eq!(axis_s(&film), Some(30.0), "no span is left outside");
}

#[test]
fn what_could_not_be_measured_and_damaged_metadata_are_said() {
    let mut broken = report("a.jpg", Kind::Photo);
    broken.measurements.not_run = vec![NotRun {
        instrument: "thumbnail".to_owned(),
        why: "the picture ended early".to_owned(),
    }];
    broken.measurements.exif = Some(Exif {
        damage: vec!["Truncated IFD".to_owned()],
        ..Exif::default()
    });
    broken.measurements.decoding.messages = vec!["premature end".to_owned()];
    let page = page(&broken, &[], &[]).unwrap();
    for said in ["the picture ended early", "Truncated IFD", "premature end"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn metadata_cannot_turn_the_writing() {
    let mut hostile = report("a.jpg", Kind::Photo);
    hostile.measurements.device.model = Some("\u{202e}txt\u{2066}".to_owned());
    hostile.file.official = Some("x\u{061c}.jpg".to_owned());
    let mut quoting = found("editor_trace", Vec::new(), Vec::new());
    quoting.text = Text::new("写着\u{202d}甲", "it says \u{200f}a");
    hostile.findings = vec![quoting];
    let page = page(&hostile, &[], &[]).unwrap();
    let turning = ['\u{202e}', '\u{2066}', '\u{061c}', '\u{202d}', '\u{200f}'];
    assert!(!page.contains(turning));
}

#[test]
fn parts_of_one_recording_stand_in_a_table_with_their_seams() {
    let mut report = report("REC_0002.MP4", Kind::Video);
    assert!(
        !page(&report, &[], &[])
            .unwrap()
            .contains("同一次录制的分段")
    );
    report.recording = Some(WholeRecording {
        part: 2,
        parts: ["REC_0001.MP4", "REC_0002.MP4", "REC_0004.MP4"]
            .map(|name| RecordingPart {
                name: name.to_owned(),
                start_s: 301.0,
                duration_s: 300.0,
            })
            .to_vec(),
        seams: vec![
            Seam {
                gap_low_s: 0.0,
                gap_high_s: 2.0,
                numbers_left_out: 0,
                kind: SeamKind::Short,
            },
            Seam {
                gap_low_s: 300.0,
                gap_high_s: 302.0,
                numbers_left_out: 1,
                kind: SeamKind::Long,
            },
        ],
        covered_s: 900.0,
        span_low_s: 1200.0,
        span_high_s: 1204.0,
        usual: None,
    });
    let page = page(&report, &[], &[]).unwrap();
    for words in [
        "3 段中的第 2 段",
        "<strong>REC_0002.MP4</strong>",
        "<td class=\"attention\">300.0 至 302.0 秒,异常,可能缺少一段,缺 1 个编号",
        "Part 2 of the 3",
    ] {
        assert!(page.contains(words), "{words}");
    }
}
