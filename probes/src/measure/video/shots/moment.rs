//! What is kept of a moment, and of a stretch after which the old view came
//! back: facts, kept for ever.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurements::Span;

/// A moment at which the picture does not follow from the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Moment {
    /// When the new picture is shown, in seconds from the first picture.
    pub at_s: f64,
    /// Time since the picture before.
    pub step_s: f64,
    /// True if it is coded without reference to others.
    pub key: bool,
    /// Share of the blocks that are not found in the picture before.
    pub unforetold: f32,
    /// Median of that share over the 12 pictures before.
    pub unforetold_before: f32,
    /// Median of that share over the 12 pictures after.
    pub unforetold_after: f32,
    /// Highest of that share among the three pictures on either side: a whip
    /// pan or a refocus goes on, a cut is over at once.
    pub unforetold_near: f32,
    /// Least of that share when one of the four pictures after is compared with
    /// the one before: near 0 after a flash, as high as `unforetold` after a cut.
    pub unforetold_returning: f32,
    /// Of the blocks that are not found, the share that was there all the same, in
    /// another light: much of it where a lamp comes on, little after a cut. `null` in
    /// measurements before version 5, and where too few blocks have anything to see.
    pub relit: Option<f32>,
    /// Share of the blocks of which far more is left than of any block near them in
    /// the 12 pictures on either side: what moved is suddenly elsewhere. `null` in
    /// measurements before version 4, and with fewer than four pictures on a side.
    pub surprised: Option<f32>,
    /// In how many ninths of the picture, thirds each way, those blocks lie: a screen
    /// in view fills few of them.
    pub surprised_ninths: Option<u32>,
    /// Most of the blocks that were not found at once in any one picture in the 10
    /// seconds on either side, without those that surprise: what the recording
    /// does of itself. `null` in measurements before version 4.
    pub unforetold_lively: Option<f32>,
    /// What is left after every block has looked for itself, over the contrast
    /// of the blocks: near 0 the same scene, near 1 nothing in common.
    pub residual: f32,
    /// Median of that over the 12 pictures on either side.
    pub residual_near: f32,
    /// The same for the picture before alone: near 0 where it was shown twice,
    /// so that what comes next had time to change.
    pub residual_last: f32,
    /// Pictures just before that showed the one before them again, of which less than
    /// 0.3 of the usual was left: where a recorder holds pictures, what comes next had
    /// so much time to change. `null` in measurements before version 5.
    pub held_pictures: Option<u32>,
    /// Common shift, in shares of the picture's diagonal.
    pub shift: f32,
    /// Largest common shift of the three pictures on either side.
    pub shift_near: f32,
    /// Change of the mean brightness, in grey levels.
    pub brightness_levels: f32,
    /// Detail of this picture over the median detail of the three before: below
    /// 1 where the camera begins to move fast or loses focus, above it where that
    /// ends.
    pub detail_ratio: f32,
}

/// A stretch after which the recording goes on with the view it had before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Resumed {
    /// The stretch between: from the moment the view is left to the moment it
    /// is back.
    pub span: Span,
    /// Share of the blocks of the picture after that are not found in the
    /// picture before the stretch.
    pub unforetold: f32,
}
