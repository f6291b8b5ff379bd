//! A second look at the sample tables of one track, once its usual sample
//! duration is known: where the pattern breaks that one writer keeps from start
//! to end.

use super::bmff::BoxHead;
use super::bytes::{Source, be32};
use crate::measurements::{OddDuration, SampleTable, Track};

/// Entries read of one table.
const ENTRIES_MAX: u64 = 9_000_000;
/// Share of samples that must have the usual duration for others to be odd: a
/// track at a varying rate has no usual one.
const USUAL_SHARE_MIN: f64 = 0.9;
/// Durations this far from the usual one, as a share of it, are odd; rounding
/// between clocks makes differences of a tick.
const ODD_SHARE_MIN: f64 = 0.05;
/// Places kept.
const PLACES_MAX: usize = 100;
/// Samples in a row of one composition offset that make a habit: with
/// reordered pictures the offset changes from picture to picture.
const OFFSET_RUN_SAMPLES: u64 = 30;

/// Notes where sample durations depart from the usual one.
pub(super) fn durations(
    src: &mut Source<'_>,
    stts: BoxHead,
    track: &Track,
    table: &mut SampleTable,
) {
    let scale = track.timescale_hz.unwrap_or(0);
    let Some(usual) = table.usual_duration_ticks.filter(|&t| t > 1 && scale > 0) else {
        return;
    };
    let mut places = Places::default();
    let mut usual_samples = 0_u64;
    let mut ticks = 0_u64;
    entries(src, stts, |samples, duration| {
        let span = u64::from(samples).saturating_mul(u64::from(duration));
        if is_odd(duration, usual) {
            places.odd(ticks, samples, span, duration);
        } else {
            places.end();
            usual_samples = usual_samples.saturating_add(u64::from(samples));
        }
        ticks = ticks.saturating_add(span);
    });
    let is_timed = matches!(track.medium.as_str(), "video" | "audio");
    let has_habit = usual_samples as f64 >= USUAL_SHARE_MIN * table.samples as f64;
    if is_timed && has_habit {
        table.odd_durations_count = places.count;
        let seconds = |ticks: u64| ticks as f64 / f64::from(scale);
        let kept = places.kept.iter().map(|place| OddDuration {
            start_s: seconds(place.start_ticks),
            samples: place.samples,
            duration_s: seconds(place.ticks),
            shortest_ticks: place.shortest_ticks,
        });
        table.odd_durations = kept.collect();
    }
}

/// True if a duration is none that rounding makes of the usual one.
fn is_odd(ticks: u32, usual: u32) -> bool {
    let slack = (f64::from(usual) * ODD_SHARE_MIN).max(1.0);
    (f64::from(ticks) - f64::from(usual)).abs() > slack
}

#[derive(Clone, Copy)]
struct Place {
    start_ticks: u64,
    samples: u32,
    ticks: u64,
    shortest_ticks: u32,
}

/// Stretches of odd samples, those in a row as one.
#[derive(Default)]
struct Places {
    kept: Vec<Place>,
    count: u64,
    is_open: bool,
}

impl Places {
    fn odd(&mut self, start_ticks: u64, samples: u32, ticks: u64, shortest_ticks: u32) {
        let was_open = std::mem::replace(&mut self.is_open, true);
        if !was_open {
            self.count += 1;
            if self.kept.len() < PLACES_MAX {
                self.kept.push(Place {
                    start_ticks,
                    samples,
                    ticks,
                    shortest_ticks,
                });
            }
        } else if let Some(last) = self
            .kept
            .last_mut()
            .filter(|_| self.count <= PLACES_MAX as u64)
        {
            last.samples = last.samples.saturating_add(samples);
            last.ticks = last.ticks.saturating_add(ticks);
            last.shortest_ticks = last.shortest_ticks.min(shortest_ticks);
        }
    }

    fn end(&mut self) {
        self.is_open = false;
    }
}

/// Notes where one long run of a composition offset ends and one of another
/// begins.
pub(super) fn offsets(
    src: &mut Source<'_>,
    ctts: BoxHead,
    stts: Option<BoxHead>,
    track: &Track,
    table: &mut SampleTable,
) {
    let mut runs: Vec<(u64, u32)> = Vec::new();
    let mut run = (0_u64, 0_u64, None);
    let mut index = 0_u64;
    entries(src, ctts, |samples, offset| {
        if run.2 != Some(offset) {
            keep(&mut runs, run);
            run = (index, 0, Some(offset));
        }
        run.1 = run.1.saturating_add(u64::from(samples));
        index = index.saturating_add(u64::from(samples));
    });
    keep(&mut runs, run);
    let scale = track.timescale_hz.filter(|&s| s > 0);
    let (Some(stts), Some(scale)) = (stts, scale) else {
        return;
    };
    let starts: Vec<u64> = runs
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .take(PLACES_MAX)
        .collect();
    table.offset_changes_s = times(src, stts, &starts)
        .into_iter()
        .map(|ticks| ticks as f64 / f64::from(scale))
        .collect();
}

