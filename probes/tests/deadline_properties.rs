//! What must hold for every file, whenever it was recorded and stored.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use unbroken_probes::capture::capture_end;
use unbroken_probes::check::Context;
use unbroken_probes::deadline::{SavedResult, saved};
use unbroken_probes::measurements::{
    Container, Custody, Kind, Measurements, Moment, TimeReading, Zone,
};

fn zone() -> impl Strategy<Value = Zone> {
    prop_oneof![
        Just(Zone::Local),
        Just(Zone::NominallyUtc),
        Just(Zone::Utc),
        (-48..=56i32).prop_map(|quarters| Zone::Offset(quarters * 900)),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        Just(Moment::Start),
        Just(Moment::End),
        Just(Moment::StartOrEnd),
        Just(Moment::Written),
    ]
}

fn reading() -> impl Strategy<Value = TimeReading> {
    let field = prop_oneof![
        Just("mvhd.creation"),
        Just("gps"),
        Just("exif.DateTimeOriginal"),
        Just("xmp.CreateDate"),
    ];
    (field, -400_000..400_000i64, zone(), moment()).prop_map(|(field, seconds, zone, moment)| {
        let local = (noon() + TimeDelta::seconds(seconds)).naive_utc();
        TimeReading {
            field: field.to_owned(),
            written: local.to_string(),
            local,
            zone,
            moment,
        }
    })
}

/// 2026-04-12 12:00 in Beijing.
fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_775_966_400, 0).unwrap_or_default()
}

fn video(times: Vec<TimeReading>, duration_s: f64) -> Measurements {
    Measurements {
        kind: Kind::Video,
        times,
        container: Some(Container {
            duration_s: Some(duration_s),
            ..Container::default()
        }),
        ..Measurements::default()
    }
}

fn context(stored_s: i64, queue_s: i64, drift_s: f64, limit_s: f64) -> Context {
    let stored = noon() + TimeDelta::seconds(stored_s);
    let received = stored - TimeDelta::seconds(queue_s);
    Context {
        custody: Some(Custody {
            seen: received,
            received,
            stored,
        }),
        default_offset_s: 8 * 3600,
        clock_drift_s: drift_s,
        save_limit_s: limit_s,
        ..Context::default()
    }
}

fn result(m: &Measurements, context: &Context) -> Option<SavedResult> {
    saved(&capture_end(m, context), context).map(|s| s.result)
}

proptest! {
    #[test]
    fn the_interval_holds_its_admitted_readings_and_the_latencies_are_ordered(
        times in prop::collection::vec(reading(), 0..5),
        duration_s in 0.0..40_000.0f64,
        stored_s in -400_000..400_000i64,
        queue_s in 0..90_000i64,
    ) {
        let m = video(times, duration_s);
        let context = context(stored_s, queue_s, 300.0, 86_400.0);
        let end = capture_end(&m, &context);
        for c in end.candidates.iter().filter(|c| c.admitted) {
            prop_assert_eq!(c.grade, end.grade);
            prop_assert!(end.earliest.is_some_and(|e| e <= c.earliest));
            prop_assert!(end.latest.is_some_and(|l| l >= c.latest));
            prop_assert!(c.earliest <= c.latest);
        }
        let saved = saved(&end, &context).ok_or(TestCaseError::fail("stored, so there is a result"))?;
        prop_assert!(saved.latency_min_s <= saved.latency_max_s);
        prop_assert!(saved.latency_min_s.is_none_or(|s| s >= saved.system_s));
        prop_assert!(saved.team_min_s.is_none_or(|s| s >= 0.0));
        prop_assert!(!saved.late_by_system || saved.result == SavedResult::Late);
    }

    #[test]
    fn a_longer_limit_never_makes_a_file_late_nor_a_shorter_one_on_time(
        times in prop::collection::vec(reading(), 1..4),
        duration_s in 0.0..40_000.0f64,
        stored_s in 0..400_000i64,
        limit_s in 3600.0..200_000.0f64,
        more_s in 0.0..200_000.0f64,
    ) {
        let m = video(times, duration_s);
        let short = result(&m, &context(stored_s, 60, 300.0, limit_s));
        let long = result(&m, &context(stored_s, 60, 300.0, limit_s + more_s));
        if short == Some(SavedResult::OnTime) {
            prop_assert_eq!(long, short);
        }
        if long == Some(SavedResult::Late) {
            prop_assert_eq!(short, long);
        }
    }

    #[test]
    fn a_less_certain_clock_never_turns_late_into_on_time_or_back(
        taken_s in -200_000..0i64,
        drift_s in 0.0..3600.0f64,
        more_s in 0.0..3600.0f64,
    ) {
        let local = (noon() + TimeDelta::seconds(taken_s) + TimeDelta::hours(8)).naive_utc();
        let m = video(vec![TimeReading {
            field: "avi.IDIT".to_owned(),
            written: local.to_string(),
            local,
            zone: Zone::Local,
            moment: Moment::Start,
        }], 0.0);
        let narrow = result(&m, &context(0, 0, drift_s, 86_400.0));
        let wide = result(&m, &context(0, 0, drift_s + more_s, 86_400.0));
        prop_assert!(wide == narrow || wide == Some(SavedResult::Unknown), "{:?} {:?}", narrow, wide);
    }
}
