use super::*;
use crate::measure::decision_scale::Gray;
use crate::measure::recipe::{blur, defocus, gaussian, picture, scatter, stones};

/// Whether ink is at a place of a character's square, 0.0 to 1.0 from its upper left
/// corner: some strokes across and some down, each of its own length.
fn character(u: f32, v: f32, number: i32) -> bool {
    let lot = |part: i32| scatter(number, part, 21);
    let is_on = |place: f32, along: f32, middle: f32, part: i32| {
        let (start, end) = (0.3 * lot(part), 1.0 - 0.3 * lot(part + 1));
        (place - middle).abs() < 0.05 && (start..end).contains(&along) && lot(part + 2) < 0.75
    };
    (0..5).any(|i| is_on(v, u, 0.06 + 0.22 * i as f32, 10 * i))
        || (0..3).any(|i| is_on(u, v, 0.06 + 0.44 * i as f32, 100 + 10 * i))
}

/// A plate with a column of characters in front of something.
struct Plate {
    left_px: f32,
    top_px: f32,
    /// Side of a character.
    side_px: f32,
    count: i32,
    /// Pixels to the right a pixel down.
    slant: f32,
    ink: f32,
    board: f32,
    /// Its characters lie on their side.
    lies: bool,
}

const PLATE: Plate = Plate {
    left_px: 200.0,
    top_px: 90.0,
    side_px: 40.0,
    count: 8,
    slant: 0.0,
    ink: 40.0,
    board: 220.0,
    lies: false,
};

impl Plate {
    fn before(&self, ground: impl Fn(f32, f32) -> f32) -> Gray {
        let sharp = picture(640, 640, |x, y| {
            let down = (y - self.top_px) / self.side_px;
            let across = (x - self.left_px - self.slant * (y - self.top_px)) / self.side_px;
            // Characters stand a fifth of their side apart, and half of it from the edge.
            let length = self.count as f32 * 1.2 - 0.2;
            if !(-0.5..length + 0.5).contains(&down) || !(-0.5..1.5).contains(&across) {
                return ground(x, y);
            }
            let (number, v) = ((down / 1.2).floor(), down.rem_euclid(1.2));
            let is_inside = (0.0..length).contains(&down) && v < 1.0;
            let (u, v) = if self.lies { (v, across) } else { (across, v) };
            let is_ink =
                is_inside && (0.0..1.0).contains(&across) && character(u, v, number as i32);
            if is_ink { self.ink } else { self.board }
        });
        blur(&sharp, &gaussian(0.7))
    }
}

fn columns(of: &Gray) -> Vec<TextLine> {
    find(of.view().unwrap())
}

/// What stands behind a plate.
type Ground<'a> = &'a dyn Fn(f32, f32) -> f32;

fn wall(_: f32, _: f32) -> f32 {
    150.0
}

/// Turned over its diagonal: rows become columns.
fn turned(of: &Gray) -> Gray {
    let at = |x: f32, y: f32| f32::from(of.data[(x * of.width_px as f32 + y) as usize]);
    picture(of.height_px, of.width_px, at)
}

#[test]
fn a_column_is_found_where_it_is_and_measured() {
    let leaves = stones(640, 640);
    let busy = |x: f32, y: f32| f32::from(leaves.data[(y * 640.0 + x) as usize]);
    // What stands above a plate by chance may be taken for one character more.
    let grounds: [(Ground<'_>, f32); 2] = [(&wall, 0.0), (&busy, 1.2)];
    for (ground, more_times) in grounds {
        for side_px in [30.0, 40.0, 52.0] {
            let plate = Plate { side_px, ..PLATE };
            let found = columns(&plate.before(ground));
            assert_eq!(found.len(), 1, "{more_times} {side_px} {found:?}");
            let line = found[0];
            assert_eq!(line.direction, Direction::TopToBottom);
            assert!(
                (line.height_px - side_px).abs() <= 0.15 * side_px,
                "{line:?}"
            );
            assert!(
                (line.stroke_width_px - 0.1 * side_px).abs() < 1.6,
                "{line:?}"
            );
            assert!((line.contrast_levels - 180.0).abs() < 40.0, "{line:?}");
            assert!(line.edge_width_px < 3.0, "{line:?}");
            let more_px = more_times * side_px;
            let Region { x, y, h, .. } = line.region;
            let [x, y, height] = [x, y, h].map(|share| share as f32 * 640.0);
            assert!((x - 200.0).abs() < 8.0, "{line:?}");
            assert!((y - 90.0).abs() < 8.0 + more_px, "{line:?}");
            let is_all = (height - 9.4 * side_px).abs() < 0.4 * side_px + more_px;
            assert!(is_all, "{line:?}");
        }
    }
}

#[test]
fn slanted_ones_and_light_ones_on_dark_are_columns_too() {
    for slant in [-0.08, 0.08] {
        let found = columns(&Plate { slant, ..PLATE }.before(wall));
        assert_eq!(found.len(), 1, "{slant}");
        assert!((found[0].height_px - 40.0).abs() <= 7.0, "{found:?}");
    }
    let lit = Plate {
        ink: 210.0,
        board: 50.0,
        ..PLATE
    };
    assert_eq!(columns(&lit.before(wall)).len(), 1);
}

#[test]
fn a_shadow_over_half_of_a_plate_does_no_harm() {
    let plate = PLATE.before(wall);
    let shaded = picture(640, 640, |x, y| {
        let share = if y > 330.0 { 0.5 } else { 1.0 };
        share * f32::from(plate.data[(y * 640.0 + x) as usize])
    });
    assert_eq!(columns(&shaded).len(), 1);
}

#[test]
fn a_line_on_its_side_is_found_and_one_that_lies_flat_is_left_to_the_rows() {
    let turned_by_90_degrees = Plate {
        lies: true,
        ..PLATE
    };
    let found = columns(&turned_by_90_degrees.before(wall));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].direction, Direction::TopToBottom);
    assert_eq!(columns(&turned(&turned_by_90_degrees.before(wall))), []);
}

