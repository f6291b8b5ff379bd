use super::*;
use crate::measure::recipe::scatter;

/// Packets at 30 a second without reordering: foretold ones of scattered sizes,
/// every picture that `is_costly` larger by half, keys where `is_key`.
fn rhythm(
    count: i64,
    is_costly: impl Fn(i64) -> bool,
    is_key: impl Fn(i64) -> bool,
) -> GroupRhythm {
    let mut instrument = RhythmInstrument::new(1.0 / 30.0);
    for n in 0..count {
        let size = 1000.0 + 800.0 * scatter(n as i32, 7, 3);
        let size = if is_costly(n) { size * 1.5 } else { size };
        instrument.packet(&Packet {
            pts_ticks: Some(n),
            dts_ticks: Some(n),
            size_bytes: if is_key(n) { 9000 } else { size as u32 },
            key: is_key(n),
            ..Packet::default()
        });
    }
    instrument.finish(0.0)
}

#[test]
fn groups_of_an_earlier_coding_beat_through_the_present_one() {
    let found = rhythm(900, |n| n % 15 == 4, |n| n % 250 == 0);
    assert_eq!(found.period_pictures, Some(15));
    assert!(found.score.unwrap() > 6.0, "{found:?}");
    assert!(found.shifts.is_empty(), "{found:?}");
}

#[test]
fn a_stretch_left_out_shifts_the_beat() {
    // Ten pictures are missing at 15 s.
    let found = rhythm(
        900,
        |n| (if n < 450 { n } else { n + 10 }) % 15 == 4,
        |n| n % 250 == 0,
    );
    let [shift] = found.shifts.as_slice() else {
        panic!("one shift: {found:?}");
    };
    assert_eq!((shift.period_pictures, shift.shift_pictures), (15, 5));
    assert!(
        shift.span.start_s < 15.0 && shift.span.end_s > 15.0,
        "{shift:?}"
    );
    assert!(shift.span.duration_s() < 1.6, "{shift:?}");
    assert!(shift.score_before.min(shift.score_after) > 4.0, "{shift:?}");
    assert!(shift.score > shift.score_unshifted + 2.0, "{shift:?}");
}

#[test]
fn a_whole_number_of_groups_left_out_shows_nothing() {
    let found = rhythm(
        900,
        |n| (if n < 450 { n } else { n + 30 }) % 15 == 4,
        |_| false,
    );
    assert!(found.shifts.is_empty(), "{found:?}");
}

#[test]
fn a_beat_that_starts_anew_at_each_key_picture_is_the_encoders_own() {
    let keys = [0, 130, 450, 610];
    let since = |n: i64| n - keys.iter().rev().find(|k| **k <= n).unwrap();
    let found = rhythm(900, |n| since(n) % 8 == 4, |n| since(n) == 0);
    assert!(found.shifts.is_empty(), "{found:?}");
}

#[test]
fn a_beat_of_every_other_leading_picture_is_the_encoders_own() {
    // Mini-groups of four, one of six at 15 s, every second leading picture dear.
    let leading = |n: i64| {
        let n = if n <= 450 { n } else { n - 2 };
        (n % 4 == 0).then_some(n / 4)
    };
    let mut instrument = RhythmInstrument::new(1.0 / 30.0);
    let mut between = Vec::new();
    for n in 0..900 {
        let packet = |size_bytes, pts| Packet {
            pts_ticks: Some(pts),
            size_bytes,
            key: pts == 0,
            ..Packet::default()
        };
        let Some(count) = leading(n) else {
            between.push(n);
            continue;
        };
        let dear = if count % 2 == 0 { 400.0 } else { 0.0 };
        let size = 1000.0 + dear + 300.0 * scatter(n as i32, 7, 3);
        instrument.packet(&packet(size as u32, n));
        for pts in between.drain(..) {
            instrument.packet(&packet(100, pts));
        }
    }
    let found = instrument.finish(0.0);
    assert!(found.shifts.is_empty(), "{found:?}");
}

#[test]
fn without_a_beat_there_is_no_shift() {
    let found = rhythm(1800, |_| false, |n| n % 60 == 0);
    assert!(found.score.unwrap() < 5.0, "{found:?}");
    assert!(found.shifts.iter().all(|s| s.score < 5.0), "{found:?}");
}

#[test]
fn pictures_between_share_the_cost_of_the_one_they_lead_to() {
    // Coded as I P b P b: each P is shown after the picture coded behind it.
    let coded: Vec<Coded> = [(0, true, true), (2, false, true), (1, false, false)]
        .into_iter()
        .chain((2..20).flat_map(|n| [(2 * n, false, true), (2 * n - 1, false, false)]))
        .map(|(shown_ticks, key, leads)| Coded {
            shown_ticks,
            size_bytes: if shown_ticks == 20 { 900 } else { 100 },
            key,
            leads,
        })
        .collect();
    let sizes = Sizes::of(&coded);
    assert_eq!(sizes.ranks[0], None);
    assert_eq!((sizes.ranks[19], sizes.ranks[20]), (Some(1.0), Some(1.0)));
    assert!(sizes.ranks[21].unwrap() < 0.0);
    assert_eq!((sizes.own[5].since_key, sizes.own[5].leading), (5, None));
    assert_eq!(sizes.own[6].leading, Some(3));
}

#[test]
fn a_clock_set_back_ends_it_and_extreme_times_do_no_harm() {
    let mut instrument = RhythmInstrument::new(1.0);
    for pts in [0, 1, i64::MAX, i64::MIN, 3] {
        instrument.packet(&Packet {
            pts_ticks: Some(pts),
            ..Packet::default()
        });
    }
    assert_eq!(instrument.coded.len(), 3);
    assert_eq!(instrument.finish(0.0), GroupRhythm::default());
    assert_eq!(
        RhythmInstrument::new(1.0).finish(0.0),
        GroupRhythm::default()
    );
}
