//! The worked cases of the 24-hour rule, D1 to D13. Times are Beijing time,
//! the limit is 24 hours.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use chrono::{DateTime, TimeDelta, Utc};
use unbroken_probes::capture::{ClockQuirk, Grade, capture_end};
use unbroken_probes::check::{Context, Level};
use unbroken_probes::deadline::{Saved, SavedResult, remaining, saved};
use unbroken_probes::judge::{Judgement, Rules, Verdict, judge};
use unbroken_probes::measurements::{
    Container, Custody, Device, Kind, Measurements, Moment, TimeReading, Zone,
};

const DAY_S: f64 = 86_400.0;

/// `04-12 09:00:00` of 2026 in Beijing.
fn at(text: &str) -> DateTime<Utc> {
    let text = format!("2026-{}+08:00", text.replace(' ', "T"));
    DateTime::parse_from_rfc3339(&text).unwrap().to_utc()
}

fn photo(local: &str) -> Measurements {
    Measurements {
        kind: Kind::Photo,
        times: vec![TimeReading {
            field: "exif.DateTimeOriginal".to_owned(),
            written: local.to_owned(),
            local: at(local).naive_utc() + TimeDelta::hours(8),
            zone: Zone::Local,
            moment: Moment::Capture,
        }],
        ..Measurements::default()
    }
}

/// An MP4 of ten minutes that says `2026-04-12T09:00:00Z`.
fn video() -> Measurements {
    Measurements {
        kind: Kind::Video,
        times: vec![TimeReading {
            field: "mvhd.creation".to_owned(),
            written: "2026-04-12T09:00:00Z".to_owned(),
            local: "2026-04-12T09:00:00".parse().unwrap(),
            zone: Zone::NominallyUtc,
            moment: Moment::StartOrEnd,
        }],
        container: Some(Container {
            duration_s: Some(600.0),
            ..Container::default()
        }),
        device: Device {
            make: Some("Acme".to_owned()),
            ..Device::default()
        },
        ..Measurements::default()
    }
}

/// Received five minutes before it was stored.
fn stored(at_text: &str, drift_s: f64) -> Context {
    let stored = at(at_text);
    let received = stored - TimeDelta::minutes(5);
    Context {
        custody: Some(Custody {
            seen: received - TimeDelta::minutes(1),
            received,
            stored,
        }),
        default_offset_s: 8 * 3600,
        clock_drift_s: drift_s,
        save_limit_s: DAY_S,
        ..Context::default()
    }
}

fn rule(m: &Measurements, context: &Context) -> Saved {
    saved(&capture_end(m, context), context).unwrap()
}

fn latency_s(saved: &Saved) -> (f64, f64) {
    (saved.latency_min_s.unwrap(), saved.latency_max_s.unwrap())
}

#[test]
fn d1_exactly_24_hours_by_a_calibrated_clock_is_on_time() {
    let m = photo("04-12 09:00:00");
    let mut context = stored("04-13 09:00:00", 300.0);
    context.device_offset_s = Some(0.0);
    let on_time = rule(&m, &context);
    assert_eq!(on_time.result, SavedResult::OnTime);
    assert_eq!(latency_s(&on_time), (DAY_S, DAY_S));
    // One millisecond later it is not.
    if let Some(custody) = &mut context.custody {
        custody.stored += TimeDelta::milliseconds(1);
    }
    assert_eq!(rule(&m, &context).result, SavedResult::Late);
}

#[test]
fn d2_late_beyond_the_drift() {
    let late = rule(&photo("04-12 09:00:00"), &stored("04-13 09:05:01", 300.0));
    assert_eq!(late.result, SavedResult::Late);
    assert_eq!(latency_s(&late), (DAY_S + 1.0, DAY_S + 601.0));
    // One second less, and the drift may excuse it.
    let open = rule(&photo("04-12 09:00:00"), &stored("04-13 09:05:00", 300.0));
    assert_eq!(open.result, SavedResult::Unknown);
}

#[test]
fn d3_inside_the_drift_nothing_is_decided() {
    let m = photo("04-12 09:00:00");
    assert_eq!(
        rule(&m, &stored("04-13 09:02:00", 300.0)).result,
        SavedResult::Unknown
    );
    assert_eq!(
        rule(&m, &stored("04-13 08:55:01", 300.0)).result,
        SavedResult::Unknown
    );
    assert_eq!(
        rule(&m, &stored("04-13 08:55:00", 300.0)).result,
        SavedResult::OnTime
    );
}

