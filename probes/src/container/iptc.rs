//! The time among the captions of IPTC-IIM 4.2.

use super::photoshop::Caption;
use super::written_time;
use crate::measurements::{Moment, TimeReading};

/// The time of creation: 2:55 is its date, 2:60 its clock with the zone. A date
/// without a clock is no time.
pub(super) fn created(captions: &[Caption]) -> Option<TimeReading> {
    let written = |field: &str| {
        let caption = captions.iter().find(|caption| caption.field == field)?;
        Some(caption.written.as_str())
    };
    let text = iso(written("2:55")?, written("2:60")?)?;
    written_time::text("iptc.DateCreated", &text, Moment::Capture)
}

/// `20260412` and `090000+0800` as ISO 8601 has them.
fn iso(date: &str, clock: &str) -> Option<String> {
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
    let (hour, minute, second) = (clock.get(..2)?, clock.get(2..4)?, clock.get(4..6)?);
    let zone = match clock.get(6..) {
        Some(zone) if zone.len() == 5 => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
        _ => String::new(),
    };
    Some(format!(
        "{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::Zone;

    fn captions(of: &[(&str, &str)]) -> Vec<Caption> {
        let caption = |(field, written): &(&str, &str)| Caption {
            field: (*field).to_owned(),
            written: (*written).to_owned(),
        };
        of.iter().map(caption).collect()
    }

    #[test]
    fn date_and_clock_make_a_time_with_its_zone() {
        let record = captions(&[
            ("2:05", "title"),
            ("2:55", "20260412"),
            ("2:60", "090000+0800"),
        ]);
        let time = created(&record).unwrap();
        assert_eq!(time.field, "iptc.DateCreated");
        assert_eq!(time.local, "2026-04-12T09:00:00".parse().unwrap());
        assert_eq!(time.zone, Zone::Offset(28_800));
    }

    #[test]
    fn half_a_time_and_damage_are_none() {
        for (date, clock) in [
            ("2026041", "090000"),
            ("20261340", "090000"),
            ("二〇二六", "090000"),
            ("20260412", "0900"),
        ] {
            assert_eq!(created(&captions(&[("2:55", date), ("2:60", clock)])), None);
        }
        assert_eq!(created(&captions(&[("2:55", "20260412")])), None);
    }
}
