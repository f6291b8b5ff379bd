//! A value over time in bounded memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Entries kept; an hour at one a second.
const ENTRIES_MAX: usize = 3600;

/// Means of a value over equal stretches of a recording. The stretch is one
/// second and doubles each time the series would grow too long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Series {
    /// Length of the stretch that each entry stands for.
    pub step_s: f64,
    /// The means in order, from the first picture; `null` where there was
    /// nothing to measure. Unit as the field that holds the series says.
    pub values: Vec<Option<f32>>,
    #[serde(skip)]
    sums: Vec<(f64, u32)>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            step_s: 1.0,
            values: Vec::new(),
            sums: Vec::new(),
        }
    }
}

impl Series {
    /// Adds a value at an instant; times before the first picture count as 0.
    pub(crate) fn add(&mut self, at_s: f64, value: f64) {
        if !at_s.is_finite() || !value.is_finite() {
            return;
        }
        let at_s = at_s.max(0.0);
        // 2^40 doublings are beyond any time that a file can name.
        for _ in 0..40 {
            if at_s / self.step_s < ENTRIES_MAX as f64 {
                break;
            }
            self.halve();
        }
        let index = ((at_s / self.step_s) as usize).min(ENTRIES_MAX - 1);
        if self.sums.len() <= index {
            self.sums.resize(index + 1, (0.0, 0));
        }
        if let Some((sum, count)) = self.sums.get_mut(index) {
            *sum += value;
            *count = count.saturating_add(1);
        }
    }

    fn halve(&mut self) {
        self.sums = self
            .sums
            .chunks(2)
            .map(|pair| {
                pair.iter().fold((0.0, 0), |(sum, count), (s, c)| {
                    (sum + s, u32::saturating_add(count, *c))
                })
            })
            .collect();
        self.step_s *= 2.0;
    }

    /// Turns sums into means, rounded to two places.
    pub(crate) fn finish(mut self) -> Self {
        self.values = self
            .sums
            .iter()
            .map(|(sum, count)| {
                (*count > 0).then(|| ((sum / f64::from(*count)) * 100.0).round() as f32 / 100.0)
            })
            .collect();
        self.sums = Vec::new();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_mean_and_an_empty_one_has_none() {
        let mut s = Series::default();
        for (at_s, value) in [
            (0.0, 1.0),
            (0.9, 2.0),
            (2.0, 5.0),
            (-0.1, 3.0),
            (f64::NAN, 9.0),
        ] {
            s.add(at_s, value);
        }
        let s = s.finish();
        assert_eq!(s.values, [Some(2.0), None, Some(5.0)]);
        assert_eq!(s.step_s, 1.0);
    }

    #[test]
    fn a_long_recording_gets_longer_stretches_instead_of_more() {
        let mut s = Series::default();
        for second in 0..10_000 {
            s.add(f64::from(second), 4.0);
        }
        s.add(1e300, 4.0);
        let s = s.finish();
        assert!(s.values.len() <= ENTRIES_MAX);
        assert!(s.values.iter().flatten().all(|v| *v == 4.0));
    }
}
