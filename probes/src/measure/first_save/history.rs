//! The values of one coefficient and the first step that explains them best.

/// Largest magnitude that is looked at, in units of the coefficient; beyond it
/// values are too rare to show gaps.
const MAGNITUDE_MAX: f32 = 160.0;
/// Multiples of the present step that are told apart at most.
const BINS_MAX: usize = 64;
/// What rounding to whole pixels leaves on a coefficient between the two
/// quantisations, standard deviation: 1/√12.
const ROUNDING: f64 = 0.289;
/// Share of values that no model foretells: cut off pixels, decoders of other
/// make.
const STRAY: f64 = 0.03;
/// Parts of a unit in which the values before the last quantisation are kept.
const PARTS: usize = 2;
/// Width of the smoothing of those values, in parts, as a share of their
/// distance from zero: the law is steep there and flat beyond.
const SMOOTHING: f64 = 0.12;

/// How often each value occurs.
#[derive(Debug)]
pub(super) struct Values {
    /// Magnitudes 1, 2, 3 … times the present step.
    counts: Vec<u32>,
    /// Density of the magnitudes before quantisation, by parts of a unit.
    density: Vec<f64>,
}

impl Values {
    /// From the values on the grid and between it.
    pub(super) fn of(aligned: &[f32], between: &[f32], step: u16) -> Self {
        let step = f32::from(step.max(1));
        let bins = ((MAGNITUDE_MAX / step) as usize).clamp(1, BINS_MAX);
        let mut counts = vec![0; bins];
        for value in aligned {
            let multiple = (value.abs() / step).round() as usize;
            if let Some(count) = multiple.checked_sub(1).and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
        }
        // A little further, for the smoothing and for what falls back.
        let parts = ((bins as f32 + 1.0) * step) as usize * PARTS * 2;
        let mut raw = vec![0.0; parts];
        for value in between {
            let part = (value.abs() * PARTS as f32) as usize;
            if let Some(slot) = raw.get_mut(part) {
                *slot += 1.0;
            }
        }
        Self {
            counts,
            density: smoothed(&raw),
        }
    }

    /// Values other than zero.
    pub(super) fn count(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// Share of the values before quantisation between two magnitudes.
    fn share(cumulated: &[f64], from: f64, to: f64) -> f64 {
        let at = |magnitude: f64| {
            let part = magnitude.max(0.0) * PARTS as f64;
            let (low, rest) = (part as usize, part.fract());
            let value = |i: usize| {
                let last = cumulated.last().copied().unwrap_or(0.0);
                cumulated.get(i).copied().unwrap_or(last)
            };
            value(low) * (1.0 - rest) + value(low + 1) * rest
        };
        (at(to) - at(from)).max(0.0)
    }
}

/// Each part shared out over those around it.
fn smoothed(raw: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; raw.len() + 1];
    let mut sum = 0.0;
    for (slot, value) in sums.iter_mut().skip(1).zip(raw) {
        sum += value;
        *slot = sum;
    }
    let at = |i: usize| sums.get(i.min(raw.len())).copied().unwrap_or(sum);
    (0..raw.len())
        .map(|i| {
            let half = (i as f64 * SMOOTHING) as usize;
            let half = half.min(raw.len() - 1 - i);
            (at(i + half + 1) - at(i - half)) / (2 * half + 1) as f64
        })
        .collect()
}

/// How well each first step explains the values.
#[derive(Debug)]
pub(super) struct Fit {
    /// Bits saved a value, by first step; the first entry is for none.
    gains_bits: Vec<f32>,
}

impl Fit {
    /// The step that explains most; 1 if none does.
    pub(super) fn best_step(&self) -> u16 {
        let steps = self.gains_bits.iter().enumerate();
        let best = steps.max_by(|a, b| a.1.total_cmp(b.1));
        best.map_or(1, |(at, _)| at as u16 + 1)
    }

    /// What this first step saves, in bits a value.
    pub(super) fn gain_bits(&self, step: u16) -> f32 {
        let at = usize::from(step.max(1)) - 1;
        self.gains_bits.get(at).copied().unwrap_or(0.0)
    }
}

/// Tries all first steps up to `step_max`; `None` without values.
pub(super) fn fit(values: &Values, step: u16, step_max: u16) -> Option<Fit> {
    let total = f64::from(values.count());
    if total < 1.0 {
        return None;
    }
    let mut cumulated = Vec::with_capacity(values.density.len() + 1);
    let mut sum = 0.0;
    cumulated.push(0.0);
    for density in &values.density {
        sum += density;
        cumulated.push(sum);
    }
    let once = normalised(once(&cumulated, values.counts.len(), step))?;
    let bits = |foretold: &[f64]| -> f64 {
        let pairs = values.counts.iter().zip(foretold).zip(&once);
        let bits = pairs.map(|((count, twice), once)| {
            let share = (1.0 - STRAY) * twice + STRAY * once.max(1e-9);
            f64::from(*count) * share.log2()
        });
        bits.sum::<f64>() / total
    };
    let alone = bits(&once);
    let gains_bits = (1..=step_max)
        .map(|first| {
            // Multiples of the present step quantised to it again do not move.
            if first == 1 || first == step {
                return 0.0;
            }
            normalised(twice(&cumulated, values.counts.len(), first, step))
                .map_or(0.0, |foretold| (bits(&foretold) - alone) as f32)
        })
        .collect();
    Some(Fit { gains_bits })
}

