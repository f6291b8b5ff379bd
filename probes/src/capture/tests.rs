//! Readings of single files, one question a test.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::measurements::{Container, Device, Kind, Moment, Zone};

const CHINA_S: i32 = 8 * 3600;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn reading(field: &str, local: &str, zone: Zone, moment: Moment) -> TimeReading {
    TimeReading {
        field: field.to_owned(),
        written: local.to_owned(),
        local: local.parse().unwrap(),
        zone,
        moment,
    }
}

fn context(drift_s: f64) -> Context {
    Context {
        default_offset_s: CHINA_S,
        clock_drift_s: drift_s,
        ..Context::default()
    }
}

fn received(mut context: Context, at: &str) -> Context {
    context.received = Some(utc(at));
    context
}

fn photo(times: Vec<TimeReading>) -> Measurements {
    Measurements {
        kind: Kind::Photo,
        times,
        ..Measurements::default()
    }
}

fn video(times: Vec<TimeReading>, duration_s: Option<f64>) -> Measurements {
    Measurements {
        kind: Kind::Video,
        times,
        container: Some(Container {
            duration_s,
            ..Container::default()
        }),
        ..Measurements::default()
    }
}

fn exif(local: &str) -> TimeReading {
    reading("exif.DateTimeOriginal", local, Zone::Local, Moment::Capture)
}

fn mvhd(local: &str) -> TimeReading {
    reading(
        "mvhd.creation",
        local,
        Zone::NominallyUtc,
        Moment::StartOrEnd,
    )
}

fn interval(end: &CaptureEnd) -> (DateTime<Utc>, DateTime<Utc>) {
    (end.earliest.unwrap(), end.latest.unwrap())
}

fn admitted(end: &CaptureEnd) -> usize {
    end.candidates.iter().filter(|c| c.admitted).count()
}

#[test]
fn no_time_at_all() {
    let end = capture_end(&photo(vec![]), &context(300.0));
    assert_eq!(end, CaptureEnd::default());
}

#[test]
fn local_time_is_widened_by_the_drift() {
    let end = capture_end(&photo(vec![exif("2026-04-12T09:00:00")]), &context(300.0));
    assert_eq!(end.grade, Grade::B);
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T00:55:00Z"), utc("2026-04-12T01:05:00Z"))
    );
}

#[test]
fn a_written_zone_outranks_the_default_but_not_the_drift() {
    let written = reading(
        "exif.DateTimeOriginal",
        "2026-04-12T09:00:00",
        Zone::Offset(9 * 3600),
        Moment::Capture,
    );
    let end = capture_end(&photo(vec![written]), &context(60.0));
    assert_eq!(end.grade, Grade::A);
    assert_eq!(
        interval(&end),
        (utc("2026-04-11T23:59:00Z"), utc("2026-04-12T00:01:00Z"))
    );
}

#[test]
fn a_container_time_has_four_readings() {
    let end = capture_end(
        &video(vec![mvhd("2026-04-12T09:00:00")], Some(600.0)),
        &context(0.0),
    );
    assert_eq!((end.grade, admitted(&end)), (Grade::BPrime, 4));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T01:00:00Z"), utc("2026-04-12T09:10:00Z"))
    );
}

#[test]
fn repeated_container_fields_are_one_witness() {
    let tkhd = reading(
        "tkhd.creation",
        "2026-04-12T09:00:00",
        Zone::NominallyUtc,
        Moment::StartOrEnd,
    );
    let m = video(vec![mvhd("2026-04-12T09:00:00"), tkhd], Some(600.0));
    assert_eq!(capture_end(&m, &context(0.0)).candidates.len(), 4);
}

#[test]
fn a_stronger_source_makes_the_container_time_moot_and_keeps_it_in_sight() {
    let apple = reading(
        "keys.creationdate",
        "2026-04-12T17:00:00",
        Zone::Offset(CHINA_S),
        Moment::Start,
    );
    let m = video(vec![mvhd("2026-04-12T09:00:00"), apple], Some(600.0));
    let end = capture_end(&m, &context(0.0));
    assert_eq!(end.source.as_deref(), Some("keys.creationdate"));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T09:10:00Z"), utc("2026-04-12T09:10:00Z"))
    );
    assert_eq!((admitted(&end), end.candidates.len()), (1, 5));
    assert!(end.candidates[0].admitted);
}

#[test]
fn local_time_in_a_utc_field_is_seen_by_a_receipt_before_it() {
    let m = video(vec![mvhd("2026-04-12T09:00:00")], Some(600.0));
    // Received at 10:00 Beijing time: 09:00 cannot have been UTC.
    let end = capture_end(&m, &received(context(0.0), "2026-04-12T02:00:00Z"));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T01:00:00Z"), utc("2026-04-12T01:10:00Z"))
    );
    assert_eq!(
        end.candidates
            .iter()
            .filter(|c| c.reading.contains("later than its receipt"))
            .count(),
        2
    );
}

