use super::*;
use crate::container::heif::recipe::{Heic, avif, downwards, irot, rightwards};

/// Luma at a place.
fn luma(decoded: &Decoded, x: usize, y: usize) -> i32 {
    let channels = decoded.pixels.channels();
    i32::from(decoded.pixels.row(y)[x * channels])
}

fn near(a: i32, b: i32) -> bool {
    a.abs_diff(b) <= 6
}

#[test]
fn a_grid_is_put_together_and_cut_to_its_size() {
    let heic = Heic {
        properties: vec![irot(3)],
        thumbnail: true,
        ..Heic::default()
    };
    let found = decode(&heic.bytes()).unwrap();
    assert_eq!(
        (found.pixels.width_px(), found.pixels.height_px()),
        (120, 60)
    );
    assert_eq!((found.errors, found.whole_ratio), (0, 1.0));
    assert_eq!(
        (found.orientation, found.bits_per_sample),
        (Some(6), Some(8))
    );
    assert_eq!(found.pixels.layout(), Layout::YCbCr);
    for (x, y) in [(0, 0), (10, 40), (63, 59)] {
        assert!(near(luma(&found, x, y), 40 + 2 * x as i32), "{x} {y}");
    }
    for (x, y) in [(64, 0), (100, 30), (119, 59)] {
        assert!(near(luma(&found, x, y), 200 - 2 * y as i32), "{x} {y}");
    }
    let colour = |x: usize| i32::from(found.pixels.row(30)[x * 3 + 1]);
    assert!(near(colour(20), 100) && near(colour(90), 160));
    let small = found.small.unwrap();
    assert_eq!((small.width_px, small.height_px), (64, 64));
}

#[test]
fn one_coded_picture_and_an_avif_are_pictures_too() {
    let heic = Heic {
        columns: 1,
        size: (64, 64),
        tiles: vec![rightwards()],
        ..Heic::default()
    };
    for bytes in [heic.bytes(), avif()] {
        let found = decode(&bytes).unwrap();
        assert_eq!(
            (found.pixels.width_px(), found.pixels.height_px()),
            (64, 64)
        );
        assert_eq!((found.damage.as_deref(), found.errors), (None, 0));
        assert!(near(luma(&found, 5, 50), 50) && near(luma(&found, 60, 2), 160));
    }
}

#[test]
fn a_broken_tile_is_counted_and_the_others_are_shown() {
    let mut broken = downwards();
    broken[4..].fill(0x7F);
    let heic = Heic {
        tiles: vec![rightwards(), broken.clone()],
        ..Heic::default()
    };
    let found = decode(&heic.bytes()).unwrap();
    assert_eq!((found.errors, found.whole_ratio), (1, 0.5));
    assert!(found.damage.is_some());
    assert!(near(luma(&found, 30, 30), 100));
    assert_eq!(luma(&found, 100, 30), i32::from(MISSING_SAMPLE));
    let all = Heic {
        tiles: vec![broken.clone(), broken],
        ..Heic::default()
    };
    assert!(decode(&all.bytes()).is_err());
}

#[test]
fn bytes_beyond_the_file_are_no_tile() {
    let whole = Heic::default().bytes();
    let found = decode(&whole[..whole.len() - 1]).unwrap();
    assert_eq!((found.errors, found.whole_ratio), (1, 0.5));
    assert!(decode(&whole[..whole.len() - 90]).is_err());
}

#[test]
fn no_flipped_byte_does_harm() {
    let whole = Heic::default().bytes();
    for at in (0..whole.len()).step_by(7) {
        let mut broken = whole.clone();
        broken[at] ^= 0x55;
        if let Ok(found) = decode(&broken) {
            assert!((0.0..=1.0).contains(&found.whole_ratio));
        }
    }
}
