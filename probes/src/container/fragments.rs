//! Fragments of an ISO base media file (ISO/IEC 14496-12, 8.8): a recorder
//! numbers them one by one (`mfhd`) and starts each where the one before ended
//! (`tfdt`), so that a fragment which is gone leaves a hole in both.

use super::bmff::{self, BoxHead};
use super::bytes::{Source, be32, be64};
use super::counting::{counter, note_break, note_jump};
use crate::measurements::{Container, Counter, CounterBreak, TimeJump};

/// Top-level boxes followed: a day of one-second fragments has 172 800.
const BOXES_MAX: u32 = 400_000;
/// Shorter jumps are a writer's rounding: two frames of AAC are 0.05 s.
const JUMP_MIN_S: f64 = 0.1;

/// What is known of one track while its fragments pass.
#[derive(Debug, Default)]
struct Clock {
    track_id: u32,
    timescale_hz: u32,
    /// From `trex`, where a fragment does not say.
    default_duration: u32,
    first: Option<u64>,
    /// Where the next fragment should start.
    expected: Option<u64>,
}

/// One track's part in one fragment.
#[derive(Debug, Default)]
struct Run {
    track_id: u32,
    start: Option<u64>,
    length: u64,
}

/// Follows the fragments from the first to the last.
pub(super) fn read(src: &mut Source<'_>, out: &mut Container) {
    let len = src.len();
    let mut numbers = counter("mfhd.sequence_number", None);
    let mut last = None;
    let mut clocks = Vec::new();
    let mut at = 0;
    for _ in 0..BOXES_MAX {
        let Some(b) = bmff::head(src, at, len).filter(|b| b.end() <= len) else {
            break;
        };
        at = b.end();
        match &b.kind {
            b"moov" if clocks.is_empty() => clocks = tracks(src, b),
            b"moof" => {
                let at_s = times(src, b, &mut clocks, &mut out.time_jumps);
                if let Some(number) = sequence_number(src, b) {
                    count(&mut numbers, last.replace(number), number, b.offset, at_s);
                }
            }
            _ => {}
        }
    }
    out.counters.push(numbers);
}

/// A repeated number is no break: some writers number by track.
fn count(
    numbers: &mut Counter,
    before: Option<u32>,
    number: u32,
    offset_bytes: u64,
    at_s: Option<f64>,
) {
    let Some(before) = before else { return };
    numbers.steps += 1;
    let expected = before.wrapping_add(1);
    if number == expected {
        numbers.regular_steps += 1;
    } else if number != before {
        let found = CounterBreak {
            at_s,
            offset_bytes,
            expected: expected.into(),
            found: number.into(),
        };
        note_break(numbers, found);
    }
}

fn sequence_number(src: &mut Source<'_>, moof: BoxHead) -> Option<u32> {
    let inside = bmff::children(src, moof.body(), moof.end());
    let mfhd = inside.iter().find(|b| &b.kind == b"mfhd")?;
    src.at(mfhd.body(), 8).and_then(|body| be32(body, 4))
}

/// The tracks' numbers, timescales and usual durations.
fn tracks(src: &mut Source<'_>, moov: BoxHead) -> Vec<Clock> {
    let inside = bmff::children(src, moov.body(), moov.end());
    let mut clocks: Vec<Clock> = inside
        .iter()
        .filter(|b| &b.kind == b"trak")
        .filter_map(|trak| clock(src, *trak))
        .collect();
    for mvex in inside.iter().filter(|b| &b.kind == b"mvex") {
        for trex in bmff::children(src, mvex.body(), mvex.end()) {
            if &trex.kind != b"trex" {
                continue;
            }
            let body = src.owned(trex.body(), trex.body_len().min(24));
            let known =
                be32(&body, 4).and_then(|id| clocks.iter_mut().find(|clock| clock.track_id == id));
            if let (Some(clock), Some(duration)) = (known, be32(&body, 12)) {
                clock.default_duration = duration;
            }
        }
    }
    clocks
}

fn clock(src: &mut Source<'_>, trak: BoxHead) -> Option<Clock> {
    let mut clock = Clock::default();
    for b in bmff::children(src, trak.body(), trak.end()) {
        match &b.kind {
            b"tkhd" => clock.track_id = after_times(src, b)?,
            b"mdia" => {
                let inside = bmff::children(src, b.body(), b.end());
                let mdhd = inside.iter().find(|b| &b.kind == b"mdhd")?;
                clock.timescale_hz = after_times(src, *mdhd)?;
            }
            _ => {}
        }
    }
    (clock.timescale_hz > 0).then_some(clock)
}

/// The word behind creation and modification time: `track_ID` or timescale.
fn after_times(src: &mut Source<'_>, b: BoxHead) -> Option<u32> {
    let body = src.owned(b.body(), b.body_len().min(24));
    let at = if body.first() == Some(&1) { 20 } else { 12 };
    be32(&body, at)
}

/// Holds the start of every run against the end of the one before; when the
/// fragment starts, from the start of the recording.
fn times(
    src: &mut Source<'_>,
    moof: BoxHead,
    clocks: &mut [Clock],
    jumps: &mut Vec<TimeJump>,
) -> Option<f64> {
    let mut earliest_s: Option<f64> = None;
    for traf in bmff::children(src, moof.body(), moof.end()) {
        if &traf.kind != b"traf" {
            continue;
        }
        let Some(run) = run(src, traf, clocks) else {
            continue;
        };
        let Some(clock) = clocks.iter_mut().find(|c| c.track_id == run.track_id) else {
            continue;
        };
        let start = run.start.or(clock.expected).unwrap_or(0);
        let first = *clock.first.get_or_insert(start);
        let scale = f64::from(clock.timescale_hz);
        let expected = clock.expected.unwrap_or(start);
        let at_s = expected.saturating_sub(first) as f64 / scale;
        let length_s = (start as f64 - expected as f64) / scale;
        if length_s.abs() >= JUMP_MIN_S {
            let jump = TimeJump {
                part: clock.track_id,
                at_s,
                length_s,
                offset_bytes: moof.offset,
            };
            note_jump(jumps, jump);
        }
        clock.expected = Some(start.saturating_add(run.length));
        earliest_s = Some(earliest_s.map_or(at_s, |e| e.min(at_s)));
    }
    earliest_s
}

