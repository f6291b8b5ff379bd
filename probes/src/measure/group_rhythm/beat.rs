//! The strongest beat in a row of values, and the strongest that falls out of
//! step once.

use super::BeatShift;
use crate::measurements::Span;

/// Shortest and longest beat that is sought, in pictures. Below it lie the
/// layers of the present coding, beyond it too few beats fit into a window.
const PERIOD_MIN: usize = 6;
const PERIOD_MAX: usize = 128;
/// The same of beats in the foretold pictures of the present coding alone.
const OWN_PERIOD_MIN: usize = 2;
const OWN_PERIOD_MAX: usize = 32;
/// Beats that are wanted on either side of a shift.
const BEATS_MIN: usize = 4;
/// A shift by less cannot be told from pictures that share the cost of one.
const SHIFT_MIN: usize = 3;
/// Values that must be known.
const KNOWN_MIN: usize = 30;
/// Below this deviation of the ranks all sizes are alike.
const DEVIATION_MIN: f64 = 0.1;

/// A beat that holds all the way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Steady {
    pub(super) period: usize,
    pub(super) score: f64,
}

/// A beat that falls out of step once, as it stands in its window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Beat {
    pub(super) period: usize,
    /// Periods before the shift.
    periods_before: usize,
    /// Periods in all.
    periods: usize,
    phase_before: usize,
    phase_after: usize,
    pub(super) before: f64,
    pub(super) after: f64,
    before_unshifted: f64,
    after_unshifted: f64,
    pub(super) score: f64,
    pub(super) unshifted: f64,
}

impl Beat {
    /// Picture of the window at which it falls out of step.
    pub(super) fn place(&self) -> usize {
        self.periods_before * self.period
    }

    /// The same with its times.
    pub(super) fn told(&self, at_s: impl Fn(usize) -> f64) -> BeatShift {
        let last = self.periods_before.saturating_sub(2) * self.period + self.phase_before;
        let first = self.place() + self.phase_after;
        BeatShift {
            span: Span {
                start_s: at_s(last),
                end_s: at_s(first),
            },
            period_pictures: self.period as u32,
            shift_pictures: ((self.phase_after + self.period - self.phase_before) % self.period)
                as u32,
            beats_before: self.periods_before as u32,
            beats_after: (self.periods - self.periods_before) as u32,
            score_before: self.before,
            score_after: self.after,
            score_before_unshifted: self.before_unshifted,
            score_after_unshifted: self.after_unshifted,
            score: self.score,
            score_unshifted: self.unshifted,
        }
    }
}

/// What was found in one window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) unshifted: Steady,
    pub(super) shifted: Option<Beat>,
}

/// The sum over the values that a beat names, and how many are known.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    value: f64,
    count: f64,
}

impl Sum {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.value += value;
            self.count += 1.0;
        }
    }

    fn without(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            count: self.count - other.count,
        }
    }

    fn score(self) -> f64 {
        self.value / self.count.max(1.0).sqrt()
    }
}

/// Where a picture stands in the present coding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// Pictures since the last key picture.
    pub(super) since_key: u32,
    /// Of a picture on which others are built: how many of those since then.
    pub(super) leading: Option<u32>,
}

/// The strongest beats in `ranks`; `own` says of each where it stands in the
/// present coding, which has beats of its own. `None` if too little is known or
/// all is alike.
pub(super) fn seek(ranks: &[Option<f32>], own: &[Own]) -> Option<Found> {
    let values = even(ranks)?;
    let longest = PERIOD_MAX.min(values.len() / (2 * BEATS_MIN));
    let mut sums = Vec::new();
    let mut of_present = 0f64;
    let leading = |(value, own): (&Option<f64>, &Own)| Some((*value, own.leading? as usize));
    for period in OWN_PERIOD_MIN..=OWN_PERIOD_MAX {
        let numbered = values.iter().zip(own).filter_map(leading);
        of_present = fold(numbered, period, &mut sums).max(of_present);
    }
    let mut steady = Steady::default();
    let mut shifted: Option<Beat> = None;
    let mut before = Vec::new();
    for period in PERIOD_MIN..=longest {
        let since_key = values
            .iter()
            .zip(own)
            .map(|(v, own)| (*v, own.since_key as usize));
        of_present = fold(since_key, period, &mut sums).max(of_present);
        let score = fold(values.iter().copied().zip(0..), period, &mut sums);
        if score > steady.score {
            steady = Steady { period, score };
        }
        if let Some(found) = seek_shift(&values, period, &sums, &mut before)
            && shifted.is_none_or(|best| found.score > best.score)
        {
            shifted = Some(found);
        }
    }
    let unshifted = steady.score.max(of_present);
    Some(Found {
        unshifted: steady,
        shifted: shifted.map(|beat| Beat { unshifted, ..beat }),
    })
}

