use super::*;
use crate::media::Plane;

const STEP_S: f64 = 0.04;

/// Pictures of 64 × 48, each with one grey or a texture that moves.
fn look(pictures: impl IntoIterator<Item = Look>) -> Video {
    let mut instrument = VideoInstrument::new(0, STEP_S);
    for (n, picture) in pictures.into_iter().enumerate() {
        let data: Vec<u8> = (0..64 * 48)
            .map(|i| match picture {
                Look::Grey(value) => value,
                Look::Texture(shift) => ((i * 7 + i / 64 * 13 + shift * 31) % 200 + 20) as u8,
            })
            .collect();
        let picture = Picture {
            luma: Plane::new(&data, 64, 48, 64).unwrap(),
            full_range: false,
            time_s: None,
            key: n % 25 == 0,
            damaged: false,
        };
        instrument.picture(&picture, Some(n as f64 * STEP_S));
    }
    instrument.finish(Some(STEP_S))
}

#[derive(Clone, Copy)]
enum Look {
    Grey(u8),
    Texture(usize),
}

fn moving(count: usize) -> impl Iterator<Item = Look> {
    (0..count).map(Look::Texture)
}

#[test]
fn a_moving_picture_has_no_runs() {
    let v = look(moving(100));
    assert_eq!((v.pictures, v.repeated_pictures), (100, 0));
    assert!(v.frozen.is_empty() && v.dark_spans.is_empty() && v.featureless_spans.is_empty());
    assert!((v.duration_s - 4.0).abs() < 1e-9);
    assert_eq!(v.sizes.len(), 1);
}

#[test]
fn a_frozen_stretch_is_found_with_its_ends_and_its_jump() {
    let v = look(
        moving(25)
            .chain((0..50).map(|_| Look::Texture(500)))
            .chain(moving(25)),
    );
    assert_eq!(v.frozen.len(), 1);
    let f = v.frozen[0];
    assert!((f.span.start_s - 1.0).abs() < 1e-9, "{f:?}");
    assert!((f.span.end_s - 3.0).abs() < 1e-9, "{f:?}");
    assert_eq!((f.pictures, f.equal_pictures), (49, 49));
    assert!(f.exit_difference.unwrap() > 10.0);
    assert_eq!(v.repeated_pictures, 0);
}

#[test]
fn a_freeze_to_the_end_has_no_jump_and_still_an_end() {
    let v = look(moving(25).chain((0..50).map(|_| Look::Texture(500))));
    assert_eq!(v.frozen.len(), 1);
    assert_eq!(v.frozen[0].exit_difference, None);
    assert!((v.frozen[0].span.end_s - 3.0).abs() < 1e-9);
}

#[test]
fn dark_starts_below_24() {
    let dark = |value| look((0..50).map(|_| Look::Grey(value))).dark_spans.len();
    assert_eq!((dark(23), dark(24)), (1, 0));
    assert_eq!(
        look((0..50).map(|_| Look::Grey(100)))
            .featureless_spans
            .len(),
        1
    );
}

#[test]
fn repeats_at_an_even_distance_are_a_cadence() {
    // every fifth picture shown twice: 20 to 25 pictures a second
    let v = look((0..100).map(|n| Look::Texture(n - n / 5)));
    assert!(v.repeated_pictures >= 19, "{}", v.repeated_pictures);
    assert_eq!(v.repeat_cadence_pictures, Some(5));
    let uneven = [3, 9, 11, 20, 34, 36, 50, 61, 64, 80];
    let v = look((0..100).map(|n| Look::Texture(n - usize::from(uneven.contains(&n)))));
    assert_eq!(v.repeat_cadence_pictures, None);
}
