use super::*;
use crate::measure::decision_scale::Gray;
use crate::measure::jpeg_tables::ijg_luma_step;
use crate::measure::picture_decoding::decode_jpeg;
use crate::measure::pixels::Layout;
use crate::measure::recipe::{beside, jpeg, picture, scatter, stones};

const GRAINS: u32 = 77;

/// A scene with the noise of a sensor.
fn scene(width_px: u32, height_px: u32, seed: u32) -> Gray {
    let mut scene = stones(width_px, height_px);
    for (i, px) in scene.data.iter_mut().enumerate() {
        let noise = 6.0 * (scatter(i as i32, 0, GRAINS + seed) - 0.5);
        *px = (f32::from(*px) + noise).round().clamp(0.0, 255.0) as u8;
    }
    scene
}

/// Compressed and decompressed.
fn through_jpeg(from: &Gray, quality: u8) -> Gray {
    decode_jpeg(&jpeg(from, quality)).unwrap().pixels.luma()
}

/// A part of `from` pasted at this place; in it the part starts at 0, 0.
fn pasted(into: &Gray, from: &Gray, x_px: u32, y_px: u32, side_px: u32) -> Gray {
    picture(into.width_px, into.height_px, |x, y| {
        let (x, y) = (x as u32, y as u32);
        let inside = (x_px..x_px + side_px).contains(&x) && (y_px..y_px + side_px).contains(&y);
        let (source, x, y) = if inside {
            (from, x - x_px, y - y_px)
        } else {
            (into, x, y)
        };
        f32::from(source.data[(y * source.width_px + x) as usize])
    })
}

/// The luma table of that quality.
fn table(quality: u8) -> Vec<u16> {
    (0..64).map(|at| ijg_luma_step(at, quality)).collect()
}

fn measured(gray: &Gray, steps: &[u16]) -> JpegGrid {
    let pixels = Pixels::new(
        gray.data.clone(),
        gray.width_px,
        gray.height_px,
        Layout::Gray,
    )
    .unwrap();
    measure(&pixels, 1, steps).unwrap()
}

#[test]
fn a_compressed_picture_has_its_grid_and_no_other() {
    for quality in [60, 75, 90] {
        let found = measured(&through_jpeg(&scene(640, 480, 1), quality), &table(quality));
        let main = found.main.unwrap();
        assert_eq!((main.x_px, main.y_px), (0, 0), "{quality}");
        assert!(main.log10_nfa < -100.0, "{quality}: {}", main.log10_nfa);
        assert_eq!(found.foreign, [], "{quality}");
    }
}

#[test]
fn a_picture_that_never_was_a_jpeg_has_none() {
    for scene in [
        scene(640, 480, 1),
        picture(640, 480, |x, y| 255.0 * scatter(x as i32, y as i32, 3)),
    ] {
        let found = measured(&scene, &[]);
        assert_eq!((found.main, found.foreign), (None, Vec::new()));
        assert_eq!(found.places_count, 79 * 59);
    }
}

#[test]
fn a_cropped_picture_has_a_grid_that_starts_elsewhere() {
    let whole = through_jpeg(&scene(640, 480, 1), 80);
    let cropped = picture(600, 440, |x, y| {
        f32::from(whole.data[(y as usize + 11) * 640 + x as usize + 5])
    });
    let main = measured(&cropped, &[]).main.unwrap();
    assert_eq!((main.x_px, main.y_px), (3, 5));
}

#[test]
fn a_part_from_another_jpeg_is_found_also_after_saving_once_more() {
    let into = through_jpeg(&scene(640, 480, 1), 88);
    let from = through_jpeg(&scene(640, 480, 2), 75);
    let spliced = pasted(&into, &from, 203, 109, 160);
    let saved = through_jpeg(&spliced, 96);
    for (saved, steps) in [(&spliced, Vec::new()), (&saved, table(96))] {
        let found = measured(saved, &steps);
        let main = found.main.unwrap();
        assert_eq!((main.x_px, main.y_px), (0, 0));
        let [foreign] = found.foreign.as_slice() else {
            panic!("{:?}", found.foreign)
        };
        assert_eq!((foreign.grid.x_px, foreign.grid.y_px), (203 % 8, 109 % 8));
        assert!(foreign.grid.log10_nfa < -20.0);
        let Region { x, y, w, h } = foreign.region;
        assert!((x * 640.0 - 203.0).abs() < 17.0 && (y * 480.0 - 109.0).abs() < 17.0);
        assert!((w * 640.0 - 160.0).abs() < 17.0 && (h * 480.0 - 160.0).abs() < 17.0);
    }
}

#[test]
fn a_part_is_found_from_afar_and_looked_at_closer_where_places_are_far_apart() {
    // Large enough that the first look asks every third block only.
    let side = 2_000;
    let tile = through_jpeg(&scene(512, 512, 1), 85);
    let large = picture(side, side, |x, y| {
        f32::from(tile.data[(y as usize % 512) * 512 + x as usize % 512])
    });
    let from = through_jpeg(&scene(320, 320, 2), 70);
    let found = measured(&pasted(&large, &from, 1_001, 614, 96), &[]);
    assert!(found.places_count < (side / 8) * (side / 8) / 2);
    let [foreign] = found.foreign.as_slice() else {
        panic!("{:?}", found.foreign)
    };
    assert_eq!((foreign.grid.x_px, foreign.grid.y_px), (1, 6));
    assert!(foreign.width_px.abs_diff(96) < 17 && foreign.height_px.abs_diff(96) < 17);
}

#[test]
fn the_region_is_given_upright() {
    let into = through_jpeg(&scene(640, 480, 1), 88);
    let from = through_jpeg(&scene(640, 480, 2), 75);
    let spliced = pasted(&into, &from, 10, 300, 128);
    let pixels = Pixels::new(spliced.data, 640, 480, Layout::Gray).unwrap();
    // Turned by a quarter clockwise: the lower left comes to the upper left.
    let found = measure(&pixels, 6, &[]).unwrap();
    let region = found.foreign[0].region;
    assert!(region.x < 0.15 && region.y < 0.05, "{region:?}");
}

#[test]
fn no_size_and_no_content_stops_the_looking() {
    for (w, h) in [(1, 1), (14, 900), (15, 15), (16, 3_000), (3_000, 17)] {
        let found = Pixels::new(vec![7; w * h], w as u32, h as u32, Layout::Gray)
            .and_then(|pixels| measure(&pixels, 9, &[]));
        assert_eq!(found.is_some(), w > 14 && h > 14);
        assert!(found.is_none_or(|f| f.main.is_none() && f.voted_count == 0));
    }
    let half = beside(&picture(96, 96, |_, _| 255.0), &scene(96, 96, 1), 0.5);
    assert!(measured(&half, &[]).foreign.is_empty());
}
