//! How well two levels describe a patch of pixels, as ink and paper do (Otsu 1979).

/// The best two levels of a patch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TwoLevels {
    /// Share of the variance that lies between them. A normal distribution has 0.64,
    /// ink on paper more than 0.75.
    pub(super) share: f32,
    /// The highest grey of the darker side.
    pub(super) threshold: u8,
    /// Mean of the darker side, in grey levels.
    pub(super) dark: f32,
    /// Mean of the lighter side.
    pub(super) light: f32,
}

/// The two levels of all pixels of these rows; `None` if they are all alike.
pub(super) fn two_levels<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Option<TwoLevels> {
    let mut counts = [0_u32; 256];
    for level in rows.flatten() {
        *counts.get_mut(usize::from(*level))? += 1;
    }
    let all: f64 = counts.iter().map(|n| f64::from(*n)).sum();
    let weighed = |power: i32| -> f64 {
        (0_u16..)
            .zip(counts)
            .map(|(level, n)| f64::from(level).powi(power) * f64::from(n))
            .sum()
    };
    let (sum, squares) = (weighed(1), weighed(2));
    let variance = squares / all - (sum / all).powi(2);
    if all < 1.0 || variance < 1.0 {
        return None;
    }
    let (mut below, mut sum_below) = (0.0_f64, 0.0_f64);
    let (mut most, mut best) = (0.0_f64, None);
    for (level, n) in (0_u8..=255).zip(counts) {
        below += f64::from(n);
        sum_below += f64::from(level) * f64::from(n);
        let above = all - below;
        if below > 0.0 && above > 0.0 {
            let (dark, light) = (sum_below / below, (sum - sum_below) / above);
            let between = below * above * (light - dark).powi(2) / (all * all);
            if between > most {
                most = between;
                best = Some(TwoLevels {
                    share: (between / variance) as f32,
                    threshold: level,
                    dark: dark as f32,
                    light: light as f32,
                });
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_and_paper_are_two_levels_and_a_ramp_is_not() {
        let print: Vec<u8> = (0..400)
            .map(|i| if i % 5 == 0 { 40 } else { 200 })
            .collect();
        let found = two_levels([&print[..]].into_iter()).unwrap();
        assert!(found.share > 0.99, "{found:?}");
        assert_eq!(
            (found.threshold, found.dark, found.light),
            (40, 40.0, 200.0)
        );
        let ramp: Vec<u8> = (0..=255).collect();
        let found = two_levels([&ramp[..]].into_iter()).unwrap();
        assert!((found.share - 0.75).abs() < 0.01, "{found:?}");
        assert_eq!(two_levels([&[7_u8; 90][..]].into_iter()), None);
        assert_eq!(two_levels(std::iter::empty()), None);
    }
}
