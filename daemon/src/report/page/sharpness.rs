//! The map of sharp and blurred parts over a photo: what was measured of each
//! tile, not what a limit makes of it.

use unbroken_probes::measure::photo::{MeasuredIn, Photo};
use unbroken_probes::measure::sharpness::{Detail, Sharpness};

/// Edges this narrow are as sharp as the decision scale shows: green.
const SHARP_PX: f32 = 2.0;
/// Edges this wide or wider are blurred beyond doubt: red.
const BLURRED_PX: f32 = 8.0;
/// Hue of green in degrees; that of red is 0.
const GREEN_DEG: f32 = 130.0;

/// One tile with something to measure, in thousandths of the picture's sides.
pub(super) struct Tile {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    pub(super) hue_deg: u32,
    pub(super) zh: String,
    pub(super) en: String,
}

/// The tiles of a photo that was measured itself; none where nothing in it can
/// be judged.
pub(super) fn tiles(photo: Option<&Photo>) -> Vec<Tile> {
    let own = photo.filter(|photo| photo.measured_in == MeasuredIn::Picture);
    let Some(sharpness) = own.and_then(|photo| photo.sharpness.as_ref()) else {
        return Vec::new();
    };
    let places = (0..sharpness.rows).flat_map(|row| (0..sharpness.columns).map(move |c| (c, row)));
    places
        .zip(&sharpness.detail)
        .enumerate()
        .filter_map(|(index, ((column, row), detail))| {
            tile(sharpness, index, (column, row), *detail)
        })
        .collect()
}

fn tile(
    sharpness: &Sharpness,
    index: usize,
    (column, row): (u32, u32),
    detail: Detail,
) -> Option<Tile> {
    let width_px = sharpness.edge_width_px.get(index).copied().flatten();
    let (share, zh, en) = match (detail, width_px) {
        (Detail::Plain, _) => return None,
        (Detail::Textured, Some(px)) => (
            (BLURRED_PX - px) / (BLURRED_PX - SHARP_PX),
            format!("边缘宽度{px:.1}像素"),
            format!("edges {px:.1} px wide"),
        ),
        _ => (
            0.0,
            "有形状而无清晰边缘".to_owned(),
            "shapes, but no clear edge".to_owned(),
        ),
    };
    let along = |at: u32, of: u32| format!("{:.1}", f64::from(at) * 1000.0 / f64::from(of.max(1)));
    Some(Tile {
        x: along(column, sharpness.columns),
        y: along(row, sharpness.rows),
        width: along(1, sharpness.columns),
        height: along(1, sharpness.rows),
        hue_deg: (share.clamp(0.0, 1.0) * GREEN_DEG).round() as u32,
        zh,
        en,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(measured_in: MeasuredIn) -> Photo {
        Photo {
            measured_in,
            sharpness: Some(Sharpness {
                columns: 2,
                rows: 2,
                detail: vec![
                    Detail::Textured,
                    Detail::Plain,
                    Detail::Vague,
                    Detail::Textured,
                ],
                edge_width_px: vec![Some(2.0), None, None, Some(5.0)],
                ..Sharpness::default()
            }),
            ..Photo::default()
        }
    }

    #[test]
    fn tiles_lie_where_they_were_measured_and_are_coloured_by_their_edges() {
        let shown = tiles(Some(&photo(MeasuredIn::Picture)));
        let places: Vec<(&str, &str, u32)> = shown
            .iter()
            .map(|t| (t.x.as_str(), t.y.as_str(), t.hue_deg))
            .collect();
        assert_eq!(
            places,
            [
                ("0.0", "0.0", 130),
                ("0.0", "500.0", 0),
                ("500.0", "500.0", 65)
            ]
        );
        assert_eq!(
            (shown[0].width.as_str(), shown[0].height.as_str()),
            ("500.0", "500.0")
        );
        assert!(shown[1].zh.contains("无清晰边缘") && shown[1].en.contains("no clear edge"));
    }

    #[test]
    fn a_preview_has_no_map_and_damaged_lists_draw_what_they_have() {
        assert!(tiles(Some(&photo(MeasuredIn::Preview))).is_empty());
        assert!(tiles(None).is_empty());
        let mut short = photo(MeasuredIn::Picture);
        if let Some(sharpness) = &mut short.sharpness {
            sharpness.edge_width_px.clear();
            sharpness.columns = 0;
        }
        assert!(tiles(Some(&short)).is_empty());
    }
}
