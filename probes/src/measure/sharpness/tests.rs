use super::*;
use crate::measure::recipe;

const LIMITS: SharpLimits = SharpLimits {
    edge_width_px: 3.0,
    blur_ratio: 0.40,
};

fn measured(picture: &Gray) -> Sharpness {
    measure(picture.view().unwrap())
}

fn scenes() -> [(&'static str, Gray); 3] {
    [
        ("stones", recipe::stones(512, 384)),
        ("strokes", recipe::strokes(512, 384)),
        ("checker", recipe::checker(512, 384, 37.0)),
    ]
}

fn all_finite(found: &Sharpness) -> bool {
    let lists = [
        &found.edge_width_px,
        &found.blur_ratio,
        &found.blur_direction_ratio,
        &found.blur_angle_deg,
    ];
    found.noise_levels.is_finite()
        && lists.iter().all(|list| {
            list.len() == found.detail.len() && list.iter().flatten().all(|v| v.is_finite())
        })
}

#[test]
fn sharp_scenes_are_sharp_nearly_everywhere() {
    for (name, scene) in scenes() {
        let summary = measured(&scene).summary(LIMITS);
        assert!(summary.textured >= 40, "{name}: {summary:?}");
        assert!(
            summary.sharp_share > 0.8 && summary.square,
            "{name}: {summary:?}"
        );
    }
}

#[test]
fn no_blur_of_any_kind_or_direction_is_missed() {
    let mut blurs = vec![
        ("gauss 2", recipe::gaussian(2.0)),
        ("gauss 4", recipe::gaussian(4.0)),
        ("defocus 4", recipe::defocus(4.0)),
    ];
    for angle_deg in [0.0, 30.0, 45.0, 90.0, 135.0, 160.0] {
        blurs.push(("motion 12", recipe::motion(12.0, angle_deg)));
    }
    for (name, scene) in scenes() {
        for (blur, kernel) in &blurs {
            let summary = measured(&recipe::blur(&scene, kernel)).summary(LIMITS);
            assert!(summary.sharp_share < 0.15, "{name}, {blur}: {summary:?}");
            assert!(!summary.blurred.is_empty());
        }
    }
}

#[test]
fn motion_and_its_direction_are_told_from_defocus() {
    let scene = recipe::stones(512, 384);
    for angle_deg in [0.0, 45.0, 90.0, 135.0] {
        let found = measured(&recipe::blur(&scene, &recipe::motion(14.0, angle_deg)));
        match found.summary(LIMITS).kind {
            BlurKind::Motion { angle_deg: seen } => {
                let off = (seen - angle_deg).rem_euclid(180.0);
                assert!(off.min(180.0 - off) < 15.0, "{angle_deg}°: {seen}°");
            }
            other => panic!("{angle_deg}°: {other:?}"),
        }
    }
    let found = measured(&recipe::blur(&scene, &recipe::defocus(4.0)));
    assert_eq!(found.summary(LIMITS).kind, BlurKind::Defocus);
}

#[test]
fn more_blur_never_makes_a_picture_sharper() {
    for (name, scene) in scenes() {
        let mut last = 0.0;
        for sigma_px in [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0] {
            let found = measured(&recipe::blur(&scene, &recipe::gaussian(sigma_px)));
            let width = found.width_of_sharpest_px(0.15).unwrap_or(f32::INFINITY);
            // A tenth of a pixel is the grain of the histogram.
            assert!(
                width >= last - 0.13,
                "{name}, σ {sigma_px}: {width} after {last}"
            );
            last = width;
        }
    }
}

#[test]
fn the_scale_of_the_file_does_not_matter() {
    let painted = |scale: u32| {
        recipe::picture(1024 * scale, 768 * scale, |x, y| {
            let (x, y) = (x / scale as f32, y / scale as f32);
            140.0 + 80.0 * (x * 0.11 + 3.0 * (y * 0.07).sin()).sin().signum()
        })
    };
    let shaken =
        |scale: u32| recipe::blur(&painted(scale), &recipe::motion(9.0 * scale as f32, 0.0));
    let share = |picture: &Gray| measured(picture).summary(LIMITS).sharp_share;
    assert!(share(&painted(1)) > 0.9 && share(&painted(2)) > 0.9 && share(&painted(3)) > 0.9);
    assert!(share(&shaken(1)) < 0.1 && share(&shaken(2)) < 0.1);
    let large = measured(&painted(3));
    assert_eq!((large.width_px, large.height_px), (1024, 768));
}

#[test]
fn a_small_picture_blown_up_is_soft() {
    let large = recipe::enlarged(&recipe::stones(256, 192), 4);
    let summary = measured(&large).summary(LIMITS);
    assert!(summary.sharp_share < 0.15, "{summary:?}");
}

#[test]
fn a_sharp_subject_before_a_soft_background_is_found() {
    let scene = recipe::stones(512, 384);
    let soft = recipe::blur(&scene, &recipe::defocus(7.0));
    let summary = measured(&recipe::beside(&scene, &soft, 0.4)).summary(LIMITS);
    assert!(summary.square, "{summary:?}");
    assert!((0.25..0.5).contains(&summary.sharp_share), "{summary:?}");
    assert!(summary.blurred.iter().all(|r| r.x >= 0.3), "{summary:?}");
    let area: f64 = summary.blurred.iter().map(|r| r.w * r.h).sum();
    assert!((area - (1.0 - f64::from(summary.sharp_share))).abs() < 0.1);
}

#[test]
fn a_wall_with_or_without_noise_and_shading_offers_nothing_to_judge() {
    let wall = recipe::picture(800, 600, |_, _| 190.0);
    let shaded = recipe::picture(800, 600, |x, y| 120.0 + x / 10.0 + y / 20.0);
    let noisy = recipe::picture(800, 600, |x, y| {
        150.0 + 12.0 * (recipe::scatter(x as i32, y as i32, 5) - 0.5)
    });
    let dark = recipe::picture(800, 600, |x, y| {
        4.0 + 4.0 * recipe::scatter(x as i32, y as i32, 6)
    });
    for picture in [wall, shaded, noisy, dark] {
        let found = measured(&picture);
        assert!(
            found.detail.iter().all(|d| *d == Detail::Plain),
            "{found:?}"
        );
        assert_eq!(found.width_of_sharpest_px(0.15), None);
        assert_eq!(found.summary(LIMITS).sharp_share, 0.0);
    }
}

#[test]
fn heavy_blur_leaves_vague_tiles_and_not_plain_ones() {
    let scene = recipe::checker(512, 384, 64.0);
    let found = measured(&recipe::blur(&scene, &recipe::gaussian(10.0)));
    let summary = found.summary(LIMITS);
    assert!(summary.vague + summary.textured > 40, "{summary:?}");
    assert_eq!(summary.sharp, 0);
}

#[test]
fn every_size_from_one_pixel_gives_finite_figures() {
    for (w, h) in [
        (1, 1),
        (1, 2000),
        (2000, 1),
        (2, 2),
        (3, 3),
        (4, 5),
        (15, 17),
        (16, 16),
        (33, 9),
        (100, 31),
        (1025, 3),
        (7, 1100),
    ] {
        for picture in [
            recipe::picture(w, h, |_, _| 0.0),
            recipe::picture(w, h, |_, _| 255.0),
            recipe::picture(w, h, |x, y| {
                255.0 * recipe::scatter(x as i32, y as i32, 1).round()
            }),
            recipe::picture(w, h, |x, _| 255.0 * (x % 2.0)),
        ] {
            let found = measured(&picture);
            assert!(all_finite(&found), "{w}×{h}");
            let summary = found.summary(LIMITS);
            assert!(summary.sharp_share.is_finite() && summary.group <= summary.sharp);
        }
    }
}

#[test]
fn groups_and_squares_are_counted_by_sides() {
    let found = Sharpness {
        columns: 4,
        rows: 3,
        ..Sharpness::default()
    };
    let map = |text: &str| -> Vec<bool> { text.bytes().map(|b| b == b'#').collect() };
    for (tiles, group, square) in [
        ("............", 0, false),
        ("#..#..#..#..", 1, false),
        ("##..##......", 4, true),
        ("###.#.......", 4, false),
        ("...##...#...", 2, false),
        ("############", 12, true),
    ] {
        let tiles_sharp = map(tiles);
        assert_eq!(found.largest_group(&tiles_sharp), group, "{tiles}");
        assert_eq!(found.has_square(&tiles_sharp), square, "{tiles}");
    }
    let regions = found.regions(&map(".##..#.#...."));
    let corners: Vec<(f64, f64, f64)> = regions.iter().map(|r| (r.x, r.y, r.w)).collect();
    let third = 1.0 / 3.0;
    assert_eq!(
        corners,
        [(0.25, 0.0, 0.5), (0.25, third, 0.25), (0.75, third, 0.25)]
    );
}

#[test]
fn a_stored_measurement_is_read_back_the_same() {
    let found = measured(&recipe::stones(200, 150));
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Sharpness>(&json).unwrap(), found);
}
