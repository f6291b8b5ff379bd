//! GoPro's telemetry (GPMF, github.com/gopro/gpmf-parser): entries of a key, a
//! type, the size of one value and their number, in four-byte steps; type 0
//! holds further entries. Read are the times of a payload: `GPSU` (date and time
//! of its first position, `GPSF` telling whether the receiver had a fix), `GPS9`
//! (days since 2000 and milliseconds with each position), `SYST` (a drone's own
//! count beside milliseconds since 1970).

use chrono::NaiveDateTime;

use super::{Shown, date, seconds};
use crate::measurements::Zone;

/// Entries of one payload that are read. An untouched GoPro MAX has 150.
const ENTRIES_MAX: usize = 4096;
/// Entries within entries: device, stream, values.
const DEPTH_MAX: u32 = 4;
/// Receivers tell milliseconds.
const SATELLITE_STEP_S: f64 = 0.001;
/// `GPS9`: where days, milliseconds and fix stand in one position.
const POSITION_BYTES: usize = 32;

/// The clocks that a payload shows, each at its start.
pub(super) fn read(payload: &[u8]) -> Vec<Shown> {
    let mut found = Vec::new();
    let mut left = ENTRIES_MAX;
    entries(payload, 0, &mut left, &mut found);
    found
}

/// One entry's values.
struct Entry<'a> {
    key: [u8; 4],
    holds_entries: bool,
    value_bytes: usize,
    values: &'a [u8],
}

fn next(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let &[a, b, c, d, kind, size, count_high, count_low] = head;
    let count = usize::from(u16::from_be_bytes([count_high, count_low]));
    let length = usize::from(size) * count;
    // Of a large payload only the head may have been read.
    let values = rest.get(..length).unwrap_or(rest);
    let after = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    let entry = Entry {
        key: [a, b, c, d],
        holds_entries: kind == 0,
        value_bytes: usize::from(size),
        values,
    };
    Some((entry, after))
}

fn entries(bytes: &[u8], depth: u32, left: &mut usize, found: &mut Vec<Shown>) {
    let mut rest = bytes;
    let mut has_fix = None;
    let mut satellite = None;
    while let Some((entry, after)) = next(rest).filter(|_| *left > 0) {
        *left -= 1;
        rest = after;
        match &entry.key {
            _ if entry.holds_entries && depth < DEPTH_MAX => {
                entries(entry.values, depth + 1, left, found);
            }
            b"GPSF" => has_fix = fix(entry.values),
            b"GPSU" => satellite = Some(entry.values),
            b"GPS9" if entry.value_bytes == POSITION_BYTES => {
                found.extend(position(entry.values));
            }
            b"SYST" if entry.value_bytes == 16 => found.extend(system(entry.values)),
            _ => {}
        }
    }
    if let Some(written) = satellite {
        found.extend(date_and_time(written, has_fix != Some(false)));
    }
}

/// 0 for none, 2 and 3 for two and three dimensions.
fn fix(values: &[u8]) -> Option<bool> {
    let number = values.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*number) >= 2)
}

/// `yymmddhhmmss.sss`
fn date_and_time(written: &[u8], has_fix: bool) -> Option<Shown> {
    let text = std::str::from_utf8(written.get(..16)?).ok()?;
    let local = NaiveDateTime::parse_from_str(text, "%y%m%d%H%M%S%.3f").ok()?;
    Some(satellite("gps.GPSU", text.to_owned(), local, has_fix))
}

fn position(values: &[u8]) -> Option<Shown> {
    let first = values.first_chunk::<POSITION_BYTES>()?;
    let number = |at: usize| -> Option<u32> {
        let bytes = first.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let (days, ms) = (number(20)?, number(24)?);
    let has_fix = first.get(30..)? >= [0, 2].as_slice();
    const YEAR_2000_S: f64 = 946_684_800.0;
    let local = date(YEAR_2000_S + f64::from(days) * 86_400.0 + f64::from(ms) / 1e3)?;
    Some(satellite("gps.GPS9", words(local), local, has_fix))
}

fn satellite(field: &'static str, written: String, local: NaiveDateTime, has_fix: bool) -> Shown {
    Shown {
        field,
        clock_s: has_fix.then(|| seconds(local)),
        written,
        zone: Some(Zone::Utc),
        resolution_s: SATELLITE_STEP_S,
    }
}

fn system(values: &[u8]) -> Option<Shown> {
    let ms = u64::from_be_bytes(values.get(8..16)?.try_into().ok()?);
    let local = date(ms as f64 / 1e3)?;
    Some(Shown {
        field: "gpmf.SYST",
        clock_s: Some(seconds(local)),
        written: words(local),
        // Where the drone has its time from is not said.
        zone: Some(Zone::NominallyUtc),
        resolution_s: 1.0,
    })
}

fn words(local: NaiveDateTime) -> String {
    local.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An entry of `count` values of `size` bytes each.
    pub(crate) fn entry(key: &[u8; 4], kind: u8, size: u8, values: &[u8]) -> Vec<u8> {
        let count = u16::try_from(values.len() / usize::from(size)).unwrap();
        let mut out = key.to_vec();
        out.extend([kind, size]);
        out.extend(count.to_be_bytes());
        out.extend(values);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    /// A payload as a HERO writes it.
    pub(crate) fn payload(fix: u32, written: &str) -> Vec<u8> {
        let stream = [
            entry(b"STNM", b'c', 1, b"GPS (Lat., Long.)"),
            entry(b"GPSF", b'L', 4, &fix.to_be_bytes()),
            entry(b"GPSU", b'U', 16, written.as_bytes()),
            entry(b"GPS5", b'l', 20, &[1; 40]),
        ];
        entry(b"DEVC", 0, 1, &entry(b"STRM", 0, 1, &stream.concat()))
    }

    #[test]
    fn a_position_with_its_time() {
        let found = read(&payload(3, "191118234514.250"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].field, "gps.GPSU");
        assert_eq!(found[0].clock_s, Some(1_574_120_714.25));
        assert_eq!(found[0].zone, Some(Zone::Utc));
    }

    #[test]
    fn without_a_fix_the_time_is_nobodys() {
        assert_eq!(read(&payload(0, "191118234514.250"))[0].clock_s, None);
    }

    #[test]
    fn newer_positions_bear_their_own_time() {
        let mut position = [0u8; 32];
        position[20..24].copy_from_slice(&9000_u32.to_be_bytes());
        position[24..28].copy_from_slice(&3_600_500_u32.to_be_bytes());
        let at = |fix: u8| {
            let mut position = position;
            position[31] = fix;
            read(&entry(b"GPS9", b'?', 32, &[position, position].concat()))
        };
        assert_eq!(at(3)[0].written, "2024-08-22 01:00:00.500");
        assert!(at(3)[0].clock_s.is_some() && at(0)[0].clock_s.is_none());
    }

    #[test]
    fn a_drones_clock_is_read() {
        let values = [[0; 8], 1_492_457_278_000_u64.to_be_bytes()].concat();
        let found = read(&entry(b"SYST", b'?', 16, &values));
        assert_eq!(found[0].written, "2017-04-17 19:27:58.000");
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0_usize..200) {
            let _ = read(&bytes);
            let whole = payload(3, "191118234514.250");
            let _ = read(&whole[..cut.min(whole.len())]);
        }
    }
}
