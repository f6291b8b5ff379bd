//! Clusters of Matroska (RFC 9559, 5.1.3): their times, and how long each says
//! that the one before it is. A writer that notes this notes it in every
//! cluster, so that one taken out or put in shows in the next.

use super::bytes::Source;
use super::counting::{counter, note_break, note_jump};
use super::ebml::{self, Head};
use crate::measurements::{Container, CounterBreak, TimeJump};

const TIMESTAMP: u32 = 0xE7;
const POSITION: u32 = 0xA7;
const PREV_SIZE: u32 = 0xAB;
const VOID: u32 = 0xEC;
const CRC: u32 = 0xBF;
/// Elements of a cluster before its blocks.
const HEAD_ELEMENTS_MAX: usize = 6;
/// The tracks of a file have one clock, which is not a track's.
const NO_PART: u32 = 0;

/// What the clusters before say.
struct Before {
    offset: u64,
    size: Option<u64>,
    time_s: Option<f64>,
}

/// Follows the clusters among the elements of a segment.
pub(super) fn read(src: &mut Source<'_>, elements: &[Head], scale_ns: u64, out: &mut Container) {
    let mut sizes = counter("mkv.PrevSize", None);
    let mut before: Option<Before> = None;
    let mut first_s = None;
    for cluster in elements.iter().filter(|h| h.id == ebml::ID_CLUSTER) {
        let (mut time_s, mut size) = (None, None);
        for h in heads(src, *cluster) {
            let value = number(src, h);
            match h.id {
                TIMESTAMP => time_s = value.map(|n| n as f64 * scale_ns as f64 / 1e9),
                PREV_SIZE => size = value,
                _ => {}
            }
        }
        let origin_s = *first_s.get_or_insert(time_s.unwrap_or(0.0));
        let at_s = time_s.map(|s| s - origin_s);
        if let (Some(before), Some(at_s)) = (&before, at_s)
            && let Some(length_s) = before.time_s.map(|s| at_s - s).filter(|s| *s < 0.0)
        {
            note_jump(
                &mut out.time_jumps,
                TimeJump {
                    part: NO_PART,
                    at_s: at_s - length_s,
                    length_s,
                    offset_bytes: cluster.offset,
                },
            );
        }
        // What stands between two clusters belongs to neither.
        let due = before.as_ref().and_then(|before| {
            let end = before.offset.checked_add(before.size?);
            before.size.filter(|_| end == Some(cluster.offset))
        });
        if let (Some(expected), Some(found)) = (due, size) {
            sizes.steps += 1;
            if expected == found {
                sizes.regular_steps += 1;
            } else {
                let broken = CounterBreak {
                    at_s,
                    offset_bytes: cluster.offset,
                    expected,
                    found,
                };
                note_break(&mut sizes, broken);
            }
        }
        before = Some(Before {
            offset: cluster.offset,
            size: cluster.end.map(|end| end.saturating_sub(cluster.offset)),
            time_s: at_s,
        });
    }
    if sizes.steps > 0 {
        out.counters.push(sizes);
    }
}

/// The elements before the first block.
fn heads(src: &mut Source<'_>, cluster: Head) -> Vec<Head> {
    let end = cluster.end.unwrap_or(src.len()).min(src.len());
    let mut found = Vec::new();
    let mut at = cluster.body;
    while at < end && found.len() < HEAD_ELEMENTS_MAX {
        let is_before_blocks =
            |h: &Head| matches!(h.id, TIMESTAMP | POSITION | PREV_SIZE | VOID | CRC);
        let Some(h) = ebml::head(src, at).filter(is_before_blocks) else {
            break;
        };
        found.push(h);
        match h.end {
            Some(next) if next > at => at = next,
            _ => break,
        }
    }
    found
}

/// A big-endian number of up to 8 bytes.
fn number(src: &mut Source<'_>, h: Head) -> Option<u64> {
    let length = usize::try_from(h.end?.checked_sub(h.body)?).ok()?;
    let bytes = src.at(h.body, length).filter(|b| b.len() <= 8)?;
    Some(bytes.iter().fold(0, |n, &b| (n << 8) | u64::from(b)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::container::tiny::{cat, el};

    /// A segment of clusters: time in milliseconds, and bytes of media data.
    /// `take` leaves some of them out after the numbers were written.
    fn measured(clusters: &[(u64, usize)], take: &[usize]) -> Container {
        let mut whole: Vec<Vec<u8>> = Vec::new();
        for (time_ms, bytes) in clusters {
            let mut body = el(&[0xE7], &time_ms.to_be_bytes());
            let place: usize = whole.iter().map(Vec::len).sum();
            body.extend(el(&[0xA7], &(place as u64).to_be_bytes()));
            if let Some(before) = whole.last() {
                body.extend(el(&[0xAB], &(before.len() as u64).to_be_bytes()));
            }
            body.extend(el(&[0xA3], &vec![0; *bytes]));
            whole.push(el(&[0x1F, 0x43, 0xB6, 0x75], &body));
        }
        let left: Vec<&[u8]> = take.iter().map(|n| whole[*n].as_slice()).collect();
        let bytes = el(&[0x18, 0x53, 0x80, 0x67], &cat(&left));
        let mut cursor = Cursor::new(&bytes);
        let mut src = Source::new(&mut cursor, bytes.len() as u64);
        let segment = ebml::head(&mut src, 0).unwrap();
        let elements = ebml::children(&mut src, segment.body, segment.end.unwrap());
        let mut out = Container::default();
        read(&mut src, &elements, 1_000_000, &mut out);
        out
    }

    const FOUR: [(u64, usize); 4] = [(100, 40), (1100, 50), (2100, 60), (3100, 70)];

    #[test]
    fn clusters_in_their_places_have_no_break() {
        let c = measured(&FOUR, &[0, 1, 2, 3]);
        assert_eq!(c.counters.len(), 1);
        assert_eq!((c.counters[0].steps, c.counters[0].regular_steps), (3, 3));
        assert_eq!(c.time_jumps, []);
    }

    #[test]
    fn a_cluster_taken_out_shows_in_the_next() {
        let c = measured(&FOUR, &[0, 2, 3]);
        let sizes = &c.counters[0];
        assert_eq!((sizes.regular_steps, sizes.breaks.len()), (1, 1));
        assert_eq!(sizes.breaks[0].at_s, Some(2.0));
    }

    #[test]
    fn time_that_goes_back_is_noted() {
        let c = measured(&FOUR, &[0, 2, 1, 3]);
        assert_eq!(c.time_jumps.len(), 1);
        assert_eq!(c.time_jumps[0].length_s, -1.0);
    }
}
