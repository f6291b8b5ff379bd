//! Which moments of a recording are cuts: shared by the checks of cuts and of
//! inserted stretches, so that both mean the same by the word.
//!
//! The thresholds that are not in the config were read off recordings of thirteen
//! cameras, cut and uncut, with whip pans, flashes, focus jumps and low bit
//! rates among the uncut (see docs/accuracy-video.md); they say what kind of moment it
//! is, not how much of it is too much.

use crate::measure::video::{Moment, Video};
use crate::measurements::Span;

/// Moments closer than this are the same picture.
const SAME_PICTURE_S: f64 = 1e-6;
/// A moment so soon after the start has no picture to be held against.
const FIRST_S: f64 = 0.3;
/// A cut is over at once: what its neighbours may hold of its own share.
const CALM_RATIO: f32 = 0.35;
/// The same where the camera stands still on both sides: then it is no whip pan,
/// and the first pictures of a poorly coded shot may change much.
const CALM_STILL_RATIO: f32 = 0.8;
/// Shift from picture to picture up to which that holds, in shares of the
/// diagonal.
const HELD_SHIFT: f32 = 0.02;
/// Shift up to which a view has kept its place, likewise.
const SAME_PLACE_SHIFT: f32 = 0.01;
/// Shift from picture to picture, in shares of the diagonal, up to which the
/// camera counts as held still.
const STILL_SHIFT: f32 = 0.03;
/// A camera that turns as fast as this can leave any view behind.
const WHIP_SHIFT: f32 = 0.06;
/// After a cut the old view does not come back: what must be left of the share
/// when the next pictures are compared with the one before.
const GONE_RATIO: f32 = 0.7;
/// The old view has come back, as after a flash.
const BACK_RATIO: f32 = 0.5;
/// The same where the light goes as it came: the camera may move meanwhile.
const LIT_BACK_RATIO: f32 = 0.8;
/// A flash and what ends it lie so close.
const FLASH_S: f64 = 0.4;
/// What ends a flash is at most so much smaller than its beginning …
const FLASH_LIKE_RATIO: f32 = 0.5;
/// … or it takes back the light that the beginning gave, of at least so many
/// levels, to so much.
const FLASH_LIGHT_LEVELS: f32 = 20.0;
/// The share of that light that may be left over.
const FLASH_LIGHT_LEFT: f32 = 0.25;
/// Pictures coded for themselves may change so many times as much as usual.
const REFRESH_TIMES: f32 = 2.0;
/// A jump leaves this many times as much unexplained as the steps around it.
const JUMP_RESIDUAL_TIMES: f32 = 2.5;
/// The light of a scene does not jump when its own recording does.
const JUMP_LIGHT_LEVELS: f32 = 20.0;
/// A lamp came on or went out if at least this share of what is not found was there in
/// another light, and the camera did not turn meanwhile: measured lamps 0.38 to 0.75,
/// cuts of the same scene up to 0.29.
const RELIT_RATIO: f32 = 0.33;
/// Common shift up to which that can be told, in shares of the diagonal.
const RELIT_SHIFT: f32 = 0.06;
/// Least residual that counts as usual in comparisons.
const RESIDUAL_FLOOR: f32 = 0.05;
/// Below this usual residual pictures are repeated, and everything new stands
/// out.
const REPEATED_RESIDUAL: f32 = 0.03;
/// The picture before was a new one: at least so much of the usual residual.
const NEW_RATIO: f32 = 0.3;

/// Another scene from one picture to the next.
pub(crate) fn is_hard(
    moment: &Moment,
    all: &[Moment],
    unforetold_min: f64,
    residual_min: f64,
) -> bool {
    let calm = if moment.shift_near <= HELD_SHIFT {
        CALM_STILL_RATIO
    } else {
        CALM_RATIO
    };
    f64::from(moment.unforetold) >= unforetold_min
        && f64::from(moment.residual) >= residual_min
        && moment.shift_near < WHIP_SHIFT
        && !is_defocus(moment)
        && !is_relit(moment)
        && is_sudden(moment, all, calm)
}

