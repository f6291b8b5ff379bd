use super::*;
use crate::measure::recipe::{scatter, stones};

/// A window of a scene of stones, moved and lit.
fn window(x: usize, y: usize, light: i32, seed: u32) -> Small {
    let scene = stones(400, 300);
    let mut small = Small {
        width_px: 160,
        height_px: 90,
        ..Small::default()
    };
    for row in 0..90 {
        for column in 0..160 {
            let value = i32::from(scene.data[(y + row) * 400 + x + column]);
            let noise = (scatter(column as i32, row as i32, seed) * 5.0) as i32 - 2;
            small.data.push((value + light + noise).clamp(0, 255) as u8);
        }
    }
    small
}

fn compare(before: &Small, now: &Small) -> Motion {
    Comparer::default().compare(before, now).unwrap()
}

#[test]
fn the_same_scene_is_foretold_whole() {
    let found = compare(&window(50, 50, 0, 1), &window(50, 50, 0, 2));
    assert_eq!((found.shift_x, found.shift_y), (0.0, 0.0));
    assert!(
        found.unforetold == 0.0 && found.residual < 0.25,
        "{found:?}"
    );
}

#[test]
fn a_pan_is_followed() {
    let found = compare(&window(50, 50, 0, 1), &window(71, 45, 0, 2));
    assert_eq!((found.shift_x * 160.0).round(), -21.0);
    assert_eq!((found.shift_y * 90.0).round(), 5.0);
    assert!(found.unforetold < 0.2, "{found:?}");
}

#[test]
fn light_is_put_aside() {
    let found = compare(&window(50, 50, 0, 1), &window(50, 50, 25, 2));
    assert!((found.brightness_levels - 25.0).abs() < 2.0, "{found:?}");
    assert!(found.unforetold < 0.02, "{found:?}");
}

/// The same window with a lamp on its left half.
fn lamp(mut small: Small) -> Small {
    for row in small.data.chunks_exact_mut(160) {
        for level in row.iter_mut().take(80) {
            *level = (f32::from(*level) * 0.4 + 140.0) as u8;
        }
    }
    small
}

#[test]
fn a_lamp_leaves_shapes_where_they_are_and_a_cut_does_not() {
    let relit = |before: &Small, now: &Small| {
        let mut comparer = Comparer::default();
        let found = comparer.compare(before, now).unwrap();
        assert!(found.unforetold > 0.1, "{found:?}");
        comparer.relit(now).unwrap()
    };
    let before = window(50, 50, 0, 1);
    assert!(relit(&before, &lamp(window(50, 50, 0, 2))) > 0.5);
    assert!(relit(&before, &lamp(window(52, 50, 0, 2))) > 0.33);
    assert!(relit(&before, &window(230, 200, 0, 2)) < 0.1);
    assert!(relit(&before, &lamp(window(230, 200, 0, 2))) < 0.2);
    // Where all is found nothing is lit otherwise.
    let mut comparer = Comparer::default();
    comparer.compare(&before, &window(50, 50, 0, 2)).unwrap();
    assert_eq!(comparer.relit(&window(50, 50, 0, 2)), None);
}

#[test]
fn another_scene_is_not_foretold() {
    let found = compare(&window(0, 0, 0, 1), &window(230, 200, 0, 2));
    assert!(found.unforetold > 0.6 && found.residual > 0.5, "{found:?}");
}

#[test]
fn sizes_must_agree() {
    let other = Small {
        data: vec![0; 64 * 64],
        width_px: 64,
        height_px: 64,
    };
    let mut comparer = Comparer::default();
    assert_eq!(comparer.compare(&window(0, 0, 0, 1), &other), None);
    let tiny = Small {
        data: vec![0; 6 * 6],
        width_px: 6,
        height_px: 6,
    };
    assert_eq!(comparer.compare(&tiny, &tiny), None);
}

#[test]
fn a_plain_wall_stands_still() {
    let wall = |seed| Small {
        data: (0..160 * 90)
            .map(|i| 100 + (scatter(i, 0, seed) * 3.0) as u8)
            .collect(),
        width_px: 160,
        height_px: 90,
    };
    let found = compare(&wall(1), &wall(2));
    assert_eq!((found.shift_x, found.shift_y), (0.0, 0.0));
    assert_eq!(found.unforetold, 0.0);
}
