use super::*;
use crate::check::Alone;
use crate::check::cuts::tests::{hard_cut, jump_cut};
use crate::check::trial::Trial;
use crate::measure::video::Video;

fn ruling(moments: Vec<Moment>) -> Ruling {
    let mut trial = Trial::video(60.0);
    trial.m.video = Some(Video {
        duration_s: 60.0,
        moments,
        ..Video::default()
    });
    trial.judge(&CHECK)
}

fn found(moment: Moment) -> Option<&'static str> {
    match ruling(vec![moment]) {
        Ruling::Found(seen) if seen[0].text.en.contains("hard cut") => Some("hard"),
        Ruling::Found(seen) if seen[0].text.en.contains("still scene") => Some("small"),
        Ruling::Found(_) => Some("jump"),
        _ => None,
    }
}

#[test]
fn three_quarters_lost_are_the_limit_of_a_hard_cut() {
    let lost = |unforetold| Moment {
        unforetold,
        unforetold_returning: unforetold,
        brightness_levels: 50.0,
        ..hard_cut()
    };
    assert_eq!(found(lost(0.74)), None);
    assert_eq!(found(lost(0.75)), Some("hard"));
    assert_eq!(found(lost(0.76)), Some("hard"));
}

#[test]
fn what_is_left_over_tells_a_cut_from_the_end_of_a_pan() {
    let left = |residual| Moment {
        residual,
        brightness_levels: 50.0,
        ..hard_cut()
    };
    assert_eq!(found(left(1.29)), None);
    assert_eq!(found(left(1.31)), Some("hard"));
}

#[test]
fn a_jump_is_found_from_its_limit_on() {
    let lost = |unforetold: f32| Moment {
        unforetold,
        unforetold_returning: unforetold,
        ..jump_cut()
    };
    assert_eq!(found(lost(0.139)), Some("small"));
    assert_eq!(found(lost(0.141)), Some("jump"));
    assert_eq!(found(lost(0.049)), None);
}

#[test]
fn a_clear_jump_asks_for_a_person_and_an_unclear_one_is_told() {
    let asks = |moment: Moment| {
        let Ruling::Found(seen) = ruling(vec![moment]) else {
            panic!("found in any case");
        };
        seen[0].alone == Alone::AsksForAPerson
    };
    let times = |times: f32, near| Moment {
        residual: times * 0.11,
        unforetold_near: near,
        ..jump_cut()
    };
    assert!(asks(hard_cut()));
    assert!(asks(times(4.51, 0.03)) && !asks(times(4.49, 0.03)));
    // With hardly anything around it less is enough.
    assert!(asks(times(3.2, 0.02)) && !asks(times(3.1, 0.02)));
}

#[test]
fn where_pictures_are_damaged_a_step_is_for_information() {
    for (start_s, end_s, is_excused) in [(9.0, 9.9, true), (9.0, 9.8, false), (10.1, 12.0, true)] {
        let mut trial = Trial::video(60.0);
        trial.m.video = Some(Video {
            duration_s: 60.0,
            moments: vec![hard_cut()],
            ..Video::default()
        });
        trial.m.decoding.error_spans = vec![Span { start_s, end_s }];
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("told in any case");
        };
        let is_information = seen[0].strength == Strength::Information;
        assert_eq!(is_information, is_excused, "{start_s} to {end_s}");
    }
}

#[test]
fn a_lens_that_is_covered_is_told_only() {
    let mut trial = Trial::video(60.0);
    trial.m.video = Some(Video {
        duration_s: 60.0,
        moments: vec![hard_cut()],
        dark_spans: vec![Span {
            start_s: 10.0,
            end_s: 12.0,
        }],
        ..Video::default()
    });
    let Ruling::Found(seen) = trial.judge(&CHECK) else {
        panic!("it is found");
    };
    assert_eq!(seen[0].alone, Alone::Told);
}

#[test]
fn both_are_told_apart_with_their_places() {
    let later = Moment {
        at_s: 20.0,
        ..jump_cut()
    };
    let Ruling::Found(seen) = ruling(vec![hard_cut(), later]) else {
        panic!("both must be found");
    };
    assert_eq!(seen.len(), 2);
    assert_eq!(
        (seen[0].spans[0].end_s, seen[1].spans[0].end_s),
        (10.0, 20.0)
    );
    assert!(seen[0].text.en.contains("00:10.0"), "{}", seen[0].text.en);
}

#[test]
fn parts_that_jump_ask_where_nothing_else_is_so_sudden() {
    let part = |surprised: f32, lively: f32| Moment {
        unforetold: 0.1,
        unforetold_returning: 0.1,
        residual: 0.15,
        surprised: Some(surprised),
        surprised_ninths: Some(5),
        unforetold_lively: Some(lively),
        ..jump_cut()
    };
    let asks = |moment: Moment| match ruling(vec![moment]) {
        Ruling::Found(seen) => {
            assert!(
                seen[0].text.en.contains("part of the view"),
                "{}",
                seen[0].text.en
            );
            seen[0].alone == Alone::AsksForAPerson
        }
        _ => false,
    };
    assert!(asks(part(0.05, 0.083)));
    assert!(!asks(part(0.049, 0.083)) && !asks(part(0.05, 0.084)));
    let screen = Moment {
        surprised_ninths: Some(4),
        ..part(0.3, 0.0)
    };
    assert!(!asks(screen));
    // Every second picture shown twice, and no more than that.
    let doubled = |surprised: f32, held: u32| Moment {
        residual_last: 0.0,
        held_pictures: Some(held),
        ..part(surprised, 0.0)
    };
    assert!(asks(doubled(0.1, 1)));
    assert!(!asks(doubled(0.099, 1)) && !asks(doubled(0.1, 2)));
    // Old measurements do not say.
    let unknown = Moment {
        unforetold_lively: None,
        ..part(0.05, 0.0)
    };
    assert!(!asks(unknown));
}

#[test]
fn a_lamp_is_told_and_asks_nobody() {
    let lamp = Moment {
        relit: Some(0.5),
        ..hard_cut()
    };
    let Ruling::Found(seen) = ruling(vec![lamp]) else {
        panic!("it is told");
    };
    assert_eq!((seen.len(), seen[0].level), (1, Level::Info));
    assert!(seen[0].text.en.contains("the light changes"));
}

#[test]
fn a_dissolve_asks_for_a_person() {
    let dissolve = |left, likeness| {
        let mut trial = Trial::video(60.0);
        trial.m.video = Some(Video {
            duration_s: 60.0,
            dissolves: vec![Dissolve {
                left,
                likeness,
                ..Dissolve::default()
            }],
            ..Video::default()
        });
        trial.judge(&CHECK)
    };
    let Ruling::Found(seen) = dissolve(0.08, 0.0) else {
        panic!("it is found");
    };
    assert_eq!(seen[0].alone, Alone::AsksForAPerson);
    assert!(matches!(dissolve(0.081, 0.0), Ruling::Pass));
    // The more alike both views, the less may be left.
    assert!(matches!(dissolve(0.059, 0.25), Ruling::Found(_)));
    assert!(matches!(dissolve(0.061, 0.25), Ruling::Pass));
}

#[test]
fn without_pictures_it_does_not_pass() {
    assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
    assert!(matches!(ruling(Vec::new()), Ruling::Pass));
}
