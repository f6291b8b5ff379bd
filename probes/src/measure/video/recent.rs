//! The last few values of something, and what is usual among them.

use std::collections::VecDeque;

/// Holds a few values, the newest instead of the oldest.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    values: VecDeque<f64>,
    most: usize,
}

impl Recent {
    /// Holds at most `most` values.
    pub(super) fn of(most: usize) -> Self {
        Self {
            values: VecDeque::with_capacity(most),
            most,
        }
    }

    pub(super) fn add(&mut self, value: f64) {
        if self.values.len() >= self.most {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = f64> {
        self.values.into_iter()
    }

    pub(super) fn is_full(&self) -> bool {
        self.values.len() >= self.most
    }

    /// The value that `share` of them keep within; `None` if there are none.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let mut values: Vec<f64> = self.values.iter().copied().collect();
        let last = values.len().checked_sub(1)?;
        let rank = ((share * values.len() as f64) as usize).min(last);
        let (_, value, _) = values.select_nth_unstable_by(rank, f64::total_cmp);
        Some(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_values_count() {
        let mut recent = Recent::of(4);
        assert_eq!(recent.quantile(0.5), None);
        for value in [100.0, 3.0, 1.0, 2.0, 4.0] {
            recent.add(value);
        }
        assert!(recent.is_full());
        let at = |share| recent.quantile(share);
        assert_eq!(
            (at(0.0), at(0.5), at(0.75), at(1.0)),
            (Some(1.0), Some(3.0), Some(4.0), Some(4.0))
        );
    }
}
