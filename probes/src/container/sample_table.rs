//! Sample tables of one track: how many samples, how long, how coded. Read in
//! windows, so that a day of recording costs no more memory than a second.

use super::bmff::{self, BoxHead};
use super::bytes::{Source, be16, be32, fourcc, quote};
use super::seams;
use super::structure::Structure;
use crate::measurements::{OneTickRun, SampleTable, Track};

/// Entries read of one table: a day at 100 changes of duration a second.
const ENTRIES_MAX: u64 = 9_000_000;
/// Samples of at most one tick in a row that make a run. A lone one is a
/// recorder's first or last sample; FFmpeg's joins measured 14 and 23.
const RUN_SAMPLES: u32 = 3;
/// Below this timescale one tick may be an ordinary duration: no camera plays
/// more than 480 pictures a second, and Apple counts 600 ticks.
const RUN_TIMESCALE_HZ: u32 = 600;
/// Runs kept.
const RUNS_MAX: usize = 100;
/// Different sample durations counted to find the usual one.
const DURATIONS_MAX: usize = 256;

/// Reads the tables in `stbl`.
pub(super) fn read(
    src: &mut Source<'_>,
    stbl: BoxHead,
    track: &mut Track,
    table: &mut SampleTable,
    out: &mut Structure,
) {
    let inside = bmff::children(src, stbl.body(), stbl.end());
    for &b in &inside {
        match &b.kind {
            b"stsd" => descriptions(src, b, track, table, out),
            b"stts" => durations(src, b, track, table),
            b"ctts" => table.first_composition_s = first_composition_s(src, b, track),
            b"stss" => {
                let count = src
                    .at(b.body().saturating_add(4), 4)
                    .and_then(|c| be32(c, 0));
                table.key_samples = count.map(u64::from);
                let first = src.at(b.body().saturating_add(8), 4);
                let is_held = count.is_some_and(|n| n > 0) && b.body_len() >= 12;
                let first = first.filter(|_| is_held).and_then(|n| be32(n, 0));
                table.first_key_sample = first.map(u64::from);
            }
            _ => {}
        }
    }
    let found = |kind: &[u8; 4]| inside.iter().copied().find(|b| &b.kind == kind);
    let stts = found(b"stts");
    if let Some(stts) = stts {
        seams::durations(src, stts, track, table);
    }
    if let Some(ctts) = found(b"ctts").filter(|_| track.medium == "video") {
        seams::offsets(src, ctts, stts, track, table);
    }
}

fn descriptions(
    src: &mut Source<'_>,
    b: BoxHead,
    track: &mut Track,
    table: &mut SampleTable,
    out: &mut Structure,
) {
    let first = b.body().saturating_add(8);
    let entries = bmff::children(src, first, b.end());
    table.descriptions = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let Some(entry) = entries.first() else {
        return;
    };
    track.codec = codec(entry.kind);
    let body = src.owned(entry.body(), entry.body_len().min(96));
    match track.medium.as_str() {
        "video" => {
            track.width_px = be16(&body, 24).map(u32::from).filter(|&w| w > 0);
            track.height_px = be16(&body, 26).map(u32::from).filter(|&h| h > 0);
            // A counted string in 32 bytes.
            let name = body.get(42..74).and_then(|n| n.split_first());
            if let Some((&n, name)) = name {
                let written = name.get(..usize::from(n).min(31)).unwrap_or_default();
                out.trace("stsd.compressor", quote(written), entry.offset);
            }
        }
        "audio" => {
            track.channels = be16(&body, 16).map(u32::from).filter(|&c| c > 0);
            track.sample_rate_hz = be32(&body, 24).map(|r| r >> 16).filter(|&r| r > 0);
        }
        _ => {}
    }
}