#[test]
fn blur_widens_the_edges_until_nothing_is_found() {
    let plate = PLATE.before(wall);
    let edge_px = |of: &Gray| columns(of).first().map(|line| line.edge_width_px);
    let sharp = edge_px(&plate).unwrap();
    let soft = edge_px(&blur(&plate, &gaussian(1.8))).unwrap();
    assert!(soft > 1.4 * sharp, "{sharp} {soft}");
    assert_eq!(edge_px(&blur(&plate, &defocus(16.0))), None);
}

#[test]
fn faint_and_short_writing_is_not_found() {
    let faint = Plate {
        ink: 195.0,
        ..PLATE
    };
    assert_eq!(columns(&faint.before(wall)), []);
    let short = Plate { count: 2, ..PLATE };
    assert_eq!(columns(&short.before(wall)), []);
}

#[test]
fn what_repeats_itself_is_no_writing() {
    // One character above itself again and again, as a pattern of tiles.
    let tiles = picture(640, 640, |x, y| {
        let (across, down) = ((x - 200.0) / 40.0, (y - 40.0) / 48.0);
        let is_inside = (0.0..1.0).contains(&across) && (0.0..11.0).contains(&down);
        let v = down.rem_euclid(1.0) * 1.2;
        if is_inside && v < 1.0 && character(across, v, 3) {
            40.0
        } else {
            220.0
        }
    });
    assert_eq!(columns(&blur(&tiles, &gaussian(0.7))), []);
}

/// Dark where it says so, on a light wall, a little blurred.
fn facade(is_dark: impl Fn(f32, f32) -> bool) -> Gray {
    let sharp = picture(640, 640, |x, y| if is_dark(x, y) { 50.0 } else { 200.0 });
    blur(&sharp, &gaussian(0.7))
}

#[test]
fn windows_rungs_bars_and_bricks_are_no_columns() {
    let in_column = |x: f32| (200.0..240.0).contains(&x);
    let windows = facade(|x, y| in_column(x) && y % 60.0 < 44.0);
    assert_eq!(columns(&windows), [], "windows");
    let crossed = facade(|x, y| {
        let (u, v) = (x - 200.0, y % 60.0);
        let is_bar = (u - 20.0).abs() < 2.0 || (v - 22.0).abs() < 2.0;
        in_column(x) && v < 44.0 && !is_bar
    });
    assert_eq!(columns(&crossed), [], "windows with bars");
    let ladder = facade(|x, y| in_column(x) && y % 14.0 < 4.0);
    assert_eq!(columns(&ladder), [], "a ladder");
    let blind = facade(|_, y| y % 12.0 < 4.0);
    assert_eq!(columns(&blind), [], "a blind");
    let fence = facade(|x, _| x % 16.0 < 4.0);
    assert_eq!(columns(&fence), [], "a fence");
    let grid = facade(|x, y| x % 30.0 < 4.0 || y % 30.0 < 4.0);
    assert_eq!(columns(&grid), [], "a grille");
    let bricks = facade(|x, y| {
        let course = (y / 16.0).floor();
        y % 16.0 < 3.0 || (x + 20.0 * (course % 2.0)) % 40.0 < 3.0
    });
    assert_eq!(columns(&bricks), [], "bricks");
    let pillar = facade(|x, y| {
        let course = (y / 16.0).floor();
        in_column(x) && (y % 16.0 < 3.0 || (x + 10.0 * (course % 2.0)) % 20.0 < 3.0)
    });
    assert_eq!(columns(&pillar), [], "a pillar of bricks");
}

#[test]
fn nature_and_noise_have_no_columns() {
    assert_eq!(columns(&stones(800, 800)), []);
    let noise = picture(640, 640, |x, y| 255.0 * scatter(x as i32, y as i32, 8));
    assert_eq!(columns(&noise), []);
    let trunk = picture(640, 640, |x, y| {
        let edge = 200.0 + 12.0 * (y / 37.0).sin() + 6.0 * scatter(0, y as i32 / 5, 4);
        if (edge..edge + 60.0).contains(&x) {
            60.0
        } else {
            190.0
        }
    });
    assert_eq!(columns(&blur(&trunk, &gaussian(0.7))), []);
}

#[test]
fn every_size_gives_regions_inside_the_picture() {
    for (w, h) in [(1, 1), (1, 900), (900, 1), (17, 5), (40, 2048), (90, 400)] {
        let marks = picture(w, h, |x, y| {
            let has = scatter(x as i32 / 6, y as i32 / 6, 5) < 0.4;
            if has { 30.0 } else { 220.0 }
        });
        for line in columns(&marks) {
            let lengths = [line.height_px, line.stroke_width_px, line.edge_width_px];
            assert!(lengths.iter().all(|v| v.is_finite()));
            let Region { x, y, w, h } = line.region;
            assert!(x >= 0.0 && y >= 0.0 && x + w <= 1.0 + 1e-9 && y + h <= 1.0 + 1e-9);
        }
    }
}
