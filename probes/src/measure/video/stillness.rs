//! Stretches in which the picture stands still.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recent::Recent;
use super::runs::SPANS_HELD_MAX;
use crate::measurements::Span;

/// Frozen runs that are listed, the longest ones.
const LISTED_MAX: usize = 100;
/// Shorter runs are repeated pictures, not a freeze: half a second, less two
/// pictures that an encoder still improves.
const MIN_S: f64 = 0.4;
/// Mean difference in grey levels up to which a picture stands still: the
/// −60 dB of freezedetect, of 255 levels.
const STILL_DIFFERENCE: f64 = 0.255;
/// The same as a share of what was usual before: an encoder still improves a
/// picture that comes again after fast motion.
const STILL_SHARE: f64 = 0.05;
/// Mean difference up to which a key picture may refresh a picture that stands
/// still: encoders change something when they code the same picture anew.
/// Named guess: no measurements were made for it.
const REFRESH_DIFFERENCE: f64 = 2.0;
/// The same as a share of what was usual before.
const REFRESH_SHARE: f64 = 0.5;
/// Pictures from the end of a stretch on among which the jump is: a key picture
/// may come between.
const EXIT_PICTURES: u8 = 3;
/// Pictures on each side of a stretch that say what is usual there.
const AROUND: usize = 12;
/// Which of them stands for them: where every second picture is a repeated
/// one, the middle would say that nothing moves.
const AROUND_QUANTILE: f64 = 0.75;
/// A picture shown this much longer than usual, and at least `MIN_S`, is a gap
/// in the times and no sign of a camera that stands still.
const GAP_STEPS: f64 = 4.0;
/// Steps that say what is usual.
const STEPS: usize = 9;

/// A stretch in which the picture stands still: each picture differs from the
/// one before by at most 0.25 grey levels in the mean (freezedetect's −60 dB)
/// or a twentieth of what was usual before, apart from the refresh at key
/// pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Frozen {
    /// Where.
    pub span: Span,
    /// Pictures that stand still, the first not counted.
    pub pictures: u64,
    /// How many of them equal the one before bit for bit. Coding leaves traces
    /// even in a picture that was given to the encoder again and again.
    pub equal_pictures: u64,
    /// Mean difference from picture to picture in grey levels, key pictures
    /// apart. Below about 0.02 nothing moves but the coding; a sensor's noise
    /// is above it unless the encoder removed it.
    pub difference_mean: f64,
    /// Largest mean difference of the three pictures at the end of the stretch
    /// (of the first one before version 2) in grey levels; `null` if it lasts to
    /// the end of the recording. A still scene goes on as it was, a frozen
    /// camera jumps.
    pub exit_difference: Option<f64>,
    /// Upper quartile of the mean differences of the 12 pictures before the
    /// stretch, key pictures apart: how alive the picture was when it stopped.
    /// `null` if there are none, and in measurements before version 2.
    pub before_difference: Option<f64>,
    /// The same of the 12 pictures after the first one that moves again.
    pub after_difference: Option<f64>,
}

/// Finds the stretches in which the picture stands still.
#[derive(Debug)]
pub(super) struct Stillness {
    current: Option<Frozen>,
    told: bool,
    /// Sum and count of the differences in the current run, refreshes apart.
    differences: (f64, u64),
    /// Differences of the current run, should it turn out to be none.
    within: Recent,
    /// Differences of late, frozen stretches apart.
    alive: Recent,
    followed: Option<Followed>,
    last_key: bool,
    steps: Recent,
    found: Vec<Frozen>,
    repeated: u64,
}

/// The last stretch found, while the pictures after it are still coming.
#[derive(Debug)]
struct Followed {
    frozen: Frozen,
    after: Recent,
    /// Pictures in which the jump may still come.
    exit_left: u8,
}

impl Default for Stillness {
    fn default() -> Self {
        Self {
            current: None,
            told: false,
            differences: (0.0, 0),
            within: Recent::of(AROUND),
            alive: Recent::of(AROUND),
            followed: None,
            last_key: false,
            steps: Recent::of(STEPS),
            found: Vec::new(),
            repeated: 0,
        }
    }
}

