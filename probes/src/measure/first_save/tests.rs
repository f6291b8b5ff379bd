use super::*;
use crate::measure::decision_scale::Gray;
use crate::measure::jpeg_tables;
use crate::measure::picture_decoding::decode_jpeg;
use crate::measure::pixels::Layout;
use crate::measure::recipe::{jpeg, scatter, stones};

/// Stones with the grain of a sensor.
fn scene() -> Gray {
    let mut scene = stones(720, 560);
    for (i, px) in scene.data.iter_mut().enumerate() {
        let grain = 10.0 * (scatter(i as i32, 0, 5) - 0.5);
        *px = (f32::from(*px) + grain).round().clamp(1.0, 254.0) as u8;
    }
    scene
}

fn measured(jpeg: &[u8]) -> FirstSave {
    let tables = jpeg_tables::read(jpeg).unwrap();
    let pixels = decode_jpeg(jpeg).unwrap().pixels;
    measure(&pixels, &tables.quantisation[0]).unwrap()
}

#[test]
fn a_picture_saved_twice_gives_its_first_quality() {
    // Saved coarser the second time, little of the first is left.
    for (first, second, least_bits) in [(60, 90, 0.1), (75, 92, 0.1), (80, 95, 0.1), (85, 75, 0.01)]
    {
        let once = decode_jpeg(&jpeg(&scene(), first)).unwrap().pixels.luma();
        let found = measured(&jpeg(&once, second));
        assert!(
            found.gain_bits > Some(least_bits),
            "{first} {second}: {found:?}"
        );
        let quality = found.ijg_quality.unwrap();
        assert!(
            quality.abs_diff(first) <= 3,
            "{first} {second}: {quality} {found:?}"
        );
    }
}

#[test]
fn a_picture_saved_once_gains_nothing() {
    for quality in [60, 75, 85, 92, 96] {
        let found = measured(&jpeg(&scene(), quality));
        assert!(found.gain_bits < Some(0.005), "{quality}: {found:?}");
        assert!(found.coefficients.len() >= JUDGED_MIN, "{quality}");
    }
}

#[test]
fn what_does_not_vary_is_not_judged() {
    let flat = Pixels::new(vec![90; 640 * 480], 640, 480, Layout::Gray).unwrap();
    let found = measure(&flat, &[3; 64]).unwrap();
    assert_eq!((found.gain_bits, found.coefficients.len()), (None, 0));
    assert!(
        measure(
            &Pixels::new(vec![9; 64], 8, 8, Layout::Gray).unwrap(),
            &[3; 64]
        )
        .is_none()
    );
    let white = Pixels::new(vec![255; 64 * 64], 64, 64, Layout::Gray).unwrap();
    assert!(measure(&white, &[3; 64]).is_none());
    assert!(measure(&white, &[]).is_none());
}
