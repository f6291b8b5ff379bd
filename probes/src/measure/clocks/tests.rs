use super::*;

/// One reading a second of satellite time with a fix, each at the instant given
/// beside it, seconds after the first.
fn satellite(readings: impl IntoIterator<Item = (f64, f64)>) -> MetadataClock {
    let mut instrument = ClocksInstrument::default();
    for (at_s, after_s) in readings {
        let local = date(1_574_120_714.0 + after_s).unwrap();
        let written = local.format("%y%m%d%H%M%S%.3f").to_string();
        let payload = gpmf::tests::payload(3, &written);
        instrument.sample(3, Kind::Gpmf, &payload, at_s);
    }
    let mut m = Measurements::default();
    instrument.finish(None, &mut m);
    m.clocks.remove(0)
}

fn camera(
    readings: impl IntoIterator<Item = (f64, f64)>,
) -> (Vec<MetadataClock>, Vec<TimeReading>) {
    let mut instrument = ClocksInstrument::default();
    for (at_s, after_s) in readings {
        // The camera shows whole seconds; the first picture is taken at 7.4 s.
        let local = date((7.4_f64 + after_s).floor()).unwrap();
        let note = mdpm::Mdpm {
            time: Some(TimeReading {
                field: mdpm::FIELD.to_owned(),
                written: local.to_string(),
                local,
                zone: Zone::Offset(28_800),
                moment: Moment::Start,
            }),
            make: Some("Canon"),
        };
        instrument.camera_note(0, &note, at_s);
    }
    let mut m = Measurements::default();
    instrument.finish(Some(20.0), &mut m);
    assert_eq!(m.device.make.as_deref(), Some("Canon"));
    (m.clocks, m.times)
}

/// Readings every half second, `cut_s` of the recording taken out at 10 s.
fn with_a_cut(cut_s: f64) -> impl Iterator<Item = (f64, f64)> {
    (0..40).map(move |n| {
        let at_s = f64::from(n) * 0.5;
        (at_s, if n >= 20 { at_s + cut_s } else { at_s })
    })
}

#[test]
fn a_clock_that_keeps_step_has_nothing_to_list() {
    // As an untouched GoPro MAX: the first reading coarse, then up to 0.07 s off.
    let wander = [-1.47, 0.0, -0.01, -0.02, -0.03, -0.04, 0.03, 0.02];
    let clock = satellite((0..8).zip(wander).map(|(n, off_s)| {
        let at_s = f64::from(n) * 1.001;
        (at_s, at_s + off_s)
    }));
    assert_eq!((clock.readings, clock.jumps_count), (8, 0));
    assert_eq!(clock.stray_readings, 1);
    assert!(clock.drift_s.unwrap().abs() < 0.3);
    let (clocks, _) = camera(with_a_cut(0.0));
    assert!(clocks[0].jumps.is_empty());
}

#[test]
fn a_leap_is_listed_where_it_is() {
    let clock = satellite(with_a_cut(5.0));
    assert_eq!(clock.jumps.len(), 1);
    let jump = clock.jumps[0];
    assert_eq!((jump.after_s, jump.at_s), (9.5, 10.0));
    assert!((jump.length_s - 5.0).abs() < 0.01 && jump.uncertainty_s < 0.3);
    assert!(clock.drift_s.unwrap().abs() < 0.01);
}

#[test]
fn a_clock_of_whole_seconds_shows_a_leap_of_one() {
    let (clocks, _) = camera(with_a_cut(2.0));
    let jump = clocks[0].jumps[0];
    assert_eq!(jump.at_s, 10.0);
    assert!(
        (jump.length_s - 2.0).abs() <= jump.uncertainty_s + 0.01,
        "{jump:?}"
    );
    assert!(jump.uncertainty_s < 1.1);
    // Back in time too: a stretch was put in, or taken from elsewhere.
    let (clocks, _) = camera(with_a_cut(-30.0));
    assert!((clocks[0].jumps[0].length_s + 30.0).abs() < 1.0);
}

#[test]
fn one_reading_apart_is_no_leap() {
    let clock = satellite((0..20).map(|n| {
        let at_s = f64::from(n);
        (at_s, if n == 9 { at_s + 3.0 } else { at_s })
    }));
    assert_eq!((clock.jumps_count, clock.stray_readings), (0, 1));
}

#[test]
fn a_recording_at_another_speed_has_no_leaps_and_no_times() {
    let mut instrument = ClocksInstrument::default();
    for n in 0..50 {
        let local = date(f64::from(n) * 30.0).unwrap();
        let written = local.format("%y%m%d%H%M%S%.3f").to_string();
        let payload = gpmf::tests::payload(3, &written);
        instrument.sample(3, Kind::Gpmf, &payload, f64::from(n));
    }
    let mut m = Measurements::default();
    instrument.finish(Some(50.0), &mut m);
    assert_eq!(m.clocks[0].jumps_count, 0);
    assert_eq!(m.times, []);
}

#[test]
fn start_and_end_are_carried_from_the_readings() {
    let (_, times) = camera(with_a_cut(60.0));
    let [start, end] = times.as_slice() else {
        panic!("{times:?}")
    };
    assert_eq!((start.moment, end.moment), (Moment::Start, Moment::End));
    let off = |reading: &TimeReading, s: f64| (seconds(reading.local) - s).abs();
    assert!(off(start, 7.4) < 0.5 && off(end, 87.4) < 0.5, "{times:?}");
    assert_eq!(start.written, "1970-01-01 00:00:07 @ 0.00 s");
}

#[test]
fn a_timecode_may_pass_midnight_and_leaps_at_once() {
    let description = [&[0; 8][..], &[0, 0, 0, 25, 0, 0, 0, 1, 25]].concat();
    let kind = Kind::of(*b"tmcd", &description).unwrap();
    let mut instrument = ClocksInstrument::default();
    for (at_s, frames) in [(0.0, 86_390 * 25), (10.0, 0), (20.0, 3600 * 25)] {
        instrument.sample(2, kind, &u32::to_be_bytes(frames), at_s);
    }
    let mut m = Measurements::default();
    instrument.finish(Some(30.0), &mut m);
    let clock = &m.clocks[0];
    assert_eq!(clock.jumps_count, 1);
    assert!((clock.jumps[0].length_s - 3590.0).abs() < 0.1);
    assert_eq!(m.times, []);
}

#[test]
fn hostile_numbers_do_no_harm() {
    let mut instrument = ClocksInstrument::default();
    for track in 0..100 {
        for at_s in [f64::NAN, f64::INFINITY, -1e300, 1e300] {
            let payload = gpmf::tests::payload(3, "991231235959.999");
            instrument.sample(track, Kind::Gpmf, &payload, at_s);
        }
    }
    let mut m = Measurements::default();
    instrument.finish(Some(1e300), &mut m);
    assert_eq!(m.clocks.len(), CLOCKS_MAX);
    assert_eq!(m.times, []);
}