fn run(src: &mut Source<'_>, traf: BoxHead, clocks: &[Clock]) -> Option<Run> {
    let mut run = Run::default();
    let mut default_duration = 0;
    for b in bmff::children(src, traf.body(), traf.end()) {
        match &b.kind {
            b"tfhd" => {
                let body = src.owned(b.body(), b.body_len().min(32));
                run.track_id = be32(&body, 4)?;
                let known = clocks.iter().find(|c| c.track_id == run.track_id);
                default_duration = stated_duration(&body)
                    .or(known.map(|c| c.default_duration))
                    .unwrap_or(0);
            }
            b"tfdt" => {
                let body = src.owned(b.body(), b.body_len().min(12));
                run.start = if body.first() == Some(&1) {
                    be64(&body, 4)
                } else {
                    be32(&body, 4).map(u64::from)
                };
            }
            b"trun" => {
                let body = src.owned(b.body(), b.body_len());
                let length = length(&body, default_duration)?;
                run.length = run.length.saturating_add(length);
            }
            _ => {}
        }
    }
    Some(run)
}

/// `default_sample_duration` of a `tfhd`, if it has one.
fn stated_duration(tfhd: &[u8]) -> Option<u32> {
    let flags = be32(tfhd, 0)?;
    let base = if flags & 0x1 != 0 { 8 } else { 0 };
    let description = if flags & 0x2 != 0 { 4 } else { 0 };
    (flags & 0x8 != 0)
        .then(|| be32(tfhd, 8 + base + description))
        .flatten()
}

/// Ticks that the samples of a `trun` last together.
fn length(trun: &[u8], default_duration: u32) -> Option<u64> {
    let flags = be32(trun, 0)?;
    let samples = be32(trun, 4)?;
    if flags & 0x100 == 0 {
        return Some(u64::from(samples).saturating_mul(default_duration.into()));
    }
    let fields = (flags & 0xF00).count_ones() as usize;
    let start = 8 + 4 * (flags & 0x5).count_ones() as usize;
    let durations = trun
        .get(start..)?
        .chunks_exact(4 * fields)
        .take(samples as usize)
        .filter_map(|sample| be32(sample, 0));
    Some(durations.map(u64::from).sum())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::container::read_structure;
    use crate::container::tiny::{fragmented, fragmented_track};

    fn read(bytes: &[u8]) -> Container {
        read_structure(&mut Cursor::new(bytes), bytes.len() as u64, "a.mp4").container
    }

    #[test]
    fn fragments_in_order_have_no_break() {
        let c = read(&fragmented(&[(1, 0), (2, 100), (3, 200), (4, 300)]));
        assert_eq!(c.counters.len(), 1);
        assert_eq!((c.counters[0].steps, c.counters[0].regular_steps), (3, 3));
        assert_eq!(c.counters[0].breaks, []);
        assert_eq!(c.time_jumps, []);
    }

    #[test]
    fn a_fragment_that_is_gone_leaves_a_hole_in_numbers_and_time() {
        let c = read(&fragmented(&[(1, 0), (2, 100), (5, 400), (6, 500)]));
        let found = &c.counters[0].breaks;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].expected, found[0].found), (3, 5));
        assert_eq!(found[0].at_s, Some(2.0));
        assert_eq!(c.time_jumps.len(), 1);
        assert_eq!((c.time_jumps[0].at_s, c.time_jumps[0].length_s), (2.0, 2.0));
        assert_eq!(c.time_jumps[0].offset_bytes, found[0].offset_bytes);
    }

    #[test]
    fn numbers_by_track_repeat_and_a_second_recording_starts_anew() {
        let c = read(&fragmented(&[(1, 0), (1, 100), (2, 200), (1, 0)]));
        let numbers = &c.counters[0];
        assert_eq!((numbers.steps, numbers.regular_steps), (3, 1));
        assert_eq!(numbers.breaks.len(), 1);
        assert_eq!(
            (numbers.breaks[0].expected, numbers.breaks[0].found),
            (3, 1)
        );
        assert!(c.time_jumps[0].length_s < 0.0);
    }

    #[test]
    fn durations_are_summed_sample_by_sample_where_they_are_written() {
        let trun = |flags: u32, words: &[u32]| {
            let mut out = flags.to_be_bytes().to_vec();
            out.extend(words.iter().flat_map(|w| w.to_be_bytes()));
            out
        };
        assert_eq!(length(&trun(0, &[5]), 40), Some(200));
        // data offset and first sample's flags, then duration and size of each
        let dense = trun(0x305, &[2, 0, 0, 10, 999, 11, 999]);
        assert_eq!(length(&dense, 40), Some(21));
        // more samples claimed than are there
        assert_eq!(length(&trun(0x100, &[u32::MAX, 7]), 40), Some(7));
        assert_eq!(length(&[0, 0], 40), None);
    }

    #[test]
    fn a_file_without_an_index_still_has_its_numbers() {
        let c = read(&fragmented_track(None, &[(7, 0), (8, 0), (10, 0)]));
        assert_eq!(c.counters[0].breaks.len(), 1);
        assert_eq!(c.counters[0].breaks[0].at_s, None);
    }
}
