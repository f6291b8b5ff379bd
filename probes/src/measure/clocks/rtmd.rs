//! Sony's real-time metadata (`rtmd` tracks of XAVC S): after a head whose
//! length stands first, entries of a two-byte tag and a two-byte length. Tag
//! e304 is the camera's clock in packed decimal, a zone byte before it that is
//! not read (ExifTool, Sony tags, rtmd).

use chrono::NaiveDate;

use super::mdpm::decimal;
use super::{Shown, seconds};
use crate::measurements::Zone;

/// Entries of one sample that are read; a camera writes about 40.
const ENTRIES_MAX: usize = 512;
/// The clock.
const DATE_AND_TIME: u16 = 0xE304;
/// Holds further entries.
const CONTAINER: u16 = 0x8300;
/// The start of a sixteen-byte label that stands in an entry's place.
const LABEL: u16 = 0x060E;
const LABEL_BYTES: usize = 16;

/// The camera's clock in a sample.
pub(super) fn read(sample: &[u8]) -> Option<Shown> {
    let mut at = usize::from(be16(sample, 0)?);
    for _ in 0..ENTRIES_MAX {
        let tag = be16(sample, at)?;
        let length = usize::from(be16(sample, at.checked_add(2)?)?);
        at = match tag {
            0 => return None,
            LABEL => at.checked_add(LABEL_BYTES)?,
            CONTAINER => at.checked_add(4)?,
            DATE_AND_TIME => return shown(sample.get(at.checked_add(4)?..)?.get(..length)?),
            _ => at.checked_add(4)?.checked_add(length)?,
        };
    }
    None
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(two.try_into().ok()?))
}

/// A clock that was never set has no date that could be.
fn shown(value: &[u8]) -> Option<Shown> {
    let &[_, century, year, month, day, hour, minute, second] = value.first_chunk::<8>()?;
    let local = || {
        let year = i32::from(decimal(century)?) * 100 + i32::from(decimal(year)?);
        let day = NaiveDate::from_ymd_opt(year, decimal(month)?.into(), decimal(day)?.into())?;
        let (hour, minute, second) = (decimal(hour)?, decimal(minute)?, decimal(second)?);
        day.and_hms_opt(hour.into(), minute.into(), second.into())
    };
    let local = local();
    Some(Shown {
        field: "rtmd",
        clock_s: local.map(seconds),
        written: local.map_or_else(String::new, |l| l.format("%Y:%m:%d %H:%M:%S").to_string()),
        zone: Some(Zone::Local),
        resolution_s: 1.0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A label, a container with one other entry, and the clock.
    fn sample(clock: [u8; 7]) -> Vec<u8> {
        let mut bytes = vec![0x00, 0x1c];
        bytes.resize(0x1c, 0);
        bytes.extend([0x06, 0x0e]);
        bytes.extend([0x2b; 14]);
        bytes.extend([0x83, 0x00, 0x00, 0x12]);
        bytes.extend([0x81, 0x0b, 0x00, 0x02, 0x06, 0x40]);
        bytes.extend([0xe3, 0x04, 0x00, 0x08, 0x00]);
        bytes.extend(clock);
        bytes
    }

    const CLOCK: [u8; 7] = [0x20, 0x26, 0x04, 0x12, 0x09, 0x10, 0x07];

    #[test]
    fn the_cameras_clock_is_found_behind_other_entries() {
        let shown = read(&sample(CLOCK)).unwrap();
        assert_eq!(shown.written, "2026:04:12 09:10:07");
        assert_eq!(shown.zone, Some(Zone::Local));
        assert!(shown.clock_s.is_some());
    }

    #[test]
    fn a_clock_never_set_shows_nothing() {
        for bad in [[0; 7], [0xff; 7]] {
            assert_eq!(read(&sample(bad)).unwrap().clock_s, None);
        }
        let whole = sample(CLOCK);
        assert_eq!(read(&whole[..whole.len() - 1]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
