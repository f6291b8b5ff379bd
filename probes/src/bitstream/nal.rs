//! NAL units: where they lie in a packet and what their payload is.
//!
//! A packet holds them after start codes (ITU-T H.264 annex B: transport
//! streams, raw streams) or after their lengths (ISO/IEC 14496-15: MP4, MOV,
//! Matroska), as the track's configuration record says.

/// NAL units taken from one packet at most; a real picture has a few hundred
/// slices at the very most.
const UNITS_MAX: usize = 4096;
/// Bytes of one parameter set that are read at most. Named guess: real ones
/// have less than 300.
const PARAMETERS_MAX_BYTES: usize = 4096;

/// How NAL units lie in the packets of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After start codes 00 00 01.
    StartCodes,
    /// After lengths of so many bytes, 1 to 4.
    Lengths(usize),
}

/// The units of a packet in order, each with its header, without start code or
/// length. A unit that is said to reach beyond the packet ends with it.
pub fn units(packet: &[u8], framing: Framing) -> Vec<&[u8]> {
    match framing {
        Framing::StartCodes => by_start_codes(packet),
        Framing::Lengths(length_bytes) => by_lengths(packet, length_bytes),
    }
}

fn by_start_codes(packet: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(three) = packet.get(at..at + 3) {
        let &[a, b, c] = three else { break };
        if a == 0 && b == 0 && c == 1 {
            push(&mut found, packet, start, at);
            if found.len() >= UNITS_MAX {
                return found;
            }
            at += 3;
            start = Some(at);
        } else {
            // The last byte of three says how far the next code is away.
            at += if c > 1 { 3 } else { 1 };
        }
    }
    push(&mut found, packet, start, packet.len());
    found
}

fn push<'a>(found: &mut Vec<&'a [u8]>, packet: &'a [u8], start: Option<usize>, end: usize) {
    let Some(mut unit) = start.and_then(|start| packet.get(start..end)) else {
        return;
    };
    // Zeros before a start code belong to it.
    while let [rest @ .., 0] = unit {
        unit = rest;
    }
    if !unit.is_empty() {
        found.push(unit);
    }
}

fn by_lengths(packet: &[u8], length_bytes: usize) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = packet;
    while found.len() < UNITS_MAX {
        let Some((length, after)) = rest.split_at_checked(length_bytes) else {
            break;
        };
        let length = length
            .iter()
            .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
        let (unit, after) = after.split_at(length.min(after.len()));
        if !unit.is_empty() {
            found.push(unit);
        }
        if after.is_empty() || length_bytes == 0 {
            break;
        }
        rest = after;
    }
    found
}