/// A lamp that comes on or goes out: not one of the limits of light is passed where it
/// is small, but shapes stay where they are.
pub(crate) fn is_relit(moment: &Moment) -> bool {
    moment.shift <= RELIT_SHIFT && moment.relit.is_some_and(|share| share >= RELIT_RATIO)
}

/// A change of light that would be a cut if shapes were not still there.
pub(crate) fn is_switch(moment: &Moment, all: &[Moment], unforetold_min: f64) -> bool {
    f64::from(moment.unforetold) >= unforetold_min
        && is_relit(moment)
        && is_sudden(moment, all, CALM_RATIO)
}

/// The same view as before but for its detail: neither light nor place has
/// changed, as they would with the scene.
fn is_defocus(moment: &Moment) -> bool {
    const DETAIL: f64 = 0.5;
    const LIGHT_LEVELS: f32 = 3.0;
    moment.shift <= SAME_PLACE_SHIFT
        && moment.brightness_levels.abs() <= LIGHT_LEVELS
        && !keeps_detail(moment, DETAIL)
}

/// The same scene, but not as the picture before left it.
pub(crate) fn is_jump(
    moment: &Moment,
    all: &[Moment],
    key_unforetold: Option<f32>,
    unforetold_min: f64,
    detail_min: f64,
) -> bool {
    f64::from(moment.unforetold) >= unforetold_min
        && residual_times(moment) >= JUMP_RESIDUAL_TIMES
        && keeps_detail(moment, detail_min)
        && moment.brightness_levels.abs() <= JUMP_LIGHT_LEVELS
        && moment.shift_near < WHIP_SHIFT
        && !is_relit(moment)
        && !is_refresh(moment, key_unforetold)
        && is_sudden(moment, all, CALM_RATIO)
}

/// Share of the blocks from which a moment can be a jump in a still scene.
pub(crate) const SMALL_JUMP_UNFORETOLD: f32 = 0.05;

/// Further limits of [`is_small_jump`], measured on fixed and nearly still
/// cameras with people, cars and screens in view: 1 s to 5 s taken out 0.065 to
/// 0.19 of the blocks; focus, light and lost pictures among the rest stay below.
mod small {
    pub(super) const DETAIL: f64 = 0.85;
    pub(super) const LIGHT_LEVELS: f32 = 5.0;
    /// Residual, times the usual one, and calm around it: much of a jump in
    /// some unrest, or less of one in none.
    pub(super) const KINDS: [(f32, f32, f32); 2] = [(0.18, 3.3, 0.5), (0.16, 2.0, 0.15)];
    /// A recording that moves by fits and starts has more than one such moment
    /// in so many seconds, of at least so much of its size.
    pub(super) const ALONE_S: f64 = 1.5;
    pub(super) const ALONE_RATIO: f32 = 0.6;
}

/// A jump in a scene of which most stands still: little changes, but what moves
/// is suddenly elsewhere.
pub(crate) fn is_small_jump(moment: &Moment, all: &[Moment], key_unforetold: Option<f32>) -> bool {
    let is_alone = || {
        all.iter().all(|other| {
            let apart_s = (other.at_s - moment.at_s).abs();
            !(SAME_PICTURE_S..=small::ALONE_S).contains(&apart_s)
                || other.unforetold < small::ALONE_RATIO * moment.unforetold
        })
    };
    let stands_out = small::KINDS.iter().any(|(residual, times, calm)| {
        moment.residual >= *residual
            && residual_times(moment) >= *times
            && is_sudden(moment, all, *calm)
    });
    moment.unforetold >= SMALL_JUMP_UNFORETOLD
        && stands_out
        && is_new(moment)
        && keeps_detail(moment, small::DETAIL)
        && moment.brightness_levels.abs() <= small::LIGHT_LEVELS
        && moment.shift_near <= STILL_SHIFT
        && !is_relit(moment)
        && !is_refresh(moment, key_unforetold)
        && is_alone()
}

