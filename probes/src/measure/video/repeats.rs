//! Pictures that were shown again, in place of new ones or between them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recent::Recent;

/// A picture is a repeated one if it differs from the one before by at most
/// this share of what its neighbours do: an encoder leaves a trace even in a
/// picture that it was given twice, the more the coarser it coded the first.
const REPEATED_SHARE: f64 = 0.2;
/// Below this mean difference in grey levels too little moves to tell a
/// repeated picture from one in which nothing happened.
const ALIVE_DIFFERENCE: f64 = 0.5;
/// Longer runs are stretches that stand still and not a stutter.
const RUN_MAX_S: f64 = 0.4;
/// The picture after a repeated one has to catch up with what was dropped if
/// it differs by this many times what is usual. Where a picture was only put
/// in, as by a conversion of the frame rate, it does not.
const CATCH_UP: f64 = 1.25;
/// A picture that differs by this many times what is usual, and has nothing to
/// catch up with, shows another view: a cut, a lens that loses its focus or is
/// covered. How much moved before says nothing of what moves now: measured, a
/// view that is thrown out of focus moves by 0.15 of what it did, and begins with
/// a step of 4 to 9 times the usual.
const NEW_VIEW: f64 = 3.0;
/// Moving pictures that say what is usual.
const AROUND: usize = 12;
/// Moving pictures from which on they do.
const AROUND_MIN: u32 = 3;
/// Pictures that are watched for the worst stretch.
const STRETCH_S: f64 = 10.0;
/// Distances between repeated pictures that can be a cadence.
const CADENCE_MAX: usize = 32;
/// Share of the distances that must be multiples of one: some repeated pictures
/// are missed (research/forensics.md 2b knows periods of 2, 3 and 5).
const CADENCE_SHARE: f64 = 0.8;
/// Share of the distances that must be just that one.
const CADENCE_ONCE_SHARE: f64 = 0.5;
/// Distances from which a cadence can be told.
const CADENCE_DISTANCES_MIN: u64 = 5;

/// Repeated pictures of a recording, runs of at least 0.4 s apart. A picture
/// is repeated if it differs from the one before by a fifth or less of what
/// moving pictures around it do, and these by 0.5 grey levels or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Repeats {
    /// Pictures among which a repeated one could be told.
    pub judged_pictures: u64,
    /// Repeated pictures.
    pub pictures: u64,
    /// How many of them stand in place of a picture that is missing: the next
    /// one has to catch up.
    pub in_place_of_others: u64,
    /// Most of these in any 10 s.
    pub in_place_worst_10_s: u64,
    /// If four fifths of the repeated pictures come at one even distance: that
    /// distance in pictures. A conversion of the frame rate does so.
    pub cadence_pictures: Option<u32>,
}

/// Counts repeated pictures.
#[derive(Debug)]
pub(super) struct RepeatCounter {
    found: Repeats,
    /// Differences of pictures that move.
    alive: Recent,
    /// How many of them the current view has had.
    alive_count: u32,
    /// Start and length of the current run of repeated pictures.
    run: Option<(f64, u64)>,
    /// When the latest of those stood that replaced others.
    in_place_s: std::collections::VecDeque<f64>,
    cadence: Cadence,
    number: u64,
    last_key: bool,
}

impl Default for RepeatCounter {
    fn default() -> Self {
        Self {
            found: Repeats::default(),
            alive: Recent::of(AROUND),
            alive_count: 0,
            run: None,
            in_place_s: std::collections::VecDeque::new(),
            cadence: Cadence::default(),
            number: 0,
            last_key: false,
        }
    }
}

impl RepeatCounter {
    /// The next picture differs so much from the one before.
    pub(super) fn see(&mut self, at_s: f64, difference: f64, key: bool) {
        self.number += 1;
        // Where all are key pictures, none of them is a refresh.
        let refreshes = key && !self.last_key;
        self.last_key = key;
        let usual = self.alive.quantile(0.5).unwrap_or(0.0);
        let can_tell = self.alive_count >= AROUND_MIN && usual >= ALIVE_DIFFERENCE;
        self.found.judged_pictures += u64::from(can_tell);
        if can_tell && difference <= REPEATED_SHARE * usual {
            let (_, count) = self.run.get_or_insert((at_s, 0));
            *count += 1;
            return;
        }
        if let Some((start_s, count)) = self.run.take()
            && at_s - start_s < RUN_MAX_S
        {
            self.found.pictures += count;
            self.cadence.see(self.number, count);
            if difference >= CATCH_UP * usual {
                self.in_place(start_s, count);
            }
        } else if can_tell && difference >= NEW_VIEW * usual {
            self.alive = Recent::of(AROUND);
            self.alive_count = 0;
        } else if !refreshes {
            // Catching up is not what is usual.
            self.alive.add(difference);
            self.alive_count = self.alive_count.saturating_add(1);
        }
    }

    fn in_place(&mut self, at_s: f64, count: u64) {
        self.found.in_place_of_others += count;
        for _ in 0..count {
            self.in_place_s.push_back(at_s);
        }
        while self
            .in_place_s
            .front()
            .is_some_and(|first_s| at_s - first_s > STRETCH_S)
        {
            self.in_place_s.pop_front();
        }
        let now = self.in_place_s.len() as u64;
        self.found.in_place_worst_10_s = self.found.in_place_worst_10_s.max(now);
    }

