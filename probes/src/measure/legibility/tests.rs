use super::*;
use crate::measure::decision_scale::Gray;
use crate::measure::recipe::{blur, defocus, gaussian, picture, scatter, stones, strokes};

fn found(picture: &Gray) -> Legibility {
    measure(picture.view().unwrap(), 1.0)
}

/// One line of upright strokes, `height_px` high and `stroke_px` wide, on paper.
fn sign(height_px: f32, stroke_px: f32, ink: f32) -> Gray {
    let sharp = picture(480, 240, |x, y| {
        let in_line = (100.0..100.0 + height_px).contains(&y) && (80.0..400.0).contains(&x);
        let in_stroke = (x - 80.0) % (3.0 * stroke_px) < stroke_px;
        if in_line && in_stroke { ink } else { 210.0 }
    });
    blur(&sharp, &gaussian(0.6))
}

#[test]
fn a_line_is_found_where_it_is_and_measured() {
    for (height_px, stroke_px, ink) in [(14.0, 3.0, 40.0), (30.0, 5.0, 60.0), (40.0, 8.0, 120.0)] {
        let seen = found(&sign(height_px, stroke_px, ink));
        assert_eq!(seen.lines_count, 1, "{seen:?}");
        let line = seen.lines[0];
        assert!((line.height_px - height_px).abs() <= 2.0, "{line:?}");
        assert!((line.stroke_width_px - stroke_px).abs() < 0.5, "{line:?}");
        assert!(
            (line.contrast_levels - (210.0 - ink)).abs() < 12.0,
            "{line:?}"
        );
        assert!(line.edge_width_px < 2.2, "{line:?}");
        let top_px = line.region.y * 240.0;
        assert!((top_px - 100.0).abs() <= 2.0, "{line:?}");
        assert!((line.region.x * 480.0 - 80.0).abs() <= 4.0, "{line:?}");
    }
}

#[test]
fn light_strokes_on_dark_are_text_too() {
    let Gray {
        data,
        width_px,
        height_px,
    } = sign(24.0, 4.0, 40.0);
    let inverted = Gray {
        data: data.iter().map(|v| 255 - v).collect(),
        width_px,
        height_px,
    };
    assert_eq!(found(&inverted).lines_count, 1);
}

#[test]
fn blur_widens_the_edges_of_strokes_until_they_are_gone() {
    let scene = sign(30.0, 5.0, 40.0);
    let edge_px = |picture: &Gray| found(picture).lines.first().map(|line| line.edge_width_px);
    let sharp = edge_px(&scene).unwrap();
    let soft = edge_px(&blur(&scene, &gaussian(1.8))).unwrap();
    assert!(soft > 1.5 * sharp, "{sharp} {soft}");
    assert_eq!(edge_px(&blur(&scene, &defocus(14.0))), None);
}

#[test]
fn a_page_has_many_lines_and_nature_next_to_none() {
    assert!(found(&strokes(600, 400)).lines_count >= 5);
    assert!(found(&stones(800, 600)).lines_count <= 2);
    let noise = picture(640, 480, |x, y| 255.0 * scatter(x as i32, y as i32, 8));
    assert!(found(&noise).lines_count <= 2);
    let wall = picture(640, 480, |x, _| 100.0 + x / 10.0);
    assert_eq!(found(&wall).lines, []);
}

#[test]
fn every_size_gives_finite_figures_and_no_more_lines_than_are_kept() {
    for (w, h) in [(1, 1), (1, 900), (900, 1), (17, 5), (2048, 40)] {
        let seen = found(&picture(w, h, |x, y| {
            255.0 * ((x / 2.0 + y / 9.0) % 2.0).floor()
        }));
        assert!(seen.lines.len() <= LINES_MAX);
        for line in &seen.lines {
            let lengths = [line.height_px, line.stroke_width_px, line.edge_width_px];
            assert!(lengths.iter().all(|v| v.is_finite()));
            assert!(line.region.x + line.region.w <= 1.0 + 1e-9);
        }
    }
}
