//! Where a picture says it was taken (Exif 3.0, 4.6.6).
//!
//! For comparing only: reports, pages and receipts never show the coordinates.

use exif::{In, Tag, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exif_fields::text;

/// A position on the ellipsoid that GPS uses, WGS 84, unless the writer shifted
/// it: phones sold in China may write the shifted datum GCJ-02.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Position {
    /// Latitude, north positive, -90 to 90.
    pub latitude_deg: f64,
    /// Longitude, east positive, -180 to 180.
    pub longitude_deg: f64,
    /// How far the receiver says that it may be off across (GPSHPositioningError).
    pub error_m: Option<f64>,
    /// Dilution of precision as written (GPSDOP), a factor and no length.
    pub dilution_ratio: Option<f64>,
}

/// Mean radius of the earth (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

impl Position {
    /// The way along the great circle (haversine, good to 0.6 %).
    pub fn distance_m(&self, other: &Self) -> f64 {
        let half_chord = |a_deg: f64, b_deg: f64| ((a_deg - b_deg).to_radians() / 2.0).sin();
        let across = half_chord(self.longitude_deg, other.longitude_deg);
        let along = half_chord(self.latitude_deg, other.latitude_deg);
        let cosines = self.latitude_deg.to_radians().cos() * other.latitude_deg.to_radians().cos();
        let square = (along * along + cosines * across * across).clamp(0.0, 1.0);
        2.0 * EARTH_RADIUS_M * square.sqrt().asin()
    }
}

/// The position in the block; `None` if there is none, if it is void or
/// impossible.
pub(super) fn read(exif: &exif::Exif) -> Option<Position> {
    if text(exif, Tag::GPSStatus).is_some_and(|status| status.starts_with('V')) {
        return None;
    }
    let latitude_deg = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, ('N', 'S'))?;
    let longitude_deg = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, ('E', 'W'))?;
    let is_possible = latitude_deg.abs() <= 90.0 && longitude_deg.abs() <= 180.0;
    is_possible.then(|| Position {
        latitude_deg,
        longitude_deg,
        error_m: number(exif, Tag::GPSHPositioningError),
        dilution_ratio: number(exif, Tag::GPSDOP),
    })
}

/// Degrees, minutes and seconds with the letter of their half of the globe.
fn degrees(exif: &exif::Exif, tag: Tag, half: Tag, (plus, minus): (char, char)) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let &[degrees, minutes, seconds] = parts.as_slice() else {
        return None;
    };
    let sum = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
    let half = text(exif, half)?;
    let sign = match half.trim().chars().next()?.to_ascii_uppercase() {
        c if c == plus => 1.0,
        c if c == minus => -1.0,
        _ => return None,
    };
    sum.is_finite().then_some(sign * sum)
}

fn number(exif: &exif::Exif, tag: Tag) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let value = parts.first()?.to_f64();
    (value.is_finite() && value >= 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use exif::experimental::Writer;
    use exif::{Field, Rational, Reader};

    use super::*;

    fn ratios(values: &[(u32, u32)]) -> Value {
        Value::Rational(
            values
                .iter()
                .map(|(num, denom)| Rational {
                    num: *num,
                    denom: *denom,
                })
                .collect(),
        )
    }

    fn read_back(fields: Vec<(Tag, Value)>) -> Option<Position> {
        let fields: Vec<Field> = fields
            .into_iter()
            .map(|(tag, value)| Field {
                tag,
                ifd_num: In::PRIMARY,
                value,
            })
            .collect();
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut block = Cursor::new(Vec::new());
        writer.write(&mut block, false).unwrap();
        read(&Reader::new().read_raw(block.into_inner()).unwrap())
    }

    fn ascii(text: &str) -> Value {
        Value::Ascii(vec![text.as_bytes().to_vec()])
    }

    fn shanghai() -> Vec<(Tag, Value)> {
        vec![
            (Tag::GPSLatitudeRef, ascii("N")),
            (Tag::GPSLatitude, ratios(&[(31, 1), (14, 1), (600, 100)])),
            (Tag::GPSLongitudeRef, ascii("E")),
            (Tag::GPSLongitude, ratios(&[(121, 1), (29, 1), (0, 1)])),
        ]
    }

    #[test]
    fn degrees_minutes_and_seconds_are_read_with_their_error() {
        let mut fields = shanghai();
        fields.push((Tag::GPSHPositioningError, ratios(&[(65, 10)])));
        fields.push((Tag::GPSDOP, ratios(&[(12, 10)])));
        let found = read_back(fields).unwrap();
        assert!((found.latitude_deg - 31.235).abs() < 1e-9, "{found:?}");
        assert!((found.longitude_deg - 121.483_333_333).abs() < 1e-6);
        assert_eq!(
            (found.error_m, found.dilution_ratio),
            (Some(6.5), Some(1.2))
        );
        let mut south = shanghai();
        south[0].1 = ascii("S");
        assert!(read_back(south).unwrap().latitude_deg < -31.0);
    }

    #[test]
    fn what_is_void_or_impossible_is_no_position() {
        let with = |place: usize, value: Value| {
            let mut fields = shanghai();
            fields[place].1 = value;
            read_back(fields)
        };
        assert!(with(0, ascii("X")).is_none());
        assert!(with(1, ratios(&[(91, 1), (0, 1), (0, 1)])).is_none());
        assert!(with(1, ratios(&[(31, 0), (0, 1), (0, 1)])).is_none());
        assert!(with(3, ratios(&[(121, 1)])).is_none());
        let mut void = shanghai();
        void.push((Tag::GPSStatus, ascii("V")));
        assert!(read_back(void).is_none());
        assert!(read_back(shanghai()).is_some());
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let place = |latitude_deg, longitude_deg| Position {
            latitude_deg,
            longitude_deg,
            ..Position::default()
        };
        // A degree of a great circle.
        let degree_m = place(0.0, 179.5).distance_m(&place(0.0, -179.5));
        assert!((degree_m - 111_195.0).abs() < 10.0, "{degree_m}");
        assert_eq!(place(31.0, 121.0).distance_m(&place(31.0, 121.0)), 0.0);
        let half_m = place(0.0, 0.0).distance_m(&place(0.0, 180.0));
        assert!((half_m - 20_015_114.0).abs() < 1000.0, "{half_m}");
    }
}