/// The same with mean 0 and variance 1.
fn even(ranks: &[Option<f32>]) -> Option<Vec<Option<f64>>> {
    let known = || ranks.iter().flatten().copied().map(f64::from);
    let count = known().count();
    if count < KNOWN_MIN {
        return None;
    }
    let mean = known().sum::<f64>() / count as f64;
    let squares: f64 = known().map(|rank| (rank - mean).powi(2)).sum();
    let deviation = (squares / count as f64).sqrt();
    (deviation >= DEVIATION_MIN).then(|| {
        let even = |rank: &Option<f32>| rank.map(|rank| (f64::from(rank) - mean) / deviation);
        ranks.iter().map(even).collect()
    })
}

/// Sums by the place within the period of values that count as their numbers
/// say; answers with the best score among them.
fn fold(
    numbered: impl Iterator<Item = (Option<f64>, usize)>,
    period: usize,
    sums: &mut Vec<Sum>,
) -> f64 {
    sums.clear();
    sums.resize(period, Sum::default());
    for (value, number) in numbered {
        if let Some(sum) = sums.get_mut(number % period) {
            sum.add(value);
        }
    }
    sums.iter().map(|s| s.score()).fold(0.0, f64::max)
}

/// The best place at which a beat of this period can fall out of step.
fn seek_shift(
    values: &[Option<f64>],
    period: usize,
    all: &[Sum],
    before: &mut Vec<Sum>,
) -> Option<Beat> {
    let periods = values.len().div_ceil(period);
    before.clear();
    before.resize(period, Sum::default());
    let mut best: Option<Beat> = None;
    for (number, row) in values.chunks(period).enumerate() {
        let periods_before = number;
        if (BEATS_MIN..=periods.saturating_sub(BEATS_MIN)).contains(&periods_before)
            && let Some(found) = step(period, all, before)
            && best.is_none_or(|best| found.score > best.score)
        {
            best = Some(Beat {
                periods_before,
                periods,
                ..found
            });
        }
        for (sum, value) in before.iter_mut().zip(row) {
            sum.add(*value);
        }
    }
    best
}

/// The strongest step before, and the strongest one after that is not the same.
fn step(period: usize, all: &[Sum], before: &[Sum]) -> Option<Beat> {
    let scores = || before.iter().map(|s| s.score()).enumerate();
    let (phase_before, score_before) = scores().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let is_other = |phase: usize| {
        let apart = phase.abs_diff(phase_before);
        apart.min(period - apart) >= SHIFT_MIN
    };
    let after = |phase: usize| Some(all.get(phase)?.without(*before.get(phase)?));
    let (phase_after, sum_after) = (0..period)
        .filter(|phase| is_other(*phase))
        .filter_map(|phase| Some((phase, after(phase)?)))
        .max_by(|a, b| a.1.score().total_cmp(&b.1.score()))?;
    let sum_before = *before.get(phase_before)?;
    let both = Sum {
        value: sum_before.value + sum_after.value,
        count: sum_before.count + sum_after.count,
    };
    Some(Beat {
        period,
        phase_before,
        phase_after,
        before: score_before,
        after: sum_after.score(),
        before_unshifted: before.get(phase_after)?.score(),
        after_unshifted: after(phase_before)?.score(),
        score: both.score(),
        ..Beat::default()
    })
}
