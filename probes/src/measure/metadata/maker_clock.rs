//! The time in the maker's own notes, which tools that change EXIF's times leave
//! as it is. Sony writes it as text (ShotInfo), Kodak and Pentax as numbers;
//! places as in ExifTool's Sony.pm, Kodak.pm and Pentax.pm, held against
//! originals of each. Any other text in the form of an EXIF time is taken too.

use chrono::{NaiveDate, NaiveDateTime};

use super::tiff::Tiff;
use super::written_time;

/// Times kept.
const TIMES_MAX: usize = 8;
/// Length of `2026:04:12 09:00:00`.
const TEXT_BYTES: usize = 19;
/// Years that a digital camera can have written.
const YEARS: std::ops::RangeInclusive<u16> = 1990..=2099;
/// Where Kodak's fields start, behind `KDK` and a version, and year, month and
/// day, time among them.
const KODAK_FIELDS: usize = 8;
const KODAK_YEAR: usize = KODAK_FIELDS + 0x10;
const KODAK_DAY: usize = KODAK_FIELDS + 0x12;
const KODAK_TIME: usize = KODAK_FIELDS + 0x14;
/// Pentax' tags of date and time, both without a name of type.
const PENTAX_DATE: u16 = 6;
const PENTAX_TIME: u16 = 7;
/// Tags followed; real notes have below two hundred.
const TAGS_MAX: u16 = 1_024;

/// The times in the notes, as EXIF writes them, each once.
pub(super) fn read(notes: &[u8], form: Option<&str>) -> Vec<String> {
    let numbers = match form {
        Some("kodak") => kodak(notes),
        Some("pentax") => pentax(notes),
        _ => None,
    };
    let mut found: Vec<String> = Vec::new();
    let numbers = numbers.map(|time| time.format("%Y:%m:%d %H:%M:%S").to_string());
    for written in numbers.into_iter().chain(texts(notes)) {
        if found.len() < TIMES_MAX && !found.contains(&written) {
            found.push(written);
        }
    }
    found
}

/// Texts in the form of an EXIF time.
fn texts(notes: &[u8]) -> impl Iterator<Item = String> + '_ {
    notes.windows(TEXT_BYTES).filter_map(|window| {
        // Two marks settle most places without looking at the rest.
        if window.get(4) != Some(&b':') || window.get(10) != Some(&b' ') {
            return None;
        }
        let text = std::str::from_utf8(window).ok()?;
        let time = written_time::exif_time(text)?;
        let is_possible =
            u16::try_from(chrono::Datelike::year(&time)).is_ok_and(|y| YEARS.contains(&y));
        is_possible.then(|| text.to_owned())
    })
}

/// Its byte order differs by model; one of the two is a year.
fn kodak(notes: &[u8]) -> Option<NaiveDateTime> {
    let year = <[u8; 2]>::try_from(notes.get(KODAK_YEAR..KODAK_YEAR + 2)?).ok()?;
    let years = [u16::from_be_bytes(year), u16::from_le_bytes(year)];
    let year = years.into_iter().find(|year| YEARS.contains(year))?;
    let &[month, day] = notes.get(KODAK_DAY..KODAK_DAY + 2)? else {
        return None;
    };
    let &[hour, minute, second] = notes.get(KODAK_TIME..KODAK_TIME + 3)? else {
        return None;
    };
    moment(year, [month, day, hour, minute, second])
}

/// The directory follows `AOC` and two bytes, or `PENTAX` and the order of
/// bytes; date and time are so short that they stand in their entries.
fn pentax(notes: &[u8]) -> Option<NaiveDateTime> {
    let start: u64 = if notes.starts_with(b"PENTAX") { 10 } else { 6 };
    [false, true].into_iter().find_map(|is_little| {
        let tiff = Tiff::bare(notes, is_little);
        let count = tiff.u16_at(start).filter(|n| (1..=TAGS_MAX).contains(n))?;
        let bytes = |tag: u16| -> Option<[u8; 4]> {
            let entry = tiff.entries(start, count).find(|e| e.tag == tag)?;
            let is_short = entry.kind == 7 && (3..=4).contains(&entry.count);
            is_short.then(|| {
                if is_little {
                    entry.value.to_le_bytes()
                } else {
                    entry.value.to_be_bytes()
                }
            })
        };
        let ([high, low, month, day], [hour, minute, second, _]) =
            (bytes(PENTAX_DATE)?, bytes(PENTAX_TIME)?);
        let year = u16::from_be_bytes([high, low]);
        YEARS
            .contains(&year)
            .then(|| moment(year, [month, day, hour, minute, second]))?
    })
}

fn moment(year: u16, rest: [u8; 5]) -> Option<NaiveDateTime> {
    let [month, day, hour, minute, second] = rest.map(u32::from);
    NaiveDate::from_ymd_opt(i32::from(year), month, day)?.and_hms_opt(hour, minute, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_wherever_it_stands() {
        let notes = b"SONY DSC \0\0\0junk2016:05:30 14:20:55\0 2016:05:30 14:20:55 99:99";
        assert_eq!(read(notes, Some("sony")), ["2016:05:30 14:20:55"]);
        assert!(read(b"Ver. 0000:00:00 00:00:00", None).is_empty());
        assert!(read(b"2016:05:30 14:20:5", None).is_empty());
    }

    #[test]
    fn kodak_s_numbers_are_read_in_either_order() {
        let notes = |year: [u8; 2]| {
            let mut notes = b"KDK INFODX4900  \x03\x01\0\x01\0\0\0\0".to_vec();
            notes.extend(year);
            notes.extend([5, 1, 10, 22, 28, 62]);
            notes
        };
        for year in [2002_u16.to_be_bytes(), 2002_u16.to_le_bytes()] {
            assert_eq!(read(&notes(year), Some("kodak")), ["2002:05:01 10:22:28"]);
        }
        assert!(read(&notes([0, 1]), Some("kodak")).is_empty());
        assert!(read(b"KDK", Some("kodak")).is_empty());
    }

    #[test]
    fn pentax_s_entries_are_read() {
        for (head, big) in [
            (b"AOC\0\0\0".as_slice(), true),
            (b"PENTAX \0II".as_slice(), false),
        ] {
            let number = |n: u16| {
                if big {
                    n.to_be_bytes()
                } else {
                    n.to_le_bytes()
                }
            };
            let long = |n: u32| {
                if big {
                    n.to_be_bytes()
                } else {
                    n.to_le_bytes()
                }
            };
            let entry = |tag: u16, count: u32, value: [u8; 4]| {
                [number(tag).as_slice(), &number(7), &long(count), &value].concat()
            };
            let mut notes = head.to_vec();
            notes.extend(number(2));
            notes.extend(entry(6, 4, [7, 212, 10, 2]));
            notes.extend(entry(7, 3, [23, 29, 52, 0]));
            assert_eq!(read(&notes, Some("pentax")), ["2004:10:02 23:29:52"]);
            for end in 0..notes.len() {
                let _ = read(&notes[..end], Some("pentax"));
            }
        }
    }
}
