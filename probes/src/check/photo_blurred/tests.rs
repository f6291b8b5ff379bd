use super::*;
use crate::check::trial::{Trial, at};
use crate::measure::decision_scale::Gray;
use crate::measure::pixels::{Layout, Pixels};
use crate::measure::recipe::{beside, blur, defocus, motion, picture, scatter, stones, strokes};
use crate::measure::rolloff::Rolloff;
use crate::measure::sharpness::Detail;

fn judged(sharpness: Option<Sharpness>, measured_in: MeasuredIn) -> Ruling {
    let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
    trial.m.photo = Some(Photo {
        sharpness,
        measured_in,
        ..Photo::default()
    });
    trial.judge(&CHECK)
}

fn ruling(picture: &Gray) -> Ruling {
    let Gray {
        data,
        width_px,
        height_px,
    } = picture.clone();
    let pixels = Pixels::new(data, width_px, height_px, Layout::Gray).unwrap();
    let mut photo = Photo {
        measured_in: MeasuredIn::Picture,
        ..Photo::default()
    };
    photo.look(&pixels, &pixels.luma());
    let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
    trial.m.photo = Some(photo);
    trial.judge(&CHECK)
}

fn seen(ruling: Ruling) -> Seen {
    match ruling {
        Ruling::Found(mut seen) => seen.remove(0),
        other => panic!("{other:?}"),
    }
}

/// Tiles of one row, textured, as wide and as blurred as told.
fn tiles(widths: &[f32], blur: f32) -> Sharpness {
    Sharpness {
        columns: widths.len() as u32 / 2,
        rows: 2,
        detail: vec![Detail::Textured; widths.len()],
        edge_width_px: widths.iter().map(|w| Some(*w)).collect(),
        blur_ratio: vec![Some(blur); widths.len()],
        blur_direction_ratio: vec![Some(0.0); widths.len()],
        blur_angle_deg: vec![Some(0.0); widths.len()],
        ..Sharpness::default()
    }
}

#[test]
fn pictures_by_recipe_are_judged_as_people_would() {
    let scene = stones(512, 384);
    assert_eq!(ruling(&scene), Ruling::Pass);

    let bokeh = seen(ruling(&beside(&scene, &blur(&scene, &defocus(7.0)), 0.4)));
    assert_eq!(bokeh.level, Level::Info);
    assert!(bokeh.regions.iter().all(|r| r.x > 0.3));

    let shaken = seen(ruling(&blur(&scene, &motion(16.0, 0.0))));
    assert!(shaken.level >= Level::Attention);
    assert!(shaken.text.en.contains("movement"), "{}", shaken.text.en);

    let missed = seen(ruling(&blur(&scene, &defocus(6.0))));
    assert_eq!(missed.level, Level::Fail);
    assert!(missed.text.zh.contains("对焦"), "{}", missed.text.zh);

    let wall = seen(ruling(&picture(512, 384, |_, _| 190.0)));
    assert_eq!(wall.level, Level::Unknown);
    assert!(wall.text.zh.starts_with("细节太少,无法判断清晰度"));
}

#[test]
fn noise_alone_cannot_be_judged_and_writing_can() {
    let noise = picture(512, 384, |x, y| {
        60.0 + 120.0 * scatter(x as i32, y as i32, 9)
    });
    assert_eq!(seen(ruling(&noise)).level, Level::Unknown);
    match ruling(&strokes(512, 384)) {
        Ruling::Pass => {}
        Ruling::Found(seen) => assert!(seen.iter().all(|s| s.level == Level::Info)),
        other => panic!("{other:?}"),
    }
}

/// Measurements of a picture with these figures of the whole, whose tiles are soft.
fn whole(detail_db: f32, steep_tiles: usize) -> Option<Level> {
    of_whole(4.0, detail_db, steep_tiles)
}

