use super::*;
use crate::measure::recipe::{scatter, stones};

const WIDTH_PX: usize = 320;
const HEIGHT_PX: usize = 180;
const SCENE_PX: usize = 700;

/// A picture of the scene: where it looks, how it is lit.
fn view(scene: &[u8], x: usize, light: i32, seed: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(WIDTH_PX * HEIGHT_PX);
    for row in 0..HEIGHT_PX {
        for column in 0..WIDTH_PX {
            let value = i32::from(scene[row * SCENE_PX + x + column]);
            let noise = (scatter(column as i32, row as i32, seed) * 5.0) as i32 - 2;
            out.push((value + light + noise).clamp(0, 255) as u8);
        }
    }
    out
}

/// Sixty pictures at 25 a second, of which `shown` says place and light.
fn look(shown: impl Fn(u32) -> (usize, i32)) -> Found {
    let scene = stones(SCENE_PX as u32, HEIGHT_PX as u32);
    let mut shots = Shots::default();
    for n in 0..60 {
        let (x, light) = shown(n);
        let grey = view(&scene.data, x, light, n);
        shots.see(&grey, WIDTH_PX, f64::from(n) * 0.04, n % 10 == 0);
    }
    shots.finish()
}

#[test]
fn a_cut_stands_out_and_nothing_else_does() {
    let found = look(|n| (if n < 30 { 0 } else { 380 }, 0));
    let [cut] = found.moments.as_slice() else {
        panic!("one moment: {:?}", found.moments);
    };
    assert!((cut.at_s - 1.2).abs() < 1e-9 && (cut.step_s - 0.04).abs() < 1e-9);
    assert!(
        cut.unforetold > 0.6 && cut.unforetold_returning > 0.6,
        "{cut:?}"
    );
    assert!(cut.unforetold_near < 0.05, "{cut:?}");
    assert!(
        (cut.residual_last - cut.residual_near).abs() < 0.05,
        "{cut:?}"
    );
    assert!(found.resumed.is_empty());
}

#[test]
fn a_flash_gives_the_view_back() {
    let found = look(|n| (0, if n == 30 { 140 } else { 0 }));
    let flash = found.moments.iter().find(|m| (m.at_s - 1.2).abs() < 1e-9);
    assert!(
        flash.is_none_or(|m| m.unforetold_returning < 0.1),
        "{flash:?}"
    );
}

#[test]
fn a_slow_pan_leaves_no_moment() {
    let found = look(|n| (n as usize * 4, 0));
    // The first step has none before it to be held against.
    assert!(
        found
            .moments
            .iter()
            .all(|m| m.at_s < 0.05 && m.unforetold < 0.1),
        "{:?}",
        found.moments
    );
    assert!(found.resumed.is_empty());
}

#[test]
fn an_inserted_stretch_is_seen_when_the_view_is_back() {
    let found = look(|n| (if (20..40).contains(&n) { 380 } else { 0 }, 0));
    let [back] = found.resumed.as_slice() else {
        panic!("one stretch: {:?}", found.resumed);
    };
    assert!((back.span.start_s - 0.8).abs() < 1e-9, "{back:?}");
    assert!((back.span.end_s - 1.6).abs() < 1e-9, "{back:?}");
    assert!(back.unforetold < 0.05, "{back:?}");
}

#[test]
fn what_is_usual_needs_four_pictures_coded_for_themselves() {
    assert!(look(|_| (0, 0)).key_unforetold.is_some());
    let mut shots = Shots::default();
    let scene = stones(SCENE_PX as u32, HEIGHT_PX as u32);
    for n in 0..20 {
        let grey = view(&scene.data, 0, 0, n);
        shots.see(&grey, WIDTH_PX, f64::from(n) * 0.04, n < 4);
    }
    // The first has none before it.
    assert_eq!(shots.finish().key_unforetold, None);
}