/// Limits of [`is_clear_jump`]: no whip pan, knock, flash, change of light or of
/// focus among the recordings of thirteen cameras comes near them all at once.
mod clear {
    pub(super) const UNFORETOLD: f32 = 0.18;
    pub(super) const CALM_RATIO: f32 = 0.3;
    /// Where the pictures around leave no more than this share of it …
    pub(super) const VERY_CALM_RATIO: f32 = 0.1;
    /// … this share of the wanted residual is enough.
    pub(super) const VERY_CALM_RESIDUAL: f64 = 0.7;
    pub(super) const DETAIL: f64 = 0.8;
    pub(super) const LIGHT_LEVELS: f32 = 15.0;
    /// No more time passed than this many usual steps.
    pub(super) const STEPS: f64 = 1.5;
}

/// A jump for which no innocent cause is in sight: the camera is held still
/// enough, the pictures on both sides are sharp and equally lit, none was
/// repeated and none is missing.
pub(crate) fn is_clear_jump(moment: &Moment, video: &Video, residual_times_min: f64) -> bool {
    let around = around(moment);
    let usual_step_s = video.duration_s / video.pictures.max(1) as f64;
    let times_min = if around <= clear::VERY_CALM_RATIO * moment.unforetold {
        clear::VERY_CALM_RESIDUAL * residual_times_min
    } else {
        residual_times_min
    };
    moment.unforetold >= clear::UNFORETOLD
        && around <= clear::CALM_RATIO * moment.unforetold
        && f64::from(residual_times(moment)) >= times_min
        && keeps_detail(moment, clear::DETAIL)
        && moment.brightness_levels.abs() <= clear::LIGHT_LEVELS
        && moment.shift_near <= STILL_SHIFT
        && is_new(moment)
        && moment.step_s <= clear::STEPS * usual_step_s
        && !video.frozen.iter().any(|f| borders(moment, &f.span))
}

/// Limits of [`is_local_jump`] beside its share of surprising blocks.
mod local {
    pub(super) const DETAIL: f64 = 0.75;
    pub(super) const LIGHT_LEVELS: f32 = 20.0;
    /// No more time passed than this many usual steps.
    pub(super) const STEPS: f64 = 1.5;
    /// More of it is new than in any picture around by this much: a beak that
    /// strikes the camera is as sudden as a cut, but not the only thing so sudden.
    pub(super) const LIVELY_TIMES: f32 = 1.2;
    /// It is to be seen in so many ninths of the picture: a screen in view, a door
    /// or one who passes fills fewer.
    pub(super) const NINTHS: u32 = 5;
    /// When the next pictures are compared with the one before, so much of it is
    /// left: a flash leaves nothing.
    pub(super) const GONE_RATIO: f32 = 0.5;
    /// So much of it surprises even where every second picture is shown twice: what
    /// surprises is held against the liveliest of the pictures around, not the usual.
    pub(super) const SURPRISED: f32 = 0.1;
    /// Pictures that may be shown twice before it.
    pub(super) const HELD: u32 = 1;
}

