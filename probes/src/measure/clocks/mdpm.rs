//! The camera's own notes in AVCHD video: MDPM in an H.264 SEI message.
//!
//! AVCHD cameras repeat date, time and zone in the stream itself, with each key
//! picture or oftener, in user data of the UUID 17ee8c60-f84d-11d9-8cd6-0800200c9a66 that begins with `MDPM`
//! ("modified DV pack metadata"): a count, then entries of a tag and four
//! bytes. Tags 0x18 and 0x19 are zone, year, month and day, hour, minute,
//! second in packed decimal; 0xe0 begins with the maker's number.

use chrono::{NaiveDate, NaiveDateTime};

use crate::measurements::{Moment, TimeReading, Zone};

/// UUID and name before the entries.
const MARK: &[u8; 20] = b"\x17\xee\x8c\x60\xf8\x4d\x11\xd9\x8c\xd6\x08\0\x20\x0c\x9a\x66MDPM";

/// How the clock is called among the times of a file.
pub const FIELD: &str = "mdpm";

/// What the camera noted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mdpm {
    /// When the picture was taken.
    pub time: Option<TimeReading>,
    /// The maker, by its number.
    pub make: Option<&'static str>,
}

/// Reads a message of user data, UUID first and without emulation prevention.
/// `None` if it is another program's.
pub fn read_mdpm(message: &[u8]) -> Option<Mdpm> {
    let (count, entries) = message.strip_prefix(MARK)?.split_first()?;
    let mut found = Mdpm::default();
    let mut day = None;
    let mut last_tag = None;
    for entry in entries.chunks_exact(5).take(usize::from(*count)) {
        let &[tag, a, b, c, d] = entry else { break };
        // Tags ascend; anything else is the end of what can be trusted.
        if last_tag.is_some_and(|last| tag <= last) {
            break;
        }
        last_tag = Some(tag);
        match tag {
            0x18 => day = Some([a, b, c, d]),
            0x19 => found.time = day.and_then(|day| time(day, [a, b, c, d])),
            0xe0 => found.make = make(u16::from_be_bytes([a, b])),
            _ => {}
        }
    }
    Some(found)
}

fn time([zone, century, year, month]: [u8; 4], clock: [u8; 4]) -> Option<TimeReading> {
    let [day, hour, minute, second] = clock.map(decimal);
    let year = i32::from(decimal(century)?) * 100 + i32::from(decimal(year)?);
    let local: NaiveDateTime = NaiveDate::from_ymd_opt(year, decimal(month)?.into(), day?.into())?
        .and_hms_opt(hour?.into(), minute?.into(), second?.into())?;
    let (zone, words) = self::zone(zone);
    Some(TimeReading {
        field: FIELD.to_owned(),
        written: format!("{}{words}", local.format("%Y:%m:%d %H:%M:%S")),
        local,
        zone,
        moment: Moment::Start,
    })
}

/// Packed decimal.
pub(super) fn decimal(byte: u8) -> Option<u8> {
    let (tens, ones) = (byte >> 4, byte & 0x0f);
    (tens < 10 && ones < 10).then_some(tens * 10 + ones)
}

/// Bit 0x20 is the sign, 0x1e the hours, 0x01 half an hour. A camera whose
/// zone was never set writes zero, which need not mean UTC.
fn zone(byte: u8) -> (Zone, String) {
    let hours = (byte >> 1) & 0x0f;
    if byte == 0xff || hours > 14 {
        return (Zone::Local, String::new());
    }
    let minutes = if byte & 0x01 != 0 { 30 } else { 0 };
    let offset_s = i32::from(hours) * 3600 + minutes * 60;
    let (sign, offset_s) = if byte & 0x20 != 0 {
        ('-', -offset_s)
    } else {
        ('+', offset_s)
    };
    let words = format!("{sign}{hours:02}:{minutes:02}");
    if offset_s == 0 {
        (Zone::NominallyUtc, words)
    } else {
        (Zone::Offset(offset_s), words)
    }
}

fn make(number: u16) -> Option<&'static str> {
    match number {
        0x0103 => Some("Panasonic"),
        0x0108 => Some("Sony"),
        0x1011 => Some("Canon"),
        0x1104 => Some("JVC"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(entries: &[[u8; 5]]) -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        bytes.push(entries.len() as u8);
        bytes.extend(entries.iter().flatten());
        bytes
    }

    const DAY: [u8; 5] = [0x18, 0x10, 0x20, 0x26, 0x04];
    const CLOCK: [u8; 5] = [0x19, 0x12, 0x09, 0x00, 0x07];

    #[test]
    fn reads_time_zone_and_maker() {
        let found = read_mdpm(&stream(&[DAY, CLOCK, [0xe0, 0x01, 0x03, 0, 1]])).unwrap();
        let time = found.time.unwrap();
        assert_eq!(time.written, "2026:04:12 09:00:07+08:00");
        assert_eq!(time.zone, Zone::Offset(28_800));
        assert_eq!(found.make, Some("Panasonic"));
    }

    #[test]
    fn a_zone_that_was_never_set_stays_open() {
        let mut day = DAY;
        day[1] = 0;
        let time = read_mdpm(&stream(&[day, CLOCK])).unwrap().time.unwrap();
        assert_eq!(time.zone, Zone::NominallyUtc);
        day[1] = 0xff;
        let time = read_mdpm(&stream(&[day, CLOCK])).unwrap().time.unwrap();
        assert_eq!(time.zone, Zone::Local);
        day[1] = 0x27;
        let time = read_mdpm(&stream(&[day, CLOCK])).unwrap().time.unwrap();
        assert_eq!(time.zone, Zone::Offset(-12_600));
    }

    #[test]
    fn nonsense_is_no_time() {
        assert_eq!(read_mdpm(b""), None);
        assert_eq!(read_mdpm(&MARK[..19]), None);
        assert_eq!(read_mdpm(&MARK[..]), None);
        let bad = [
            [DAY, [0x19, 0x32, 0x09, 0, 7]],
            [DAY, [0x19, 0x1a, 0x09, 0, 7]],
            [CLOCK, DAY],
            [DAY, [0x20, 0x12, 0x09, 0, 7]],
        ];
        for entries in bad {
            assert_eq!(read_mdpm(&stream(&entries)).unwrap().time, None);
        }
        let cut = stream(&[DAY, CLOCK]);
        assert_eq!(read_mdpm(&cut[..cut.len() - 1]).unwrap().time, None);
    }
}
