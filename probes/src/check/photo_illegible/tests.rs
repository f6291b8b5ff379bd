use super::*;
use crate::check::trial::{Trial, at};
use crate::measure::photo::Photo;

fn line() -> TextLine {
    TextLine {
        height_px: 12.0,
        stroke_width_px: 2.0,
        edge_width_px: 2.0,
        contrast_levels: 30.0,
        strokes_per_height: 2.0,
        ..TextLine::default()
    }
}

fn judged(lines: Vec<TextLine>, reduced_ratio: f32) -> Ruling {
    trial(lines, reduced_ratio).judge(&CHECK)
}

fn trial(lines: Vec<TextLine>, reduced_ratio: f32) -> Trial {
    let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
    trial.m.photo = Some(Photo {
        measured_in: MeasuredIn::Picture,
        legibility: Some(Legibility {
            reduced_ratio,
            lines_count: lines.len() as u32,
            lines,
            ..Legibility::default()
        }),
        ..Photo::default()
    });
    trial
}

#[test]
fn every_limit_and_either_side() {
    let is_read = |line: TextLine| judged(vec![line], 1.0) == Ruling::Pass;
    assert!(is_read(line()));
    assert!(!is_read(TextLine {
        height_px: 11.9,
        ..line()
    }));
    assert!(!is_read(TextLine {
        contrast_levels: 29.0,
        ..line()
    }));
    assert!(!is_read(TextLine {
        edge_width_px: 2.1,
        ..line()
    }));
    assert!(!is_read(TextLine {
        strokes_per_height: 3.2,
        ..line()
    }));
    let dense = |height_px| TextLine {
        strokes_per_height: 3.2,
        height_px,
        ..line()
    };
    assert!(is_read(dense(20.0)) && !is_read(dense(19.9)));
    let downward = |height_px| TextLine {
        direction: Direction::TopToBottom,
        height_px,
        ..line()
    };
    assert!(is_read(downward(20.0)) && !is_read(downward(19.9)));
}

#[test]
fn heights_count_in_pixels_of_the_photo() {
    let low = TextLine {
        height_px: 6.0,
        ..line()
    };
    assert_eq!(judged(vec![low], 2.0), Ruling::Pass);
    match judged(vec![low, low], 1.0) {
        Ruling::Found(seen) => {
            assert_eq!((seen[0].level, seen[0].regions.len()), (Level::Info, 2));
            assert_eq!(seen[0].measured, Some(6.0));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_line_that_can_be_read_is_enough_and_none_at_all_says_nothing() {
    let faint = TextLine {
        contrast_levels: 15.0,
        ..line()
    };
    assert_eq!(judged(vec![faint, line()], 1.0), Ruling::Pass);
    assert_eq!(judged(Vec::new(), 1.0), Ruling::NotApplicable);
    let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
    assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
}

#[test]
fn where_a_plate_must_be_shown_it_is_said_where_one_can_be_read() {
    let column = TextLine {
        direction: Direction::TopToBottom,
        height_px: 48.0,
        ..line()
    };
    let faint = TextLine {
        contrast_levels: 15.0,
        ..line()
    };
    for (lines, zh, en) in [
        (vec![line(), faint], "横排1处;", "1 from left to right;"),
        (
            vec![column, faint],
            "自上而下(竖排或横卧)1处;最高的字高约48像素",
            "1 from top to bottom (upright or on its side); the highest characters have about 48 pixels",
        ),
        (
            vec![column, line(), line()],
            "横排2处,自上而下(竖排或横卧)1处;",
            "2 from left to right and 1 from top to bottom",
        ),
    ] {
        let readable = lines.iter().filter(|line| **line != faint).count();
        let mut trial = trial(lines, 1.0);
        trial.context.must_show_writing = true;
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("{zh}");
        };
        assert_eq!((seen.len(), seen[0].level), (1, Level::Info));
        assert_eq!(seen[0].regions.len(), readable);
        let text = &seen[0].text;
        assert!(text.zh.contains(zh) && text.en.contains(en), "{text:?}");
    }
}

#[test]
fn what_was_measured_before_columns_does_not_say_that_there_are_none() {
    let said = |columns_count| {
        let mut trial = trial(Vec::new(), 1.0);
        trial.context.must_show_writing = true;
        let photo = trial.m.photo.as_mut().unwrap();
        photo.legibility.as_mut().unwrap().columns_count = columns_count;
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen[0].text.zh.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert!(said(None).contains("尚未查找自上而下"));
    assert!(said(Some(0)).contains("均未找到"));
}

#[test]
fn where_a_plate_must_be_shown_a_person_looks_if_none_can_be_read() {
    let asked = |lines: Vec<TextLine>| {
        let mut trial = trial(lines, 1.0);
        trial.context.must_show_writing = true;
        trial.judge(&CHECK)
    };
    let low = TextLine {
        height_px: 11.9,
        ..line()
    };
    for lines in [Vec::new(), vec![low]] {
        match asked(lines) {
            Ruling::Found(seen) => assert_eq!(
                (seen[0].level, seen[0].strength),
                (Level::Attention, Strength::Strong)
            ),
            other => panic!("{other:?}"),
        }
    }
    // What nobody looked for is not missing, and does not pass.
    for (measured_in, legibility) in [
        (MeasuredIn::Picture, None),
        (MeasuredIn::Preview, Some(Legibility::default())),
    ] {
        let mut old = trial(Vec::new(), 1.0);
        old.context.must_show_writing = true;
        old.m.photo = Some(Photo {
            measured_in,
            legibility,
            ..Photo::default()
        });
        assert!(matches!(old.judge(&CHECK), Ruling::NotRun(_)));
    }
}