#[test]
fn d4_a_container_time_that_can_mean_either_side_decides_nothing() {
    let open = rule(&video(), &stored("04-13 12:00:00", 0.0));
    assert_eq!(open.result, SavedResult::Unknown);
    assert_eq!(
        latency_s(&open),
        (18.0 * 3600.0 + 50.0 * 60.0, 27.0 * 3600.0)
    );
    // All four readings agree: decided.
    assert_eq!(
        rule(&video(), &stored("04-13 09:00:00", 0.0)).result,
        SavedResult::OnTime
    );
    assert_eq!(
        rule(&video(), &stored("04-13 17:10:01", 0.0)).result,
        SavedResult::Late
    );
}

#[test]
fn d5_a_known_habit_of_the_maker_decides() {
    let mut context = stored("04-13 12:00:00", 300.0);
    context.quirks = vec![ClockQuirk {
        make: "ACME".to_owned(),
        model: String::new(),
        field: "mvhd".to_owned(),
        local: Some(true),
        names_end: None,
    }];
    let late = rule(&video(), &context);
    assert_eq!(late.result, SavedResult::Late);
    assert_eq!(
        latency_s(&late),
        (26.0 * 3600.0 + 45.0 * 60.0, 27.0 * 3600.0 + 300.0)
    );
}

#[test]
fn d6_a_slate_decides() {
    let mut context = stored("04-13 12:00:00", 300.0);
    context.device_offset_field = Some("mvhd".to_owned());
    // The slate shows that the field holds Beijing time.
    context.device_offset_s = Some(-8.0 * 3600.0);
    assert_eq!(rule(&video(), &context).result, SavedResult::Late);
    // The slate shows that the field holds UTC.
    context.device_offset_s = Some(0.0);
    assert_eq!(rule(&video(), &context).result, SavedResult::OnTime);
    assert_eq!(capture_end(&video(), &context).grade, Grade::A);
}

#[test]
fn d7_a_modification_time_never_decides() {
    let mut context = stored("04-12 12:00:00", 300.0);
    context.mtime = Some(at("04-12 09:00:00"));
    let m = Measurements {
        kind: Kind::Photo,
        ..Measurements::default()
    };
    let end = capture_end(&m, &context);
    assert_eq!(end.grade, Grade::D);
    assert_eq!(end.candidates[0].latest, at("04-12 09:00:00"));
    let open = rule(&m, &context);
    assert_eq!(
        (open.result, open.latency_max_s),
        (SavedResult::Unknown, None)
    );
    // Not even against the file.
    context.mtime = Some(at("03-12 09:00:00"));
    assert_eq!(rule(&m, &context).result, SavedResult::Unknown);
}

#[test]
fn d8_a_statement_moves_the_start_of_the_24_hours() {
    let mut context = stored("04-15 10:00:00", 300.0);
    context.deferred_until = Some(at("04-14 20:00:00"));
    let m = photo("04-12 09:00:00");
    assert_eq!(rule(&m, &context).result, SavedResult::DeferredOnTime);
    // The limit is inclusive there too.
    context.deferred_until = Some(at("04-14 10:00:00"));
    assert_eq!(rule(&m, &context).result, SavedResult::DeferredOnTime);
    context.deferred_until = Some(at("04-14 09:59:59"));
    assert_eq!(rule(&m, &context).result, SavedResult::DeferredLate);
}

#[test]
fn d9_late_by_both_clocks() {
    let mut context = stored("04-16 10:00:00", 300.0);
    context.deferred_until = Some(at("04-14 20:00:00"));
    assert_eq!(
        rule(&photo("04-12 09:00:00"), &context).result,
        SavedResult::DeferredLate
    );
}

#[test]
fn d8b_a_deferral_helps_where_the_drift_leaves_it_open_and_hurts_nowhere() {
    let m = photo("04-12 09:00:00");
    let mut context = stored("04-13 09:02:00", 300.0);
    context.deferred_until = Some(at("04-12 20:00:00"));
    assert_eq!(rule(&m, &context).result, SavedResult::DeferredOnTime);
    context.deferred_until = Some(at("04-12 08:00:00"));
    assert_eq!(rule(&m, &context).result, SavedResult::Unknown);
    let mut early = stored("04-12 12:00:00", 300.0);
    early.deferred_until = Some(at("04-10 08:00:00"));
    assert_eq!(rule(&m, &early).result, SavedResult::OnTime);
}

#[test]
fn d10_a_capture_after_its_receipt_decides_nothing() {
    let context = stored("04-13 09:05:00", 300.0);
    assert_eq!(
        rule(&photo("04-14 09:00:00"), &context).result,
        SavedResult::Unknown
    );
    // Received 09:00; the clock may be 300 s ahead, and 120 s are tolerated.
    assert_eq!(
        rule(&photo("04-13 09:07:00"), &context).result,
        SavedResult::OnTime
    );
    assert_eq!(
        rule(&photo("04-13 09:07:01"), &context).result,
        SavedResult::Unknown
    );
}

