//! Counts, shares and their uncertainty.

use std::fmt;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many did.
    pub hits: u64,
    /// How many could have.
    pub of: u64,
}

/// The quantile of the normal distribution for 95 %.
const Z: f64 = 1.959_963_985;

impl Share {
    /// Counts one more.
    pub fn add(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.of += 1;
    }

    /// Wilson's 95 % interval for the share, both ends between 0 and 1; `None`
    /// without any case (Wilson 1927, score interval without continuity
    /// correction).
    pub fn interval(self) -> Option<(f64, f64)> {
        if self.of == 0 {
            return None;
        }
        let n = self.of as f64;
        let p = self.hits as f64 / n;
        let z2 = Z * Z;
        let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        Some(((middle - half).max(0.0), (middle + half).min(1.0)))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.interval() {
            None => write!(f, "–"),
            Some((low, high)) => write!(
                f,
                "{}/{} ({:.0}–{:.0} %)",
                self.hits,
                self.of,
                low * 100.0,
                high * 100.0
            ),
        }
    }
}

/// Faults found and false alarms, by case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Cases with the fault: found at its place.
    pub found: Share,
    /// Cases without it: an alarm anywhere.
    pub false_alarms: Share,
    /// Cases with the fault in which another place was alarmed as well.
    pub astray: u64,
}

impl Score {
    /// Harmonic mean of precision and recall by case; `None` if there is
    /// nothing to find.
    pub fn f1(&self) -> Option<f64> {
        if self.found.of == 0 {
            return None;
        }
        let hits = 2.0 * self.found.hits as f64;
        let missed = (self.found.of - self.found.hits) as f64;
        let wrong = (self.false_alarms.hits + self.astray) as f64;
        Some(hits / (hits + missed + wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_the_published_one() {
        // Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (hits, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (l, h) = Share { hits, of }.interval().unwrap();
            assert!((l - low).abs() < 1e-4 && (h - high).abs() < 1e-4, "{l} {h}");
        }
        assert_eq!(Share::default().interval(), None);
    }

    #[test]
    fn a_detector_that_always_alarms_scores_no_better_than_its_precision() {
        let all = Share { hits: 10, of: 10 };
        let mut score = Score {
            found: all,
            false_alarms: Share { hits: 0, of: 30 },
            astray: 0,
        };
        assert_eq!(score.f1(), Some(1.0));
        score.false_alarms.hits = 30;
        assert_eq!(score.f1(), Some(0.4));
        assert_eq!(Score::default().f1(), None);
    }
}