#[test]
fn the_receipt_rules_out_beyond_the_tolerance_only() {
    let m = video(vec![mvhd("2026-04-12T09:00:00")], Some(0.5));
    let at = |seconds: i64| {
        let received = utc("2026-04-12T09:00:00Z") - TimeDelta::seconds(seconds);
        capture_end(
            &m,
            &Context {
                received: Some(received),
                ..context(0.0)
            },
        )
    };
    assert_eq!(admitted(&at(119)), 4);
    // The end at 09:00:00.5 is beyond, the one at 09:00:00 is not.
    assert_eq!(admitted(&at(120)), 3);
    assert_eq!(admitted(&at(121)), 2);
}

#[test]
fn the_last_reading_stays_even_if_it_is_in_the_future() {
    let end = capture_end(
        &photo(vec![exif("2026-04-14T09:00:00")]),
        &received(context(300.0), "2026-04-13T01:00:00Z"),
    );
    assert_eq!((end.grade, admitted(&end)), (Grade::B, 1));
}

#[test]
fn a_name_picks_among_the_container_readings() {
    let m = video(vec![mvhd("2026-04-12T09:00:00")], Some(600.0));
    let named = |name: &str| Context {
        name: name.to_owned(),
        ..context(0.0)
    };
    let end = capture_end(&m, &named("VID_20260412_170004.mp4"));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T09:10:00Z"), utc("2026-04-12T09:10:00Z"))
    );
    assert_eq!(end.grade, Grade::BPrime);
    // The writer stamps the stop: the name is ten minutes earlier.
    let end = capture_end(&m, &named("VID_20260412_165000.mp4"));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T09:00:00Z"), utc("2026-04-12T09:00:00Z"))
    );
    // A name that agrees with none of them changes nothing.
    let end = capture_end(&m, &named("VID_20260412_170006.mp4"));
    assert_eq!(admitted(&end), 4);
    // Nor does one that a messenger wrote.
    let end = capture_end(&m, &named("微信视频20260412170000.mp4"));
    assert_eq!(admitted(&end), 4);
}

#[test]
fn a_name_alone_is_grade_c_and_mtime_alone_is_a_hint() {
    let mut context = context(0.0);
    context.name = "IMG_20260412_090000.jpg".to_owned();
    context.mtime = Some(utc("2026-04-12T01:00:05Z"));
    let end = capture_end(&photo(vec![]), &context);
    assert_eq!((end.grade, end.source.as_deref()), (Grade::C, Some("name")));
    assert_eq!(end.latest, Some(utc("2026-04-12T01:00:00Z")));
    assert_eq!(
        end.candidates.last().map(|c| (c.grade, c.admitted)),
        Some((Grade::D, false))
    );

    context.name = "1.jpg".to_owned();
    let end = capture_end(&photo(vec![]), &context);
    assert_eq!(
        (end.grade, end.earliest, end.latest),
        (Grade::D, None, None)
    );
}

#[test]
fn a_later_writing_does_not_decide() {
    let written = reading(
        "exif.DateTime",
        "2026-04-12T09:00:00",
        Zone::Local,
        Moment::Written,
    );
    assert_eq!(
        capture_end(&photo(vec![written.clone()]), &context(0.0)).grade,
        Grade::C
    );
    let both = photo(vec![written, exif("2026-04-12T08:00:00")]);
    let end = capture_end(&both, &context(0.0));
    assert_eq!(end.latest, Some(utc("2026-04-12T00:00:00Z")));
}

#[test]
fn xmp_does_not_outrank_the_recorder() {
    let xmp = reading(
        "xmp.CreateDate",
        "2026-04-13T09:00:00",
        Zone::Offset(CHINA_S),
        Moment::Capture,
    );
    let end = capture_end(
        &photo(vec![xmp, exif("2026-04-12T09:00:00")]),
        &context(0.0),
    );
    assert_eq!(
        (end.grade, end.latest),
        (Grade::B, Some(utc("2026-04-12T01:00:00Z")))
    );
}

#[test]
fn a_makers_habit_settles_zone_and_moment() {
    let mut m = video(vec![mvhd("2026-04-12T09:00:00")], Some(600.0));
    m.device = Device {
        make: Some("NIKON CORPORATION".to_owned()),
        model: Some("NIKON Z 6".to_owned()),
        ..Device::default()
    };
    let mut context = context(0.0);
    context.quirks = vec![ClockQuirk {
        make: "Nikon Corporation".to_owned(),
        model: "nikon z".to_owned(),
        field: "mvhd".to_owned(),
        local: Some(true),
        names_end: Some(false),
    }];
    let end = capture_end(&m, &context);
    assert_eq!((end.grade, admitted(&end)), (Grade::B, 1));
    assert_eq!(end.latest, Some(utc("2026-04-12T01:10:00Z")));
    m.device.model = Some("NIKON D850".to_owned());
    assert_eq!(capture_end(&m, &context).grade, Grade::BPrime);
    m.device.make = None;
    assert_eq!(capture_end(&m, &context).grade, Grade::BPrime);
}