/// The level at which `code` was found, if it was.
fn level(judgement: &Judgement, code: &str) -> Option<Level> {
    judgement
        .findings
        .iter()
        .find(|f| f.code == code)
        .map(|f| f.level)
}

#[test]
fn d10b_a_clock_in_the_future_is_found_and_the_file_is_not_called_late() {
    let context = stored("04-13 09:05:00", 300.0);
    let judgement = judge(&photo("04-14 09:00:00"), &Rules::default(), &context);
    assert_eq!(level(&judgement, "clock_in_future"), Some(Level::Unknown));
    assert_eq!(level(&judgement, "saved_late"), None);
    assert_eq!(judgement.outcome.timeliness, Some(SavedResult::Unknown));
}

#[test]
fn d11_late_by_file_within_the_visits_clock_is_for_a_person() {
    let m = photo("04-11 15:00:00");
    let mut context = stored("04-14 10:00:00", 300.0);
    context.visit_last_end = Some(at("04-13 16:00:00"));
    let judgement = judge(&m, &Rules::default(), &context);
    assert_eq!(judgement.outcome.timeliness, Some(SavedResult::Late));
    assert_eq!(level(&judgement, "saved_late"), Some(Level::Attention));
    assert_eq!(judgement.verdict, Verdict::Attention);
    // A minute beyond the visit's clock it fails.
    context.visit_last_end = Some(at("04-13 09:59:00"));
    let judgement = judge(&m, &Rules::default(), &context);
    assert_eq!(level(&judgement, "saved_late"), Some(Level::Fail));
    assert_eq!(judgement.verdict, Verdict::Fail);
}

#[test]
fn d12_a_slow_queue_is_not_the_teams_fault() {
    let m = photo("04-12 09:00:00");
    let mut context = stored("04-13 09:20:00", 300.0);
    if let Some(custody) = &mut context.custody {
        custody.received = at("04-13 08:50:00");
    }
    let late = rule(&m, &context);
    assert_eq!(
        (late.result, late.late_by_system),
        (SavedResult::Late, true)
    );
    assert_eq!(late.system_s, 1800.0);
    assert_eq!(late.team_max_s, Some(DAY_S - 600.0 + 300.0));
    // Five seconds too late to be certain that the team was in time.
    if let Some(custody) = &mut context.custody {
        custody.received = at("04-13 08:55:05");
    }
    let late = rule(&m, &context);
    assert_eq!(
        (late.result, late.late_by_system),
        (SavedResult::Late, false)
    );
}

#[test]
fn d13_hours_run_through_the_weekend() {
    // 2026-04-10 is a Friday.
    let m = photo("04-10 16:00:00");
    assert_eq!(
        rule(&m, &stored("04-11 15:00:00", 300.0)).result,
        SavedResult::OnTime
    );
    assert_eq!(
        rule(&m, &stored("04-13 09:00:00", 300.0)).result,
        SavedResult::Late
    );
}

#[test]
fn an_exemption_stands_in_place_of_the_rule() {
    let mut context = stored("04-16 10:00:00", 300.0);
    context.exempt = true;
    assert_eq!(
        rule(&photo("04-12 09:00:00"), &context).result,
        SavedResult::Exempt
    );
}

#[test]
fn the_rule_is_for_recordings_and_not_for_text() {
    let text = Measurements {
        kind: Kind::Other,
        ..Measurements::default()
    };
    let context = stored("04-16 10:00:00", 300.0);
    let judgement = judge(&text, &Rules::default(), &context);
    assert_eq!(judgement.outcome.timeliness, None);
}

#[test]
fn there_is_no_result_before_the_file_is_stored() {
    let mut context = stored("04-13 09:00:00", 300.0);
    context.custody = None;
    let m = photo("04-12 09:00:00");
    assert_eq!(saved(&capture_end(&m, &context), &context), None);
}

#[test]
fn a_waiting_file_knows_how_long_it_has_left() {
    let mut context = stored("04-13 09:00:00", 300.0);
    context.custody = None;
    let end = capture_end(&photo("04-12 09:00:00"), &context);
    let left = remaining(&end, at("04-13 08:00:00"), DAY_S);
    assert_eq!(left.latest_safe, Some(at("04-13 08:55:00")));
    assert_eq!(
        (left.left_s_min, left.left_s_max),
        (Some(3300.0), Some(3900.0))
    );
    let left = remaining(&end, at("04-13 09:00:00"), DAY_S);
    assert_eq!(
        (left.left_s_min, left.left_s_max),
        (Some(-300.0), Some(300.0))
    );
    let none = Measurements::default();
    let left = remaining(&capture_end(&none, &context), at("04-13 09:00:00"), DAY_S);
    assert_eq!(left, Default::default());
}