fn normalised(shares: Vec<f64>) -> Option<Vec<f64>> {
    let sum: f64 = shares.iter().sum();
    (sum > 0.0).then(|| shares.into_iter().map(|share| share / sum).collect())
}

/// What one quantisation makes of the density, for the multiples 1, 2, 3 ….
fn once(cumulated: &[f64], bins: usize, step: u16) -> Vec<f64> {
    let step = f64::from(step);
    (1..=bins)
        .map(|k| Values::share(cumulated, (k as f64 - 0.5) * step, (k as f64 + 0.5) * step))
        .collect()
}

/// What two make of it, with the rounding to pixels between.
fn twice(cumulated: &[f64], bins: usize, first: u16, step: u16) -> Vec<f64> {
    let (first, step) = (f64::from(first), f64::from(step));
    let mut shares = vec![0.0; bins];
    let most = ((bins as f64 + 1.0) * step / first) as usize + 1;
    for m in 1..=most {
        let middle = m as f64 * first;
        let share = Values::share(cumulated, middle - first / 2.0, middle + first / 2.0);
        let lowest = ((middle - 3.0 * ROUNDING) / step).round();
        let highest = ((middle + 3.0 * ROUNDING) / step).round();
        let below = |edge: f64| normal((edge * step - middle) / ROUNDING);
        let mut k = lowest.max(1.0);
        let mut from = below(k - 0.5);
        while k <= highest {
            let to = below(k + 0.5);
            if let Some(slot) = shares.get_mut(k as usize - 1) {
                *slot += share * (to - from);
            }
            (k, from) = (k + 1.0, to);
        }
    }
    shares
}

/// The normal distribution function, by the logistic approximation of Bowling
/// and others (2009), error below 0.0002.
fn normal(z: f64) -> f64 {
    // Farther out the rest is less than a number beside 1 can show.
    if z.abs() > 9.0 {
        return if z > 0.0 { 1.0 } else { 0.0 };
    }
    1.0 / (1.0 + (-0.07056 * z.powi(3) - 1.5976 * z).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::scatter;

    /// Values of a Laplace law, which coefficients follow (Reininger and Gibson
    /// 1983).
    fn laplace(count: i32, scale: f32, seed: u32) -> Vec<f32> {
        (0..count)
            .map(|i| {
                let u = scatter(i, 0, seed) - 0.5;
                -scale * u.signum() * (1.0 - 2.0 * u.abs()).max(1e-6).ln()
            })
            .collect()
    }

    fn quantised(values: &[f32], step: f32, seed: u32) -> Vec<f32> {
        let noise = |i: usize| {
            (0..4)
                .map(|k| scatter(i as i32, k, seed) - 0.5)
                .sum::<f32>()
                * 0.5
        };
        let whole = values.iter().enumerate();
        whole
            .map(|(i, v)| (v / step).round() * step + noise(i))
            .collect()
    }

    fn found(first: Option<f32>, step: u16) -> (u16, f32) {
        let values = laplace(9_000, 18.0, 1);
        let before = first.map_or(values.clone(), |first| quantised(&values, first, 3));
        let aligned = quantised(&before, f32::from(step), 4);
        let fit = fit(
            &Values::of(&aligned, &laplace(9_000, 18.0, 2), step),
            step,
            40,
        )
        .unwrap();
        (fit.best_step(), fit.gain_bits(fit.best_step()))
    }

    #[test]
    fn a_first_step_is_found_and_one_quantisation_is_called_one() {
        for (first, step) in [(7, 3), (9, 4), (5, 7), (3, 2), (12, 5)] {
            let (best, gain) = found(Some(first as f32), step);
            assert_eq!(best, first, "{first} then {step}: {gain}");
            assert!(gain > 0.05, "{first} then {step}: {gain}");
        }
        for step in [2, 3, 5, 8] {
            let (_, gain) = found(None, step);
            assert!(gain < 0.02, "{step}: {gain}");
        }
    }

    #[test]
    fn steps_that_leave_no_trace_are_not_found() {
        for (first, step) in [(4, 4), (2, 4), (3, 9)] {
            let (_, gain) = found(Some(first as f32), step);
            assert!(gain < 0.03, "{first} then {step}: {gain}");
        }
    }

    #[test]
    fn without_values_there_is_no_fit() {
        assert!(fit(&Values::of(&[], &[], 3), 3, 40).is_none());
        assert!(fit(&Values::of(&[50.0; 900], &[], 3), 3, 40).is_none());
    }
}