/// Keeps a run that is long and of another offset than the long run before it.
fn keep(runs: &mut Vec<(u64, u32)>, (start, samples, offset): (u64, u64, Option<u32>)) {
    if let Some(offset) = offset.filter(|_| samples >= OFFSET_RUN_SAMPLES)
        && runs.len() <= PLACES_MAX
        && runs.last().is_none_or(|(_, before)| *before != offset)
    {
        runs.push((start, offset));
    }
}

/// Decoding times of the samples numbered `wanted`, in rising order, from 0.
fn times(src: &mut Source<'_>, stts: BoxHead, wanted: &[u64]) -> Vec<u64> {
    let mut found = Vec::with_capacity(wanted.len());
    let (mut index, mut ticks) = (0_u64, 0_u64);
    entries(src, stts, |samples, duration| {
        let end = index.saturating_add(u64::from(samples));
        while let Some(next) = wanted.get(found.len()).filter(|&&next| next < end) {
            let within = (next - index).saturating_mul(u64::from(duration));
            found.push(ticks.saturating_add(within));
        }
        index = end;
        ticks = ticks.saturating_add(u64::from(samples).saturating_mul(u64::from(duration)));
    });
    found
}

/// Every pair of numbers of a table whose entries are such pairs.
fn entries(src: &mut Source<'_>, table: BoxHead, mut take: impl FnMut(u32, u32)) {
    let count = src
        .at(table.body().saturating_add(4), 4)
        .and_then(|c| be32(c, 0))
        .map_or(0, u64::from);
    let held = table.body_len().saturating_sub(8) / 8;
    let first = table.body().saturating_add(8);
    for i in 0..count.min(held).min(ENTRIES_MAX) {
        let Some(entry) = src.at(first.saturating_add(i * 8), 8) else {
            return;
        };
        if let (Some(a), Some(b)) = (be32(entry, 0), be32(entry, 4)) {
            take(a, b);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::read_structure;
    use super::super::tiny::Movie;
    use super::*;

    fn table(movie: &Movie) -> SampleTable {
        let bytes = movie.bytes();
        let read = read_structure(&mut Cursor::new(&bytes), bytes.len() as u64, "a.mp4");
        read.tracks[0].sample_table.clone().unwrap()
    }

    #[test]
    fn a_break_in_a_constant_track_has_its_place() {
        let movie = Movie {
            stts: vec![(300, 20), (1, 1), (1, 18), (300, 20)],
            ..Movie::default()
        };
        let odd = table(&movie).odd_durations;
        assert_eq!(odd.len(), 1);
        assert_eq!(
            (odd[0].start_s, odd[0].samples, odd[0].shortest_ticks),
            (10.0, 2, 1)
        );
        assert!((odd[0].duration_s - 19.0 / 600.0).abs() < 1e-9);
    }

    #[test]
    fn a_varying_rate_and_rounding_are_no_breaks() {
        let varying = Movie {
            stts: vec![(60, 20), (60, 40), (60, 20), (60, 30)],
            ..Movie::default()
        };
        assert_eq!(table(&varying).odd_durations, []);
        let rounded = Movie {
            stts: vec![(100, 20), (1, 21), (100, 20), (1, 19), (100, 20)],
            ..Movie::default()
        };
        assert_eq!(table(&rounded).odd_durations, []);
    }

    #[test]
    fn another_composition_offset_from_one_sample_on_has_its_place() {
        let with = |ctts: &[(u32, u32)]| {
            let movie = Movie {
                stts: vec![(120, 20)],
                ctts: ctts.to_vec(),
                ..Movie::default()
            };
            table(&movie).offset_changes_s
        };
        assert_eq!(with(&[(60, 20), (60, 0)]), [2.0]);
        assert_eq!(with(&[(60, 20), (1, 19), (59, 20)]), [0.0; 0]);
        assert_eq!(with(&[(60, 20), (1, 40), (1, 0), (58, 20)]), [0.0; 0]);
        assert_eq!(with(&[(29, 0), (91, 20)]), [0.0; 0]);
    }
}
