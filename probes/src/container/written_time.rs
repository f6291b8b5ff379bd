//! Times as containers write them: counts of seconds and text.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::measurements::{Moment, TimeReading, Zone};

/// Seconds from 1904-01-01, the epoch of QuickTime and ISO-BMFF, to 1970.
pub(super) const EPOCH_1904_S: u64 = 2_082_844_800;
/// Seconds from 1970 to 2001-01-01, the epoch of Matroska.
const EPOCH_2001_S: i64 = 978_307_200;

/// A count of seconds since 1904. Nothing for 0 and for the start of 1970:
/// writers put both for "unknown".
pub(super) fn since_1904(field: String, seconds: u64, moment: Moment) -> Option<TimeReading> {
    if seconds == 0 || seconds == EPOCH_1904_S {
        return None;
    }
    let unix = i64::try_from(seconds)
        .ok()?
        .checked_sub(EPOCH_1904_S as i64)?;
    Some(TimeReading {
        field,
        written: seconds.to_string(),
        local: DateTime::from_timestamp(unix, 0)?.naive_utc(),
        zone: Zone::NominallyUtc,
        moment,
    })
}

/// Nanoseconds since 2001 (Matroska `DateUTC`).
pub(super) fn since_2001(field: &str, nanoseconds: i64) -> Option<TimeReading> {
    if nanoseconds == 0 {
        return None;
    }
    let seconds = nanoseconds
        .div_euclid(1_000_000_000)
        .checked_add(EPOCH_2001_S)?;
    let rest = u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?;
    Some(TimeReading {
        field: field.to_owned(),
        written: nanoseconds.to_string(),
        local: DateTime::from_timestamp(seconds, rest)?.naive_utc(),
        zone: Zone::NominallyUtc,
        moment: Moment::StartOrEnd,
    })
}

/// A date and time written as text, with its offset if there is one. Nothing
/// unless at least the minute is written.
pub(super) fn text(field: &str, written: &str, moment: Moment) -> Option<TimeReading> {
    let (local, offset_s) = parse(written)?;
    Some(TimeReading {
        field: field.to_owned(),
        written: written.trim().to_owned(),
        local,
        zone: offset_s.map_or(Zone::Local, Zone::Offset),
        moment,
    })
}

/// ISO 8601 and EXIF forms, `2012/09/10 20:52`, and `Mon Sep 10 20:52:00 2012`.
fn parse(written: &str) -> Option<(NaiveDateTime, Option<i32>)> {
    let written = written.trim();
    if let Ok(local) = NaiveDateTime::parse_from_str(written, "%a %b %e %H:%M:%S %Y") {
        return Some((local, None));
    }
    let mut rest = written;
    let year = i32::try_from(number(&mut rest, 4)?).ok()?;
    separator(&mut rest, &['-', ':', '/'])?;
    let month = number(&mut rest, 2)?;
    separator(&mut rest, &['-', ':', '/'])?;
    let day = number(&mut rest, 2)?;
    // Some cameras write `2012/09/10/ 20:52`.
    let _ = separator(&mut rest, &['/']);
    separator(&mut rest, &['T', ' '])?;
    let hour = number(&mut rest, 2)?;
    separator(&mut rest, &[':'])?;
    let minute = number(&mut rest, 2)?;
    let mut second = 0;
    let mut micros = 0;
    if separator(&mut rest, &[':']).is_some() {
        second = number(&mut rest, 2)?;
        if separator(&mut rest, &['.', ',']).is_some() {
            micros = fraction_micros(&mut rest);
        }
    }
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    // 0000-00-00 and 1970-01-01 00:00:00 are "unknown".
    let unknown = year < 1971 && time == NaiveTime::MIN;
    (!unknown).then_some((date.and_time(time), offset_s(rest)))
}

/// Up to `digits` digits as a number, taken off the front of `rest`.
fn number(rest: &mut &str, digits: usize) -> Option<u32> {
    let n = rest
        .bytes()
        .take(digits)
        .take_while(u8::is_ascii_digit)
        .count();
    let (taken, left) = rest.split_at_checked(n)?;
    *rest = left;
    taken.parse().ok()
}

fn separator(rest: &mut &str, allowed: &[char]) -> Option<()> {
    *rest = rest.strip_prefix(allowed)?;
    Some(())
}

fn fraction_micros(rest: &mut &str) -> u32 {
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    *rest = rest.get(digits.len()..).unwrap_or("");
    let padded: String = digits.chars().chain("000000".chars()).take(6).collect();
    padded.parse().unwrap_or(0)
}

/// `Z`, `+08:00`, `+0800`, `+08`; nothing else counts as an offset.
fn offset_s(zone: &str) -> Option<i32> {
    let zone = zone.trim();
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let mut rest = zone.get(1..)?;
    let hours = number(&mut rest, 2)?;
    let _ = separator(&mut rest, &[':']);
    let minutes = number(&mut rest, 2).unwrap_or(0);
    if hours > 14 || minutes > 59 {
        return None;
    }
    i32::try_from(hours * 3600 + minutes * 60)
        .ok()
        .map(|s| sign * s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Option<(String, Option<i32>)> {
        parse(written).map(|(local, offset)| (local.to_string(), offset))
    }

    #[test]
    fn the_forms_that_cameras_write_are_read() {
        let same = |offset| Some(("2019-02-12 15:27:12".to_owned(), offset));
        assert_eq!(read("2019-02-12T15:27:12+0800"), same(Some(28800)));
        assert_eq!(read("2019-02-12T15:27:12+08:00"), same(Some(28800)));
        assert_eq!(read("2019-02-12T15:27:12Z"), same(Some(0)));
        assert_eq!(read("2019:02:12 15:27:12"), same(None));
        assert_eq!(read("Tue Feb 12 15:27:12 2019"), same(None));
        assert_eq!(read("2019/02/12/ 15:27").unwrap().0, "2019-02-12 15:27:00");
        assert_eq!(read("2019-02-12T15:27:12.5-03:30").unwrap().1, Some(-12600));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for written in [
            "",
            "2019",
            "2019-02-12",
            "2019-13-01 10:00",
            "0000:00:00 00:00:00",
            "abc",
        ] {
            assert_eq!(read(written), None, "{written}");
        }
        assert_eq!(read("1970-01-01T00:00:00Z"), None);
    }

    #[test]
    fn unknown_counts_are_absent_and_their_neighbours_are_not() {
        let at = |s| since_1904("mvhd.creation".into(), s, Moment::StartOrEnd);
        assert_eq!(at(0), None);
        assert_eq!(at(EPOCH_1904_S), None);
        assert_eq!(at(1).unwrap().local.to_string(), "1904-01-01 00:00:01");
        assert_eq!(
            at(EPOCH_1904_S + 1).unwrap().local.to_string(),
            "1970-01-01 00:00:01"
        );
        assert_eq!(at(u64::MAX), None);
        let mkv = since_2001("mkv.DateUTC", 1_500_000_000).unwrap();
        assert_eq!(mkv.local.to_string(), "2001-01-01 00:00:01.500");
        assert_eq!(
            since_2001("mkv.DateUTC", i64::MIN).unwrap().field,
            "mkv.DateUTC"
        );
    }
}
