//! Written times that are no times: empty counters, factory defaults, and one
//! that can be mended.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};

use crate::measurements::{TimeReading, Zone};

/// Seconds from 1904-01-01 to 1970-01-01, both UTC (ISO/IEC 14496-12 counts
/// from the one, Unix from the other).
const UNIX_IN_1904_S: i64 = 2_082_844_800;

/// No digital recording is older. Named guess: the first digital still cameras
/// with a clock were sold around 1990.
const FIRST_YEAR: i32 = 1990;

/// First year of the phones whose writer forgot the 1904 offset (Android 1.0
/// came out in 2008).
const FIRST_UNIX_WRITER_YEAR: i32 = 2008;

/// The plan is in force since 2021-06-01; nothing recorded under it is older.
const PLAN_YEAR: i32 = 2021;

/// A camera with an empty battery starts at midnight of its default day; a
/// later hour of that day is a recording. Named guess.
const DEFAULT_UPTIME_H: u32 = 12;

/// A New Year's morning that is received later than this is a default, not a
/// recording. Named guess.
const DEFAULT_AGE_DAYS: i64 = 30;

/// What the firmware of one maker of chips leaves as the time of digitising, in
/// every photo (measured on originals of Motorola, LG, OPPO, HUAWEI and OnePlus
/// with its chips).
const CHIP_DEFAULT: &str = "2002:12:08 12:00:00";

/// What became of a written time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    /// A time, as written.
    Sound,
    /// Unix seconds in a field that counts from 1904: this is the time meant.
    Repaired(NaiveDateTime),
    /// No time: why.
    Bogus(&'static str),
}

/// Tells times from empty counters and factory defaults. `received` bounds
/// what can be meant, if it is known.
pub(super) fn of(reading: &TimeReading, received: Option<DateTime<Utc>>) -> Epoch {
    let local = reading.local;
    if is_a_chip_s(reading) {
        return Epoch::Bogus("the time that the maker of a chip left in its firmware");
    }
    if local.year() < FIRST_YEAR {
        return match reading.zone {
            Zone::NominallyUtc => unix_seconds(local, received)
                .map_or(Epoch::Bogus("an empty or never set clock"), Epoch::Repaired),
            _ => Epoch::Bogus("an empty or never set clock"),
        };
    }
    let default_morning = local.month() == 1 && local.day() == 1 && local.hour() < DEFAULT_UPTIME_H;
    let stale = received.is_some_and(|r| {
        r.signed_duration_since(local.and_utc()) > TimeDelta::days(DEFAULT_AGE_DAYS)
    });
    if default_morning && (local.year() < PLAN_YEAR || stale) {
        return Epoch::Bogus("the day to which a clock without battery falls back");
    }
    Epoch::Sound
}

fn is_a_chip_s(reading: &TimeReading) -> bool {
    reading.field == "exif.DateTimeDigitized" && reading.written.starts_with(CHIP_DEFAULT)
}

/// True if nobody set the clock: it stands at its zero or at a chip's default.
/// A factory's New Year is not among them, for it can be written by hand.
pub(crate) fn is_never_set(reading: &TimeReading) -> bool {
    reading.local.year() < FIRST_YEAR || is_a_chip_s(reading)
}

/// The time meant by a writer that put Unix seconds where seconds since 1904
/// belong; such a time reads 66 years early.
fn unix_seconds(local: NaiveDateTime, received: Option<DateTime<Utc>>) -> Option<NaiveDateTime> {
    let meant = local.checked_add_signed(TimeDelta::try_seconds(UNIX_IN_1904_S)?)?;
    let limit = received.map(|r| r.naive_utc() + TimeDelta::days(1));
    let possible = meant.year() >= FIRST_UNIX_WRITER_YEAR
        && limit.map_or(meant.year() < 2100, |limit| meant <= limit);
    possible.then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::Moment;

    fn epoch(written: &str, zone: Zone, received: Option<&str>) -> Epoch {
        let reading = TimeReading {
            field: "mvhd.creation".to_owned(),
            written: written.to_owned(),
            local: written.parse().unwrap(),
            zone,
            moment: Moment::StartOrEnd,
        };
        of(&reading, received.map(|r| r.parse().unwrap()))
    }

    #[test]
    fn counters_that_stand_at_zero_are_no_times() {
        for zero in [
            "1904-01-01T00:00:00",
            "1970-01-01T00:00:00",
            "1980-01-01T00:00:00",
        ] {
            assert!(
                matches!(epoch(zero, Zone::Local, None), Epoch::Bogus(_)),
                "{zero}"
            );
        }
        assert!(matches!(
            epoch(
                "1904-01-01T00:00:00",
                Zone::NominallyUtc,
                Some("2026-04-12T12:00:00Z")
            ),
            Epoch::Bogus(_)
        ));
    }

    #[test]
    fn a_chip_s_default_is_a_time_of_digitising_only() {
        let reading = |field: &str, written: &str| TimeReading {
            field: field.to_owned(),
            written: written.to_owned(),
            local: "2002-12-08T12:00:00".parse().unwrap(),
            zone: Zone::Local,
            moment: Moment::Capture,
        };
        let digitised = reading("exif.DateTimeDigitized", CHIP_DEFAULT);
        assert!(is_never_set(&digitised));
        assert!(matches!(of(&digitised, None), Epoch::Bogus(_)));
        let taken = reading("exif.DateTimeOriginal", CHIP_DEFAULT);
        assert!(!is_never_set(&taken));
        assert_eq!(of(&taken, None), Epoch::Sound);
        let a_second_later = reading("exif.DateTimeDigitized", "2002:12:08 12:00:01");
        assert!(!is_never_set(&a_second_later));
    }

    #[test]
    fn factory_days_are_told_from_new_years_mornings() {
        assert!(matches!(
            epoch("2000-01-01T00:03:12", Zone::Local, None),
            Epoch::Bogus(_)
        ));
        assert_eq!(
            epoch("2000-01-01T12:00:00", Zone::Local, None),
            Epoch::Sound
        );
        let morning = "2026-01-01T09:00:00";
        assert_eq!(epoch(morning, Zone::Local, None), Epoch::Sound);
        assert_eq!(
            epoch(morning, Zone::Local, Some("2026-01-31T09:00:00Z")),
            Epoch::Sound
        );
        assert!(matches!(
            epoch(morning, Zone::Local, Some("2026-01-31T09:00:01Z")),
            Epoch::Bogus(_)
        ));
    }

    #[test]
    fn unix_seconds_in_a_1904_field_are_mended_if_they_can_be_meant() {
        // 2026-04-12T01:00:00Z less 66 years and their 17 leap days.
        let written = "1960-04-11T01:00:00";
        let meant = Epoch::Repaired("2026-04-12T01:00:00".parse().unwrap());
        assert_eq!(epoch(written, Zone::NominallyUtc, None), meant);
        assert_eq!(
            epoch(written, Zone::NominallyUtc, Some("2026-04-12T09:00:00Z")),
            meant
        );
        let before = Some("2026-04-10T00:00:00Z");
        assert!(matches!(
            epoch(written, Zone::NominallyUtc, before),
            Epoch::Bogus(_)
        ));
        assert!(matches!(epoch(written, Zone::Local, None), Epoch::Bogus(_)));
    }
}