    /// The facts.
    pub(super) fn finish(self) -> Repeats {
        Repeats {
            cadence_pictures: self.cadence.distance(),
            ..self.found
        }
    }
}

/// Finds an even distance between repeated pictures.
#[derive(Debug, Default)]
pub(super) struct Cadence {
    last: Option<u64>,
    distances: [u64; CADENCE_MAX],
    total: u64,
}

impl Cadence {
    /// After a run of `count` repeated pictures the one with this number moves.
    pub(super) fn see(&mut self, number: u64, count: u64) {
        if count == 0 {
            return;
        }
        if let Some(last) = self.last.replace(number) {
            self.total += 1;
            let distance = usize::try_from(number.saturating_sub(last)).unwrap_or(usize::MAX);
            if let Some(count) = self.distances.get_mut(distance) {
                *count += 1;
            }
        }
    }

    /// The distance, if it is even; one right after the other is a freeze.
    pub(super) fn distance(&self) -> Option<u32> {
        let (distance, count) = (0u32..)
            .zip(self.distances)
            .skip(2)
            .max_by_key(|(_, count)| *count)?;
        let multiples = (0u32..).zip(self.distances);
        let multiples: u64 = multiples
            .filter(|(d, _)| *d > 0 && d % distance == 0)
            .map(|(_, count)| count)
            .sum();
        let total = self.total as f64;
        let is_even =
            multiples as f64 >= CADENCE_SHARE * total && count as f64 >= CADENCE_ONCE_SHARE * total;
        (is_even && self.total >= CADENCE_DISTANCES_MIN).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures at 25 a second that show these pictures of an even movement,
    /// with a trace of coding on the repeated ones.
    fn shown(pictures: impl IntoIterator<Item = u32>) -> Repeats {
        let mut counter = RepeatCounter::default();
        let mut last = None;
        for (n, picture) in pictures.into_iter().enumerate() {
            if let Some(last) = last.replace(picture) {
                let difference = 2.0 * f64::from(picture - last) + 0.03;
                counter.see(n as f64 * 0.04, difference, n % 50 == 0);
            }
        }
        counter.finish()
    }

    #[test]
    fn even_movement_repeats_nothing() {
        let found = shown(0..500);
        assert_eq!((found.pictures, found.cadence_pictures), (0, None));
        assert!(found.judged_pictures > 490);
    }

    #[test]
    fn a_picture_in_place_of_another_is_told_from_one_put_in() {
        let is_lost = |n: u32| n.is_multiple_of(7) || n % 11 == 3;
        let lost = shown((1..500).map(|n| if is_lost(n) { n - 1 } else { n }));
        assert!((85..130).contains(&lost.pictures), "{lost:?}");
        assert!(lost.in_place_of_others * 10 > lost.pictures * 8, "{lost:?}");
        assert_eq!(lost.cadence_pictures, None);
        assert!((40..60).contains(&lost.in_place_worst_10_s), "{lost:?}");
        // 20 to 25 pictures a second.
        let converted = shown((0..500).map(|n| n - n / 5));
        assert!(converted.pictures > 90, "{converted:?}");
        assert_eq!(
            (converted.in_place_of_others, converted.cadence_pictures),
            (0, Some(5))
        );
    }

    #[test]
    fn a_view_out_of_focus_moves_less_and_repeats_nothing() {
        // Differences from picture to picture as a camera's search for focus
        // leaves them: a step, little motion, a step.
        let mut counter = RepeatCounter::default();
        let mut at_s = 0.0;
        for difference in [6.0; 30]
            .into_iter()
            .chain([27.0])
            .chain([0.9; 7])
            .chain([12.0])
            .chain([0.3; 9])
            .chain([12.5])
            .chain([0.8; 7])
            .chain([27.0])
            .chain([6.0; 30])
        {
            at_s += 1.0 / 30.0;
            counter.see(at_s, difference, false);
        }
        let found = counter.finish();
        assert_eq!(
            (found.pictures, found.in_place_of_others),
            (0, 0),
            "{found:?}"
        );
    }

    #[test]
    fn a_cadence_shows_though_some_of_it_is_missed() {
        let mut cadence = Cadence::default();
        for n in (0..60).filter(|n| n % 4 != 3) {
            cadence.see(n * 6, 1);
        }
        assert_eq!(cadence.distance(), Some(6));
        let mut uneven = Cadence::default();
        for n in [4, 11, 15, 22, 26, 33, 40, 44, 51, 62, 66, 73] {
            uneven.see(n, 1);
        }
        assert_eq!(uneven.distance(), None);
    }

    #[test]
    fn what_stands_still_for_long_or_hardly_moves_is_not_counted() {
        let frozen = shown((0..300).map(|n| if (100..120).contains(&n) { 100 } else { n }));
        assert_eq!(frozen.pictures, 0, "{frozen:?}");
        let mut counter = RepeatCounter::default();
        for n in 0..300 {
            let difference = if n % 3 == 0 { 0.0 } else { 0.3 };
            counter.see(f64::from(n) * 0.04, difference, false);
        }
        let found = counter.finish();
        assert_eq!((found.pictures, found.judged_pictures), (0, 0));
    }
}