#[test]
fn satellite_time_decides_unless_the_clock_contradicts_it() {
    let gps = |at: &str| reading("gps", at, Zone::Utc, Moment::Capture);
    let near = photo(vec![
        exif("2026-04-12T09:04:00"),
        gps("2026-04-12T01:00:00"),
    ]);
    let end = capture_end(&near, &context(300.0));
    assert_eq!((end.grade, end.source.as_deref()), (Grade::A, Some("gps")));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T00:59:58Z"), utc("2026-04-12T01:00:02Z"))
    );
    // An old fix, or a wrong clock: both stand.
    let apart = photo(vec![
        exif("2026-04-12T09:05:01"),
        gps("2026-04-12T01:00:00"),
    ]);
    let end = capture_end(&apart, &context(300.0));
    assert_eq!((end.grade, admitted(&end)), (Grade::B, 2));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T00:59:58Z"), utc("2026-04-12T01:10:01Z"))
    );
}

#[test]
fn a_slate_calibrates_the_clock_of_other_fields_without_their_zone() {
    // Read against a UTC field that holds local time: -8 h is the zone, the
    // remaining 60 s are the clock's error.
    let mut context = context(300.0);
    context.device_offset_s = Some(-f64::from(CHINA_S) + 60.0);
    context.device_offset_field = Some("mvhd".to_owned());
    let m = video(vec![mvhd("2026-04-12T09:00:00")], Some(600.0));
    let end = capture_end(&m, &context);
    assert_eq!(end.grade, Grade::A);
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T01:01:00Z"), utc("2026-04-12T01:11:00Z"))
    );
    let end = capture_end(&photo(vec![exif("2026-04-12T09:00:00")]), &context);
    assert_eq!(end.grade, Grade::A);
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T01:01:00Z"), utc("2026-04-12T01:01:00Z"))
    );
}

#[test]
fn a_clock_offset_without_field_leaves_the_zone_of_a_utc_field_open() {
    let mut context = context(300.0);
    context.device_offset_s = Some(60.0);
    let m = video(vec![mvhd("2026-04-12T09:00:00")], Some(600.0));
    let end = capture_end(&m, &context);
    assert_eq!((end.grade, admitted(&end)), (Grade::BPrime, 4));
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T01:01:00Z"), utc("2026-04-12T09:11:00Z"))
    );
}

#[test]
fn an_unknown_length_ends_with_the_receipt() {
    let idit = reading(
        "avi.IDIT",
        "2026-04-12T09:00:00",
        Zone::Local,
        Moment::Start,
    );
    let m = video(vec![idit], None);
    let end = capture_end(&m, &received(context(0.0), "2026-04-12T05:00:00Z"));
    assert_eq!(end.grade, Grade::BPrime);
    assert_eq!(
        interval(&end),
        (utc("2026-04-12T01:00:00Z"), utc("2026-04-12T05:00:00Z"))
    );
}

#[test]
fn a_clock_at_zero_is_shown_and_not_used() {
    let end = capture_end(
        &video(vec![mvhd("1904-01-01T00:00:00")], Some(1.0)),
        &context(0.0),
    );
    assert_eq!((end.grade, admitted(&end)), (Grade::None, 0));
    assert!(end.candidates[0].reading.contains("never set clock"));
}

#[test]
fn a_repaired_time_says_so() {
    let m = video(vec![mvhd("1960-04-11T01:00:00")], Some(0.0));
    let end = capture_end(&m, &received(context(0.0), "2026-04-12T01:30:00Z"));
    assert_eq!(end.grade, Grade::BPrime);
    assert!(end.candidates[0].reading.starts_with("repaired"));
    assert_eq!(
        end.latest.map(|l| l <= utc("2026-04-12T01:30:00Z")),
        Some(true)
    );
}

#[test]
fn hostile_numbers_do_no_harm() {
    let mut context = context(f64::NAN);
    context.device_offset_s = Some(f64::INFINITY);
    context.default_offset_s = i32::MAX;
    let ends = [f64::NAN, f64::INFINITY, -1.0, 1e300, 0.0];
    for duration_s in ends {
        let times = [
            "-262143-01-01T00:00:00",
            "+262142-12-31T23:59:59",
            "2026-04-12T09:00:00",
        ];
        let times = times.into_iter().map(mvhd).collect();
        let end = capture_end(&video(times, Some(duration_s)), &context);
        assert!(end.earliest <= end.latest);
    }
}
