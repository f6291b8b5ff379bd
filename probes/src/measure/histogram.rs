//! Exact medians of whole numbers in bounded memory.

use std::collections::BTreeMap;

/// Different values that are told apart. Real recordings have a handful of
/// different steps; a variable rate in fine ticks has some hundreds.
const VALUES_MAX: usize = 8192;

/// How often each value occurred.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: BTreeMap<i64, u64>,
    total: u64,
}

impl Histogram {
    /// Counts one value. When too many different ones were seen, a new one
    /// counts as its lower neighbour.
    pub(crate) fn add(&mut self, value: i64) {
        self.total += 1;
        if self.counts.len() < VALUES_MAX || self.counts.contains_key(&value) {
            *self.counts.entry(value).or_default() += 1;
        } else if let Some((_, count)) = self.counts.range_mut(..value).next_back() {
            *count += 1;
        } else if let Some(mut first) = self.counts.first_entry() {
            *first.get_mut() += 1;
        }
    }

    /// How many values were counted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The value in the middle, the lower one of two.
    pub(crate) fn median(&self) -> Option<i64> {
        let half = self.total.checked_add(1)? / 2;
        let mut seen = 0;
        self.counts.iter().find_map(|(value, count)| {
            seen += count;
            (seen >= half).then_some(*value)
        })
    }

    /// Smallest value.
    pub(crate) fn min(&self) -> Option<i64> {
        self.counts.first_key_value().map(|(value, _)| *value)
    }

    /// Largest value.
    pub(crate) fn max(&self) -> Option<i64> {
        self.counts.last_key_value().map(|(value, _)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_exact() {
        let mut h = Histogram::default();
        assert_eq!(h.median(), None);
        for value in [5, 1, 9, 1, 5, 5] {
            h.add(value);
        }
        assert_eq!((h.median(), h.min(), h.max()), (Some(5), Some(1), Some(9)));
    }

    #[test]
    fn memory_is_bounded_and_nothing_is_lost() {
        let mut h = Histogram::default();
        for value in 0..100_000 {
            h.add(value);
        }
        assert_eq!(h.total(), 100_000);
        assert_eq!(h.counts.values().sum::<u64>(), 100_000);
        assert!(h.counts.len() <= VALUES_MAX);
        h.add(-7);
        assert_eq!(h.counts.values().sum::<u64>(), 100_001);
    }
}
