//! How well one number tells two sorts of picture apart.

/// Area under the receiver operating characteristic: the chance that a picture
/// of `high` has a larger figure than one of `low` (Mann and Whitney 1947). A
/// tie counts half, and so does a picture without a figure. `None` if either
/// side is empty.
pub fn auc(high: &[Option<f64>], low: &[Option<f64>]) -> Option<f64> {
    if high.is_empty() || low.is_empty() {
        return None;
    }
    let mut won = 0.0;
    for h in high {
        for l in low {
            won += match (h, l) {
                (Some(h), Some(l)) if h > l => 1.0,
                (Some(h), Some(l)) if h < l => 0.0,
                _ => 0.5,
            };
        }
    }
    Some(won / (high.len() as f64 * low.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_and_ties_and_blanks_are_halves() {
        let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(auc(&some(&[3.0, 4.0]), &some(&[1.0, 2.0])), Some(1.0));
        assert_eq!(auc(&some(&[1.0]), &some(&[2.0, 3.0])), Some(0.0));
        assert_eq!(auc(&some(&[2.0, 4.0]), &some(&[2.0, 3.0])), Some(0.625));
        assert_eq!(auc(&[None], &some(&[1.0])), Some(0.5));
        assert_eq!(auc(&[], &some(&[1.0])), None);
    }
}