fn of_whole(width_px: f32, detail_db: f32, steep_tiles: usize) -> Option<Level> {
    let mut soft = tiles(&[width_px; 12], 0.45);
    soft.steepness_ratio = (0..12)
        .map(|tile| Some(if tile < steep_tiles { 0.31 } else { 0.1 }))
        .collect();
    let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
    trial.m.photo = Some(Photo {
        sharpness: Some(soft),
        measured_in: MeasuredIn::Picture,
        rolloff: Some(Rolloff {
            detail_db: [detail_db; 4],
            ..Rolloff::default()
        }),
        ..Photo::default()
    });
    match trial.judge(&CHECK) {
        Ruling::Found(seen) => seen.first().map(|s| s.level),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_clarity_of_the_whole_decides_where_tiles_are_soft() {
    // A steepness of 0.1 is worth six dB.
    assert_eq!(whole(-30.9, 0), Some(Level::Info));
    assert_eq!(whole(-31.1, 0), Some(Level::Attention));
    // Five steep tiles are believed unless the spectrum says otherwise.
    assert_eq!(whole(-48.0, 5), Some(Level::Info));
    assert_eq!(whole(-48.1, 5), Some(Level::Attention));
    assert_eq!(whole(-48.0, 4), Some(Level::Attention));
}

#[test]
fn edge_width_at_the_limits_and_either_side() {
    let level = |width: f32| match judged(Some(tiles(&[width; 12], 0.3)), MeasuredIn::Picture) {
        Ruling::Pass => None,
        other => Some(seen(other).level),
    };
    assert_eq!(level(2.99), None);
    assert_eq!(level(3.0), None);
    assert_eq!(level(3.01), Some(Level::Attention));
    assert_eq!(level(5.0), Some(Level::Attention));
    assert_eq!(level(5.01), Some(Level::Fail));
}

#[test]
fn blur_at_the_limits_and_either_side() {
    let level = |blur: f32| match judged(Some(tiles(&[2.0; 12], blur)), MeasuredIn::Picture) {
        Ruling::Pass => None,
        other => Some(seen(other).level),
    };
    assert_eq!(level(0.40), None);
    assert_eq!(level(0.41), Some(Level::Attention));
    assert_eq!(level(0.50), Some(Level::Attention));
    assert_eq!(level(0.51), Some(Level::Fail));
}

#[test]
fn steepness_at_the_limit_and_either_side() {
    let level = |steepness: f32, with_edges: usize| {
        let mut found = tiles(&[4.0; 12], 0.45);
        found.steepness_ratio = vec![Some(0.1); 12];
        found.steepness_ratio[..with_edges].fill(Some(steepness));
        seen(judged(Some(found), MeasuredIn::Picture)).level
    };
    assert_eq!(level(0.31, 5), Level::Info);
    assert_eq!(level(0.30, 5), Level::Info);
    assert_eq!(level(0.29, 5), Level::Attention);
    assert_eq!(level(0.31, 4), Level::Attention);
}

#[test]
fn soft_edges_alone_ask_for_a_person() {
    let level = |with_edges: usize| {
        let mut found = tiles(&[9.0; 12], 0.7);
        found.detail = vec![Detail::Vague; 12];
        found.edge_width_px = vec![None; 12];
        found.steepness_ratio = vec![None; 12];
        found.steepness_ratio[..with_edges].fill(Some(0.1));
        seen(judged(Some(found), MeasuredIn::Picture)).level
    };
    assert_eq!(level(5), Level::Unknown);
    assert_eq!(level(6), Level::Attention);
}

#[test]
fn shares_at_the_limits_and_either_side() {
    let level = |sharp: usize, of: usize| {
        let mut widths = vec![4.0; of];
        // The first columns of both rows, so that squares form.
        for i in 0..sharp {
            widths[i / 2 + (i % 2) * of / 2] = 2.0;
        }
        match judged(Some(tiles(&widths, 0.3)), MeasuredIn::Picture) {
            Ruling::Pass => None,
            other => Some(seen(other).level),
        }
    };
    assert_eq!(level(20, 40), None);
    assert_eq!(level(19, 40), Some(Level::Info));
    assert_eq!(level(6, 40), Some(Level::Info));
    assert_eq!(level(5, 40), Some(Level::Attention));
}

#[test]
fn few_tiles_with_detail_say_nothing_unless_they_are_sharp_together() {
    let plain = |sharp: usize, width: f32| {
        let mut found = tiles(&[width; 48], 0.3);
        found.columns = 8;
        found.rows = 6;
        for tile in (0..48).filter(|t| !(t % 8 < 2 && t / 8 < sharp.div_ceil(2))) {
            found.detail[tile] = Detail::Plain;
            found.edge_width_px[tile] = None;
            found.blur_ratio[tile] = None;
        }
        judged(Some(found), MeasuredIn::Picture)
    };
    assert_eq!(plain(4, 2.0), Ruling::Pass);
    assert_eq!(seen(plain(4, 4.0)).level, Level::Unknown);
    assert_eq!(seen(plain(2, 2.0)).level, Level::Unknown);
    assert_eq!(seen(plain(6, 4.0)).level, Level::Attention);
}

#[test]
fn a_picture_that_was_not_measured_never_passes() {
    assert!(matches!(
        judged(None, MeasuredIn::Picture),
        Ruling::NotRun(_)
    ));
    let sharp = Some(tiles(&[2.0; 12], 0.3));
    assert!(matches!(
        judged(sharp.clone(), MeasuredIn::Preview),
        Ruling::NotRun(_)
    ));
    assert!(matches!(
        judged(sharp, MeasuredIn::Nothing),
        Ruling::NotRun(_)
    ));
    let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
    assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
    let empty = judged(Some(Sharpness::default()), MeasuredIn::Picture);
    assert_eq!(seen(empty).level, Level::Unknown);
}

#[test]
fn a_photo_fails_only_if_the_whole_is_far_from_clear_as_well() {
    assert_eq!(of_whole(6.0, -42.9, 0), Some(Level::Attention));
    assert_eq!(of_whole(6.0, -43.1, 0), Some(Level::Fail));
    assert_eq!(of_whole(4.0, -60.0, 0), Some(Level::Attention));
}
