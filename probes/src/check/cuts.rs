//! Which moments of a recording are cuts: shared by the checks of cuts and of
//! inserted stretches, so that both mean the same by the word.
//!
//! The thresholds that are not in the config were read off recordings of eight
//! cameras, cut and uncut, with whip pans, flashes, focus jumps and low bit
//! rates among the uncut (see docs/figures.md); they say what kind of moment it
//! is, not how much of it is too much.

use crate::measure::video::Moment;

/// A moment so soon after the start has no picture to be held against.
const FIRST_S: f64 = 0.3;
/// A cut is over at once: what its neighbours may hold of its own share.
const CALM_RATIO: f32 = 0.35;
/// After a cut the old view does not come back: what must be left of the share
/// when the next pictures are compared with the one before.
const GONE_RATIO: f32 = 0.7;
/// The old view has come back, as after a flash.
const BACK_RATIO: f32 = 0.5;
/// A flash and what ends it lie so close.
const FLASH_S: f64 = 0.4;
/// What ends a flash is at most so much smaller than its beginning.
const FLASH_LIKE_RATIO: f32 = 0.5;
/// Pictures coded for themselves may change so many times as much as usual.
const REFRESH_TIMES: f32 = 2.0;
/// A jump leaves this many times as much unexplained as the steps around it.
const JUMP_RESIDUAL_TIMES: f32 = 2.0;
/// The light of a scene does not jump when its own recording does.
const JUMP_LIGHT_LEVELS: f32 = 20.0;

/// Another scene from one picture to the next.
pub(crate) fn is_hard(
    moment: &Moment,
    all: &[Moment],
    unforetold_min: f64,
    residual_min: f64,
) -> bool {
    f64::from(moment.unforetold) >= unforetold_min
        && f64::from(moment.residual) >= residual_min
        && is_sudden(moment, all)
}

/// The same scene, but not as the picture before left it.
pub(crate) fn is_jump(
    moment: &Moment,
    all: &[Moment],
    key_unforetold: Option<f32>,
    unforetold_min: f64,
    detail_min: f64,
) -> bool {
    let detail = f64::from(moment.detail_ratio);
    let is_refresh =
        moment.key && key_unforetold.is_some_and(|usual| moment.unforetold < REFRESH_TIMES * usual);
    f64::from(moment.unforetold) >= unforetold_min
        && moment.residual >= JUMP_RESIDUAL_TIMES * moment.residual_near
        && (detail_min..=1.0 / detail_min).contains(&detail)
        && moment.brightness_levels.abs() <= JUMP_LIGHT_LEVELS
        && !is_refresh
        && is_sudden(moment, all)
}

/// Over at once and for good: no whip pan, no flash, nothing that passed the lens.
fn is_sudden(moment: &Moment, all: &[Moment]) -> bool {
    let around = moment
        .unforetold_before
        .max(moment.unforetold_after)
        .max(moment.unforetold_near);
    moment.at_s > FIRST_S
        && around <= CALM_RATIO * moment.unforetold
        && moment.unforetold_returning >= GONE_RATIO * moment.unforetold
        && !all.iter().any(|start| ends_flash(moment, start))
}

/// True if `start` lit up the scene and `moment` is where it went out again.
fn ends_flash(moment: &Moment, start: &Moment) -> bool {
    let after_s = moment.at_s - start.at_s;
    after_s > 0.0
        && after_s <= FLASH_S
        && start.unforetold >= FLASH_LIKE_RATIO * moment.unforetold
        && start.unforetold_returning < BACK_RATIO * start.unforetold
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A clean cut to another scene, at 10 s.
    pub(crate) fn hard_cut() -> Moment {
        Moment {
            at_s: 10.0,
            step_s: 0.04,
            unforetold: 0.92,
            unforetold_before: 0.01,
            unforetold_after: 0.02,
            unforetold_near: 0.06,
            unforetold_returning: 0.92,
            residual: 1.9,
            residual_near: 0.16,
            detail_ratio: 1.1,
            ..Moment::default()
        }
    }

    /// A second missing within one shot, at 10 s.
    pub(crate) fn jump_cut() -> Moment {
        Moment {
            unforetold: 0.25,
            unforetold_near: 0.02,
            unforetold_returning: 0.25,
            residual: 0.6,
            residual_near: 0.11,
            detail_ratio: 1.0,
            ..hard_cut()
        }
    }

    fn hard(moment: Moment) -> bool {
        is_hard(&moment, &[moment], 0.75, 1.3)
    }

    fn jump(moment: Moment) -> bool {
        is_jump(&moment, &[moment], None, 0.14, 0.75)
    }

    #[test]
    fn what_goes_on_is_a_pan() {
        assert!(hard(hard_cut()) && jump(jump_cut()));
        for near in [0.33, 0.5] {
            let pan = Moment {
                unforetold_near: near,
                ..hard_cut()
            };
            assert_eq!(hard(pan), near <= 0.35 * 0.92);
        }
    }

    #[test]
    fn what_comes_back_is_a_flash_and_so_is_its_end() {
        let start = Moment {
            unforetold_returning: 0.05,
            ..hard_cut()
        };
        assert!(!hard(start));
        let end = |after_s| Moment {
            at_s: start.at_s + after_s,
            ..hard_cut()
        };
        let both = |end: Moment| is_hard(&end, &[start, end], 0.75, 1.3);
        assert!(!both(end(0.12)) && !both(end(0.39)));
        assert!(both(end(0.5)));
        // Something small that came back shortly before a cut hides no cut.
        let small = Moment {
            unforetold: 0.05,
            unforetold_returning: 0.01,
            ..start
        };
        let cut = end(0.12);
        assert!(is_hard(&cut, &[small, cut], 0.75, 1.3));
    }

    #[test]
    fn focus_light_and_refreshes_are_no_jumps() {
        let focus = |detail_ratio| Moment {
            detail_ratio,
            ..jump_cut()
        };
        assert!(jump(focus(0.76)) && !jump(focus(0.74)));
        assert!(jump(focus(1.32)) && !jump(focus(1.35)));
        let light = |brightness_levels| Moment {
            brightness_levels,
            ..jump_cut()
        };
        assert!(jump(light(-20.0)) && !jump(light(-20.5)));
        let refresh = Moment {
            key: true,
            ..jump_cut()
        };
        assert!(is_jump(&refresh, &[], Some(0.12), 0.14, 0.75));
        assert!(!is_jump(&refresh, &[], Some(0.13), 0.14, 0.75));
    }

    #[test]
    fn the_first_pictures_cannot_be_told() {
        let first = Moment {
            at_s: 0.3,
            ..hard_cut()
        };
        assert!(!hard(first));
    }
}
