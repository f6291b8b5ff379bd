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

#[test]
fn what_runs_from_top_to_bottom_is_counted_beside_the_rows() {
    // Six characters of two strokes across and two down, none like the next.
    let plate = picture(400, 600, |x, y| {
        let (across, down) = ((x - 150.0) / 50.0, (y - 60.0) / 60.0);
        let (number, v) = (down.floor() as i32, down.rem_euclid(1.0) * 1.2);
        let is_inside = (0.0..1.0).contains(&across) && (0.0..8.0).contains(&down) && v < 1.0;
        let lot = |part| 0.1 + 0.8 * scatter(number, part, 3);
        let is_on = |place: f32, part| (place - lot(part)).abs() < 0.05;
        let is_ink = is_on(v, 1) || is_on(v, 2) || is_on(across, 3) || is_on(across, 4);
        if is_inside && is_ink { 40.0 } else { 220.0 }
    });
    let seen = found(&blur(&plate, &gaussian(0.7)));
    assert_eq!(seen.columns_count, Some(1), "{seen:?}");
    let upright = seen
        .lines
        .iter()
        .filter(|line| line.direction == Direction::TopToBottom);
    assert_eq!(upright.count(), 1);
    assert_eq!(found(&sign(30.0, 5.0, 40.0)).columns_count, Some(0));
}

#[test]
fn rows_and_columns_that_lie_in_each_other_are_one_thing() {
    let line = |direction, x, y, w, h| TextLine {
        direction,
        region: Region { x, y, w, h },
        ..TextLine::default()
    };
    let column = line(Direction::TopToBottom, 0.4, 0.1, 0.1, 0.8);
    let part = line(Direction::Horizontal, 0.39, 0.3, 0.12, 0.1);
    let beside = line(Direction::Horizontal, 0.1, 0.3, 0.2, 0.1);
    let (rows, columns) = apart(vec![part, beside], vec![column]);
    assert_eq!((rows, columns), (vec![beside], vec![column]));
    // The ends of the rows of a page.
    let page: Vec<TextLine> = (0..8)
        .map(|i| {
            line(
                Direction::Horizontal,
                0.1,
                0.1 + 0.1 * f64::from(i),
                0.5,
                0.07,
            )
        })
        .collect();
    let (rows, columns) = apart(page.clone(), vec![column]);
    assert_eq!((rows, columns), (page, vec![]));
}

#[test]
fn measurements_of_before_columns_still_read() {
    let old = r#"{"width_px":2048,"height_px":1536,"reduced_ratio":2.0,"lines_count":1,"lines":[
        {"region":{"x":0.1,"y":0.2,"w":0.3,"h":0.05},"height_px":30.0,"stroke_width_px":4.0,
         "edge_width_px":2.0,"contrast_levels":90.0,"strokes_per_height":2.5}]}"#;
    let read: Legibility = serde_json::from_str(old).unwrap();
    assert_eq!(read.columns_count, None);
    assert_eq!(read.lines[0].direction, Direction::Horizontal);
    let now = found(&sign(30.0, 5.0, 40.0));
    let written = serde_json::to_string(&now).unwrap();
    assert_eq!(serde_json::from_str::<Legibility>(&written).unwrap(), now);
}
