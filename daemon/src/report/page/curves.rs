//! What was measured over time, drawn: a curve for each quantity.

use std::fmt::Write as _;

use unbroken_probes::text::StaticText;
use unbroken_probes::time_series::TimeSeries;

use super::AXIS;

/// Where the drawing's floor and ceiling lie, in its units.
const FLOOR: f64 = 69.0;
const CEILING: f64 = 19.0;
/// Places along the axis: more could not be told apart.
const PLACES: usize = 960;

/// One drawn quantity.
pub(super) struct Curve {
    /// What it is.
    pub(super) title: StaticText,
    /// Floor and ceiling in words.
    pub(super) range: String,
    /// The path, in the drawing's units.
    pub(super) path: String,
}

/// What is drawn: clock, column, its title, floor, ceiling and their unit.
const DRAWN: [(&str, &str, StaticText, f64, f64, &str); 4] = [
    (
        "picture",
        "brightness",
        StaticText {
            zh: "亮度",
            en: "brightness",
        },
        16.0,
        235.0,
        "灰度级 grey levels",
    ),
    (
        "picture",
        "difference",
        StaticText {
            zh: "与前一帧的差异",
            en: "difference from the picture before",
        },
        0.0,
        32.0,
        "灰度级 grey levels",
    ),
    (
        "picture",
        "unforetold",
        StaticText {
            zh: "前一帧中找不到的画面块",
            en: "blocks not found in the picture before",
        },
        0.0,
        1.0,
        "占全部 of all",
    ),
    (
        "sound",
        "level",
        StaticText {
            zh: "声音电平",
            en: "level of the sound",
        },
        -80.0,
        0.0,
        "dBFS",
    ),
];

/// The curves on an axis of this length. A series that cannot be read, and a
/// quantity that it does not hold, are not drawn.
pub(super) fn of(series: &[u8], axis_s: Option<f64>) -> Vec<Curve> {
    let (Ok(series), Some(axis_s)) = (TimeSeries::read(series), axis_s) else {
        return Vec::new();
    };
    let drawn = DRAWN.iter();
    drawn
        .filter_map(|(clock, column, title, floor, ceiling, unit)| {
            let clock = series.clock(clock)?;
            let points = clock.at_s().zip(clock.column(column)?.values());
            let path = path(points, axis_s, (*floor, *ceiling))?;
            Some(Curve {
                title: *title,
                range: format!("{floor:.0} – {ceiling:.0} {unit}"),
                path,
            })
        })
        .collect()
}

/// A line from least to most at each place; it breaks where nothing was measured.
/// `None` if nothing was measured anywhere.
fn path(
    points: impl Iterator<Item = (f64, Option<f64>)>,
    axis_s: f64,
    (floor, ceiling): (f64, f64),
) -> Option<String> {
    let mut places: Vec<Option<(f64, f64)>> = vec![None; PLACES];
    for (at_s, value) in points {
        let place = ((at_s / axis_s).clamp(0.0, 1.0) * (PLACES - 1) as f64) as usize;
        if let (Some(value), Some(seen)) = (value, places.get_mut(place)) {
            let (least, most) = seen.unwrap_or((value, value));
            *seen = Some((least.min(value), most.max(value)));
        }
    }
    let height = |value: f64| {
        let share = ((value - floor) / (ceiling - floor)).clamp(0.0, 1.0);
        FLOOR - share * (FLOOR - CEILING)
    };
    let step = AXIS / PLACES as f64;
    // Where there are fewer values than places, the line goes on to the next one
    // unless more is missing than usual.
    let filled = places.iter().flatten().count();
    let reach = (4 * PLACES).checked_div(filled)?;
    let mut path = String::new();
    let mut last: Option<usize> = None;
    for (place, seen) in places.iter().enumerate() {
        let Some((least, most)) = seen else { continue };
        let goes_on = last.is_some_and(|last| place - last <= reach);
        let verb = if goes_on { 'L' } else { 'M' };
        let x = place as f64 * step;
        let (low, high) = (height(*least), height(*most));
        // Writing to a string cannot fail.
        let _ = write!(path, "{verb}{x:.0} {low:.1}");
        if low - high >= 0.1 {
            let _ = write!(path, "V{high:.1}");
        }
        last = Some(place);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unbroken_probes::time_series::{PictureRow, Recorder};

    #[test]
    fn a_curve_breaks_where_nothing_was_measured_and_holds_its_extremes() {
        let points = (0..960).map(|n| {
            let value = (!(100..200).contains(&n)).then_some(if n == 500 { 1.0 } else { 0.0 });
            (f64::from(n), value)
        });
        let path = path(points, 960.0, (0.0, 1.0)).unwrap();
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert_eq!(path.matches("19.0").count(), 1);
        assert!(!path.contains("NaN"));
    }

    #[test]
    fn what_is_no_series_is_not_drawn() {
        assert!(of(b"", Some(10.0)).is_empty());
        assert!(of(b"something else", Some(10.0)).is_empty());
        let mut recorder = Recorder::default();
        for n in 0..50 {
            let row = PictureRow {
                brightness_levels: Some(100.0),
                ..PictureRow::default()
            };
            recorder.picture(f64::from(n) / 25.0, row);
        }
        let bytes = recorder.finish().write(usize::MAX);
        let drawn = of(&bytes, Some(2.0));
        assert_eq!(drawn.len(), 1, "only brightness was measured");
        assert_eq!(drawn[0].title.en, "brightness");
        assert!(of(&bytes, None).is_empty());
    }
}