impl Stillness {
    /// True if the picture now stands still for long enough to be told.
    pub(super) fn see(&mut self, before_s: f64, at_s: f64, difference: f64, key: bool) -> bool {
        // Where all are key pictures, none of them is a refresh.
        let refreshes = key && !self.last_key;
        self.last_key = key;
        if let Some(followed) = &mut self.followed
            && followed.exit_left > 0
            && let Some(exit) = &mut followed.frozen.exit_difference
        {
            followed.exit_left -= 1;
            *exit = exit.max(difference);
        }
        let step_s = at_s - before_s;
        let usual_s = self.steps.quantile(0.5).unwrap_or(step_s);
        if step_s >= MIN_S && step_s > GAP_STEPS * usual_s {
            self.end(before_s + usual_s, Some(difference));
            return false;
        }
        self.steps.add(step_s);
        let usual = self
            .current
            .as_ref()
            .map_or_else(
                || self.alive.quantile(AROUND_QUANTILE),
                |run| run.before_difference,
            )
            .unwrap_or(0.0);
        let is_still = difference <= STILL_DIFFERENCE.max(STILL_SHARE * usual);
        let is_refresh = refreshes
            && self.current.is_some()
            && difference <= REFRESH_DIFFERENCE.max(REFRESH_SHARE * usual);
        if !is_still && !is_refresh {
            self.end(at_s, Some(difference));
            if !refreshes {
                self.moved(difference);
            }
            return false;
        }
        if self.current.is_none() {
            self.differences = (0.0, 0);
            self.within = Recent::of(AROUND);
        }
        if !refreshes {
            self.differences.0 += difference;
            self.differences.1 += 1;
            self.within.add(difference);
        }
        let before_difference = self.alive.quantile(AROUND_QUANTILE);
        let run = self.current.get_or_insert(Frozen {
            span: Span {
                start_s: before_s,
                end_s: at_s,
            },
            before_difference,
            ..Frozen::default()
        });
        run.pictures += 1;
        run.equal_pictures += u64::from(difference == 0.0);
        run.span.end_s = run.span.end_s.max(at_s);
        let is_long = run.span.duration_s() >= MIN_S;
        is_long && !std::mem::replace(&mut self.told, is_long)
    }

    /// The picture cannot be compared with the one before.
    pub(super) fn interrupt(&mut self, at_s: f64) {
        self.end(at_s, None);
    }

    /// A picture that belongs to no frozen stretch.
    fn moved(&mut self, difference: f64) {
        self.alive.add(difference);
        if let Some(followed) = &mut self.followed {
            followed.after.add(difference);
            if followed.after.is_full() {
                self.settle();
            }
        }
    }

    fn end(&mut self, at_s: f64, exit_difference: Option<f64>) {
        self.told = false;
        let Some(mut run) = self.current.take() else {
            return;
        };
        run.span.end_s = at_s.max(run.span.end_s);
        run.exit_difference = exit_difference;
        let (sum, count) = self.differences;
        run.difference_mean = sum / count.max(1) as f64;
        if run.span.duration_s() < MIN_S {
            self.repeated += run.equal_pictures;
            for difference in std::mem::replace(&mut self.within, Recent::of(AROUND)).into_values()
            {
                self.moved(difference);
            }
            return;
        }
        self.settle();
        self.followed = Some(Followed {
            frozen: run,
            after: Recent::of(AROUND),
            exit_left: EXIT_PICTURES - 1,
        });
    }

    /// What followed the last stretch is known.
    fn settle(&mut self) {
        if let Some(followed) = self.followed.take() {
            self.found.push(Frozen {
                after_difference: followed.after.quantile(AROUND_QUANTILE),
                ..followed.frozen
            });
            if self.found.len() > SPANS_HELD_MAX {
                keep_longest(&mut self.found, SPANS_HELD_MAX / 2);
            }
        }
    }

    /// The stretches, and how many repeated pictures lie outside them.
    pub(super) fn finish(mut self, end_s: f64) -> (Vec<Frozen>, u64) {
        self.end(end_s, None);
        self.settle();
        keep_longest(&mut self.found, LISTED_MAX);
        (self.found, self.repeated)
    }
}