/// A jump of what is seen in parts of the picture: blocks are found far worse
/// than anything near them in the half second around, once and for good, and no
/// innocent cause is in sight.
pub(crate) fn is_local_jump(
    moment: &Moment,
    video: &Video,
    key_unforetold: Option<f32>,
    surprised_min: f64,
) -> bool {
    let usual_step_s = video.duration_s / video.pictures.max(1) as f64;
    moment
        .surprised
        .is_some_and(|share| f64::from(share) >= surprised_min)
        && moment.at_s > FIRST_S
        && moment.unforetold >= local::LIVELY_TIMES * moment.unforetold_lively.unwrap_or(1.0)
        && moment.surprised_ninths.is_some_and(|n| n >= local::NINTHS)
        && moment.unforetold_returning >= local::GONE_RATIO * moment.unforetold
        && keeps_detail(moment, local::DETAIL)
        && moment.brightness_levels.abs() <= local::LIGHT_LEVELS
        && moment.shift_near < WHIP_SHIFT
        && (is_new(moment) || is_beyond_repeats(moment))
        && moment.step_s <= local::STEPS * usual_step_s
        && !is_relit(moment)
        && !is_refresh(moment, key_unforetold)
        && !video.frozen.iter().any(|f| borders(moment, &f.span))
}

/// The pictures around are new ones, and so was the one before.
fn is_new(moment: &Moment) -> bool {
    moment.residual_near >= REPEATED_RESIDUAL
        && moment.residual_last >= NEW_RATIO * moment.residual_near
}

/// So much surprises that pictures which are shown twice, or a scene in which next to
/// nothing moves, do not explain it.
fn is_beyond_repeats(moment: &Moment) -> bool {
    moment.surprised.is_some_and(|s| s >= local::SURPRISED)
        && moment.held_pictures.is_some_and(|held| held <= local::HELD)
}

/// Beside a dark or featureless stretch: something covered the lens or was taken
/// away from it.
pub(crate) fn is_beside_cover(moment: &Moment, video: &Video) -> bool {
    let mut covers = video.dark_spans.iter().chain(&video.featureless_spans);
    covers.any(|span| borders(moment, span))
}

/// An end of a span and a moment lie so close that they are the same.
const BORDER_S: f64 = 0.1;

fn borders(moment: &Moment, span: &Span) -> bool {
    let is_near = |at_s: f64| (at_s - moment.at_s).abs() <= BORDER_S;
    is_near(span.start_s) || is_near(span.end_s)
}

fn residual_times(moment: &Moment) -> f32 {
    moment.residual / moment.residual_near.max(RESIDUAL_FLOOR)
}

fn keeps_detail(moment: &Moment, least: f64) -> bool {
    (least..=1.0 / least).contains(&f64::from(moment.detail_ratio))
}

fn is_refresh(moment: &Moment, key_unforetold: Option<f32>) -> bool {
    moment.key && key_unforetold.is_some_and(|usual| moment.unforetold < REFRESH_TIMES * usual)
}

/// Most of what the pictures around it leave unforetold.
fn around(moment: &Moment) -> f32 {
    moment
        .unforetold_before
        .max(moment.unforetold_after)
        .max(moment.unforetold_near)
}

/// Over at once and for good: no whip pan, no flash, nothing that passed the lens.
fn is_sudden(moment: &Moment, all: &[Moment], calm_ratio: f32) -> bool {
    moment.at_s > FIRST_S
        && around(moment) <= calm_ratio * moment.unforetold
        && moment.unforetold_returning >= GONE_RATIO * moment.unforetold
        && !all.iter().any(|start| ends_flash(moment, start))
}

/// True if `start` lit up the scene and `moment` is where it went out again.
fn ends_flash(moment: &Moment, start: &Moment) -> bool {
    let after_s = moment.at_s - start.at_s;
    let light = moment.brightness_levels.abs();
    let left = (start.brightness_levels + moment.brightness_levels).abs();
    let takes_back = light >= FLASH_LIGHT_LEVELS && left <= FLASH_LIGHT_LEFT * light;
    let (is_like, back) = if takes_back {
        (true, LIT_BACK_RATIO)
    } else {
        let is_like = start.unforetold >= FLASH_LIKE_RATIO * moment.unforetold;
        (is_like, BACK_RATIO)
    };
    after_s > 0.0
        && after_s <= FLASH_S
        && is_like
        && start.unforetold_returning < back * start.unforetold
}

#[cfg(test)]
pub(crate) mod tests;