/// The first `limit_bytes` of a unit's payload: bytes after 00 00 03 lose the
/// 03 (ITU-T H.264, 7.4.1).
pub fn payload(unit: &[u8], limit_bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(unit.len().min(limit_bytes));
    let mut zeros = 0;
    for &byte in unit {
        if out.len() >= limit_bytes {
            break;
        }
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// The framing and the parameter sets that an `avcC` record holds; a record
/// that is none is taken as a stream after start codes.
pub fn avc_configuration(record: &[u8]) -> (Framing, Vec<&[u8]>) {
    let Some(&[1, _, _, _, lengths, ref sets @ ..]) = Some(record) else {
        return (Framing::StartCodes, by_start_codes(record));
    };
    let mut found = Vec::new();
    // Sequence parameter sets, then picture parameter sets.
    let mut rest = sets;
    for mask in [0x1f, 0xff] {
        let Some((count, after)) = rest.split_first() else {
            break;
        };
        rest = sized(after, usize::from(count & mask), &mut found);
    }
    (Framing::Lengths(usize::from(lengths & 3) + 1), found)
}

/// The same of an `hvcC` record.
pub fn hevc_configuration(record: &[u8]) -> (Framing, Vec<&[u8]>) {
    let (Some(1), Some(lengths), Some(arrays)) = (record.first(), record.get(21), record.get(22..))
    else {
        return (Framing::StartCodes, by_start_codes(record));
    };
    let mut found = Vec::new();
    let (count, mut rest) = arrays.split_first().unwrap_or((&0, &[]));
    for _ in 0..*count {
        let &[_, high, low, ref after @ ..] = rest else {
            break;
        };
        rest = sized(
            after,
            usize::from(u16::from_be_bytes([high, low])),
            &mut found,
        );
    }
    (Framing::Lengths(usize::from(lengths & 3) + 1), found)
}

/// Takes `count` units after lengths of two bytes; what follows them.
fn sized<'a>(bytes: &'a [u8], count: usize, found: &mut Vec<&'a [u8]>) -> &'a [u8] {
    let mut rest = bytes;
    for _ in 0..count {
        let &[high, low, ref after @ ..] = rest else {
            return &[];
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((unit, after)) = after.split_at_checked(length) else {
            return &[];
        };
        if !unit.is_empty() && unit.len() <= PARAMETERS_MAX_BYTES && found.len() < UNITS_MAX {
            found.push(unit);
        }
        rest = after;
    }
    rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_framings_give_the_same_units() {
        let coded = [0, 0, 0, 1, 9, 16, 0, 0, 1, 0x65, 0, 0, 3, 1, 0, 0, 0, 1, 6];
        let sized = [0, 2, 9, 16, 0, 5, 0x65, 0, 0, 3, 1, 0, 1, 6];
        let want: [&[u8]; 3] = [&[9, 16], &[0x65, 0, 0, 3, 1], &[6]];
        assert_eq!(units(&coded, Framing::StartCodes), want);
        assert_eq!(units(&sized, Framing::Lengths(2)), want);
        assert_eq!(payload(want[1], 10), [0x65, 0, 0, 1]);
        assert_eq!(payload(want[1], 2), [0x65, 0]);
    }

    #[test]
    fn a_unit_said_to_be_longer_than_its_packet_ends_with_it() {
        let want: [&[u8]; 1] = [&[7, 8]];
        assert_eq!(
            units(&[0xff, 0xff, 0xff, 0xff, 7, 8], Framing::Lengths(4)),
            want
        );
    }

    #[test]
    fn records_name_their_framing_and_sets() {
        let avc = [1, 66, 0, 30, 0xff, 0xe1, 0, 2, 0x67, 66, 1, 0, 1, 0x68];
        let sets: Vec<&[u8]> = vec![&[0x67, 66], &[0x68]];
        assert_eq!(avc_configuration(&avc), (Framing::Lengths(4), sets));
        let mut hevc = vec![1; 21];
        hevc.extend([0xfd, 1, 0x21, 0, 1, 0, 3, 0x42, 1, 7]);
        let sets: Vec<&[u8]> = vec![&[0x42, 1, 7]];
        assert_eq!(hevc_configuration(&hevc), (Framing::Lengths(2), sets));
        assert_eq!(avc_configuration(&[]), (Framing::StartCodes, vec![]));
    }

    proptest! {
        #[test]
        fn any_bytes_end_and_every_unit_lies_within(
            bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(3), any::<u8>()], 0..400),
            length_bytes in 0usize..5,
        ) {
            for framing in [Framing::StartCodes, Framing::Lengths(length_bytes)] {
                let taken: usize = units(&bytes, framing).iter().map(|u| u.len()).sum();
                prop_assert!(taken <= bytes.len());
            }
            prop_assert!(avc_configuration(&bytes).1.iter().map(|u| u.len()).sum::<usize>() <= bytes.len());
            prop_assert!(hevc_configuration(&bytes).1.iter().map(|u| u.len()).sum::<usize>() <= bytes.len());
            prop_assert!(payload(&bytes, 64).len() <= 64);
        }

        #[test]
        fn emulation_prevention_comes_out_as_it_went_in(
            bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(3), any::<u8>()], 0..200),
        ) {
            let mut coded = Vec::new();
            let mut zeros = 0;
            for &byte in &bytes {
                if zeros == 2 && byte <= 3 {
                    coded.push(3);
                    zeros = 0;
                }
                zeros = if byte == 0 { zeros + 1 } else { 0 };
                coded.push(byte);
            }
            prop_assert_eq!(payload(&coded, usize::MAX), bytes);
        }
    }
}