fn keep_longest(found: &mut Vec<Frozen>, count: usize) {
    found.sort_by(|a, b| b.span.duration_s().total_cmp(&a.span.duration_s()));
    found.truncate(count);
    found.sort_by(|a, b| a.span.start_s.total_cmp(&b.span.start_s));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures 0.04 s apart with these differences from the one before.
    fn watch(differences: impl IntoIterator<Item = f64>) -> Vec<Frozen> {
        with_keys(differences, |_| false)
    }

    fn with_keys(
        differences: impl IntoIterator<Item = f64>,
        is_key: impl Fn(usize) -> bool,
    ) -> Vec<Frozen> {
        let mut stillness = Stillness::default();
        let mut at_s = 0.0;
        for (n, difference) in differences.into_iter().enumerate() {
            stillness.see(at_s, at_s + 0.04, difference, is_key(n));
            at_s += 0.04;
        }
        stillness.finish(at_s).0
    }

    fn some(difference: f64, count: usize) -> impl Iterator<Item = f64> {
        std::iter::repeat_n(difference, count)
    }

    #[test]
    fn a_stretch_knows_what_was_before_and_after_it() {
        let found = watch(
            some(3.0, 30)
                .chain(some(0.001, 12))
                .chain([5.0])
                .chain(some(2.0, 30)),
        );
        let [frozen] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(frozen.pictures, 12);
        assert_eq!(frozen.exit_difference, Some(5.0));
        assert_eq!(frozen.before_difference, Some(3.0));
        assert_eq!(frozen.after_difference, Some(2.0));
    }

    #[test]
    fn two_stretches_close_together_keep_their_own_surroundings() {
        let frozen = || some(0.0, 15);
        let found = watch(
            some(3.0, 20)
                .chain(frozen())
                .chain(some(1.0, 4))
                .chain(frozen()),
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].after_difference, Some(1.0));
        // The pictures of the first stretch are not what is usual.
        assert_eq!(found[1].before_difference, Some(3.0));
        assert_eq!(
            (found[1].exit_difference, found[1].after_difference),
            (None, None)
        );
    }

    #[test]
    fn every_second_picture_repeated_still_counts_as_alive() {
        let doubled = (0..40).map(|n| if n % 2 == 0 { 4.0 } else { 0.0 });
        let found = watch(doubled.chain(some(0.0, 20)));
        assert_eq!(found[0].before_difference, Some(4.0));
    }

    #[test]
    fn key_pictures_refresh_and_do_not_hide_the_jump() {
        // A key picture in the middle, and one just before the jump.
        let frozen = some(0.01, 10)
            .chain([4.0])
            .chain(some(0.01, 5))
            .chain([0.6, 9.0]);
        let found = with_keys(some(10.0, 20).chain(frozen).chain(some(10.0, 20)), |n| {
            n == 30
        });
        let [frozen] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(frozen.exit_difference, Some(10.0));
        assert!(frozen.difference_mean < 0.011, "{frozen:?}");
    }

    #[test]
    fn pulses_of_key_pictures_in_a_still_scene_are_no_exits() {
        // Ten pictures to a key picture, each of which changes a little.
        let found = with_keys(
            (0..100).map(|n| if n % 10 == 0 { 1.0 } else { 0.02 }),
            |n| n % 10 == 0,
        );
        let [still] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(still.exit_difference, None);
    }

    #[test]
    fn where_all_are_key_pictures_they_count_like_others() {
        let found = with_keys(
            some(3.0, 20).chain(some(0.0, 15)).chain(some(1.5, 20)),
            |_| true,
        );
        let [frozen] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (frozen.before_difference, frozen.exit_difference),
            (Some(3.0), Some(1.5))
        );
        assert_eq!(frozen.pictures, 15);
    }

    #[test]
    fn one_picture_shown_long_is_a_gap_and_no_freeze() {
        let mut stillness = Stillness::default();
        let mut at_s = 0.0;
        for n in 0..60 {
            let step_s = if n == 30 { 3.0 } else { 0.04 };
            // The picture before and after the gap are alike, as in a scene that sways.
            let difference = if (28..33).contains(&n) { 0.1 } else { 1.0 };
            stillness.see(at_s, at_s + step_s, difference, false);
            at_s += step_s;
        }
        assert_eq!(stillness.finish(at_s), (Vec::new(), 0));
    }

    #[test]
    fn a_camera_of_one_picture_a_second_has_no_gaps() {
        let mut stillness = Stillness::default();
        for n in 0..10 {
            stillness.see(f64::from(n), f64::from(n + 1), 0.0, false);
        }
        assert_eq!(stillness.finish(10.0).0[0].span.duration_s(), 10.0);
    }
}