/// FFmpeg's name of a sample entry's codec; the code itself where it is rare.
fn codec(kind: [u8; 4]) -> String {
    match &kind {
        b"avc1" | b"avc2" | b"avc3" => "h264".to_owned(),
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "hevc".to_owned(),
        b"av01" => "av1".to_owned(),
        b"mp4v" => "mpeg4".to_owned(),
        b"s263" | b"h263" => "h263".to_owned(),
        b"jpeg" | b"mjpa" | b"mjpb" => "mjpeg".to_owned(),
        b"mp4a" => "aac".to_owned(),
        b"samr" => "amr_nb".to_owned(),
        b"sawb" => "amr_wb".to_owned(),
        _ => fourcc(kind).trim().to_owned(),
    }
}

/// The runs of `stts`, one window after the other.
fn durations(src: &mut Source<'_>, b: BoxHead, track: &Track, table: &mut SampleTable) {
    let Some(count) = src
        .at(b.body().saturating_add(4), 4)
        .and_then(|c| be32(c, 0))
    else {
        return;
    };
    let held = b.body_len().saturating_sub(8) / 8;
    let entries = u64::from(count).min(held).min(ENTRIES_MAX);
    let scale = track.timescale_hz.unwrap_or(0);
    let mut tally = Tally::default();
    let first = b.body().saturating_add(8);
    for i in 0..entries {
        let Some(entry) = src.at(first.saturating_add(i * 8), 8) else {
            break;
        };
        if let (Some(samples), Some(ticks)) = (be32(entry, 0), be32(entry, 4)) {
            tally.add(samples, ticks, scale, table);
        }
    }
    tally.end_run(scale, table);
    table.samples = tally.samples;
    table.duration_s = (scale > 0).then(|| tally.ticks as f64 / f64::from(scale));
    table.usual_duration_ticks = tally
        .seen
        .iter()
        .max_by_key(|(_, samples)| *samples)
        .map(|(ticks, _)| *ticks);
    // Uncompressed sound counts one tick a sample; notes and texts come as
    // they come.
    let is_timed = matches!(track.medium.as_str(), "video" | "audio");
    if !is_timed || table.usual_duration_ticks.is_some_and(|t| t <= 1) {
        table.one_tick_runs.clear();
    }
}

#[derive(Default)]
struct Tally {
    samples: u64,
    ticks: u64,
    seen: Vec<(u32, u64)>,
    run_samples: u32,
    run_start_ticks: u64,
}

impl Tally {
    fn add(&mut self, samples: u32, ticks: u32, scale: u32, table: &mut SampleTable) {
        if ticks <= 1 {
            if self.run_samples == 0 {
                self.run_start_ticks = self.ticks;
            }
            self.run_samples = self.run_samples.saturating_add(samples);
        } else {
            self.end_run(scale, table);
        }
        let has_room = self.seen.len() < DURATIONS_MAX;
        match self.seen.iter_mut().find(|(known, _)| *known == ticks) {
            Some((_, n)) => *n = n.saturating_add(u64::from(samples)),
            None if has_room => {
                self.seen.push((ticks, u64::from(samples)));
            }
            None => {}
        }
        self.samples = self.samples.saturating_add(u64::from(samples));
        let span = u64::from(samples).saturating_mul(u64::from(ticks));
        self.ticks = self.ticks.saturating_add(span);
    }

    fn end_run(&mut self, scale: u32, table: &mut SampleTable) {
        let counts = self.run_samples >= RUN_SAMPLES && scale >= RUN_TIMESCALE_HZ;
        if counts && table.one_tick_runs.len() < RUNS_MAX {
            table.one_tick_runs.push(OneTickRun {
                start_s: self.run_start_ticks as f64 / f64::from(scale),
                samples: self.run_samples,
            });
        }
        self.run_samples = 0;
    }
}

fn first_composition_s(src: &mut Source<'_>, b: BoxHead, track: &Track) -> Option<f64> {
    let entry = src.at(b.body().checked_add(8)?, 8)?;
    let scale = track.timescale_hz.filter(|&s| s > 0)?;
    // Version 1 allows negative offsets; version 0 writers use them too.
    let ticks = be32(entry, 4)?.cast_signed();
    Some(f64::from(ticks) / f64::from(scale))
}
