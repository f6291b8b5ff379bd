//! The beat in the sizes of the coded pictures, and where it falls out of step.
//!
//! A picture that an earlier encoder coded for itself alone differs from its
//! neighbours in all that is lost in coding, and an encoder that foretells it
//! from them spends more on it. So the sizes of the foretold pictures beat with
//! the groups of the first coding, whatever the groups of the present one: Wang
//! and Farid, "Exposing digital forgeries in video by detecting double MPEG
//! compression" (2006); Vázquez-Padín et al., "Detection of video double encoding
//! with GOP size estimation" (2012); where a stretch was left out the beat falls
//! out of step: Gironi et al., "A video forensic technique for detecting frame
//! deletion and insertion" (2014). Nothing is decoded for it: packets tell their
//! sizes, and a packet that is shown later than all before it is a foretold
//! picture on which others are built.

mod beat;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurements::Span;
use crate::media::Packet;

use beat::{Beat, Own};

/// Instrument version: raised whenever the same packets may read differently.
pub const VERSION: u32 = 1;
/// Pictures that are kept: more than four hours at 30 a second.
const PICTURES_MAX: usize = 1 << 19;
/// Pictures in which one beat is sought: a minute at 30 a second, so that a
/// camera whose rate wanders is not asked to keep time for ever.
const WINDOW: usize = 1800;
/// Pictures from one window to the next.
const HOP: usize = 900;
/// A foretold picture's size is ranked among so many on either side.
const RANKED_AMONG: usize = 8;
/// With fewer it has no rank.
const RANKED_AMONG_MIN: usize = 6;
/// A time so far behind the latest is no order of coding but a clock set back.
const SET_BACK_S: f64 = 10.0;
/// Shifts are listed from this score on, on the weaker side …
const LISTED_SCORE: f64 = 2.0;
/// … if they explain so much more than a beat that never falls out of step.
const LISTED_GAIN: f64 = 0.5;
/// Shifts that are listed.
const LISTED_MAX: usize = 20;

/// The beat in the sizes of the foretold pictures. Scores are sums over the
/// pictures that a beat names, of their sizes' rank among their neighbours with
/// mean 0 and variance 1, over the root of their number: about normal where there
/// is no beat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupRhythm {
    /// Pictures in which a beat could be sought.
    pub pictures: u64,
    /// The strongest beat that holds through a whole window of 1800 pictures at
    /// most: from one to the next, in pictures. `null` if sizes cannot be ranked:
    /// too few, all alike, or every picture coded for itself.
    pub period_pictures: Option<u32>,
    /// Its score.
    pub score: Option<f64>,
    /// Where it falls out of step, at most 20, in order of time.
    pub shifts: Vec<BeatShift>,
}

/// A beat that holds before an instant and out of step after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BeatShift {
    /// From the last beats that are in step with those before to the first that
    /// is not.
    pub span: Span,
    /// From one beat to the next, in pictures.
    pub period_pictures: u32,
    /// By how much later the beats come after it, in pictures.
    pub shift_pictures: u32,
    /// Beats before.
    pub beats_before: u32,
    /// Beats after.
    pub beats_after: u32,
    /// Score of the beats before.
    pub score_before: f64,
    /// Score of the beats after.
    pub score_after: f64,
    /// Score that the step of the other side would have before.
    pub score_before_unshifted: f64,
    /// Score that the step of the other side would have after.
    pub score_after_unshifted: f64,
    /// Score of both together.
    pub score: f64,
    /// Best score of any beat that does not fall out of step there, counted from
    /// the start, anew from each key picture of the present coding, or in those of
    /// its pictures alone on which others are built.
    pub score_unshifted: f64,
}

/// A coded picture, in the order of coding.
#[derive(Clone, Copy, Debug)]
struct Coded {
    shown_ticks: i64,
    size_bytes: u32,
    key: bool,
    /// Shown later than all before it.
    leads: bool,
}

/// Watches the packets of one track.
#[derive(Debug)]
pub struct RhythmInstrument {
    tick_s: f64,
    coded: Vec<Coded>,
    latest_ticks: Option<i64>,
    ended: bool,
}

impl RhythmInstrument {
    /// For a track with ticks of `tick_s` seconds.
    pub fn new(tick_s: f64) -> Self {
        Self {
            tick_s,
            coded: Vec::new(),
            latest_ticks: None,
            ended: false,
        }
    }

    /// The next packet in the order of coding. What follows a clock that was set
    /// back, and what is beyond four hours, is not looked at.
    pub fn packet(&mut self, packet: &Packet) {
        let Some(shown_ticks) = packet.pts_ticks.or(packet.dts_ticks) else {
            return;
        };
        if self.ended || self.coded.len() >= PICTURES_MAX {
            return;
        }
        let behind = self
            .latest_ticks
            .map_or(0, |latest| latest.saturating_sub(shown_ticks));
        if behind as f64 * self.tick_s > SET_BACK_S {
            self.ended = true;
            return;
        }
        let leads = self.latest_ticks.is_none_or(|latest| shown_ticks > latest);
        if leads {
            self.latest_ticks = Some(shown_ticks);
        }
        self.coded.push(Coded {
            shown_ticks,
            size_bytes: packet.size_bytes,
            key: packet.key,
            leads,
        });
    }

    /// What was found, with times from `origin_s` on the container's clock.
    pub fn finish(self, origin_s: f64) -> GroupRhythm {
        let sizes = Sizes::of(&self.coded);
        let at_s = |place: usize| {
            let last = sizes.shown_ticks.len().saturating_sub(1);
            let ticks = sizes.shown_ticks.get(place.min(last));
            ticks.map_or(0.0, |ticks| *ticks as f64 * self.tick_s - origin_s)
        };
        let mut rhythm = GroupRhythm::default();
        let mut shifts: Vec<(usize, Beat)> = Vec::new();
        let mut start = 0;
        loop {
            let end = (start + WINDOW).min(sizes.ranks.len());
            if let (Some(ranks), Some(own)) =
                (sizes.ranks.get(start..end), sizes.own.get(start..end))
                && let Some(found) = beat::seek(ranks, own)
            {
                rhythm.pictures = end as u64;
                if rhythm
                    .score
                    .is_none_or(|score| found.unshifted.score > score)
                {
                    rhythm.score = Some(found.unshifted.score);
                    rhythm.period_pictures = Some(found.unshifted.period as u32);
                }
                shifts.extend(found.shifted.map(|beat| (start, beat)));
            }
            start += HOP;
            if end >= sizes.ranks.len() {
                break;
            }
        }
        rhythm.shifts = apart(shifts)
            .into_iter()
            .map(|(start, beat)| beat.told(|place| at_s(start + place)))
            .collect();
        rhythm
    }
}

/// Of the shifts of windows that overlap, those that are worth listing, the
/// stronger one of two at the same place.
fn apart(mut shifts: Vec<(usize, Beat)>) -> Vec<(usize, Beat)> {
    shifts.retain(|(_, b)| {
        b.before.min(b.after) >= LISTED_SCORE && b.score - b.unshifted >= LISTED_GAIN
    });
    shifts.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
    let mut kept: Vec<(usize, Beat)> = Vec::new();
    for (start, beat) in shifts {
        let place = start + beat.place();
        let is_new = kept
            .iter()
            .all(|(s, k)| place.abs_diff(s + k.place()) > 2 * beat.period.max(k.period));
        if is_new && kept.len() < LISTED_MAX {
            kept.push((start, beat));
        }
    }
    kept.sort_by_key(|(start, beat)| start + beat.place());
    kept
}

/// The sizes in the order in which pictures are shown.
struct Sizes {
    shown_ticks: Vec<i64>,
    /// Rank of the leading picture's size among its neighbours, −1 to 1, for itself
    /// and for the pictures before it that were coded after it: which of them was
    /// the costly one cannot be told. `None` for key pictures and where too few are
    /// around.
    ranks: Vec<Option<f32>>,
    own: Vec<Own>,
}

impl Sizes {
    fn of(coded: &[Coded]) -> Self {
        let mut order: Vec<(i64, bool)> = coded.iter().map(|c| (c.shown_ticks, c.key)).collect();
        order.sort_unstable();
        let mut since_key = 0u32;
        let mut own: Vec<Own> = order
            .iter()
            .map(|(_, key)| {
                since_key = if *key { 0 } else { since_key + 1 };
                Own {
                    since_key,
                    leading: None,
                }
            })
            .collect();
        let mut ranks = vec![None; order.len()];
        let place = |ticks: i64| order.partition_point(|(shown, _)| *shown < ticks);
        let leading: Vec<&Coded> = coded.iter().filter(|c| c.leads).collect();
        let foretold: Vec<u32> = leading
            .iter()
            .filter(|c| !c.key)
            .map(|c| c.size_bytes)
            .collect();
        let (mut number, mut since_key) = (0, 0u32);
        for (n, picture) in leading.iter().enumerate() {
            let end = place(picture.shown_ticks);
            if picture.key {
                since_key = 0;
                continue;
            }
            since_key += 1;
            let rank = rank(&foretold, number);
            number += 1;
            if let Some(own) = own.get_mut(end) {
                own.leading = Some(since_key);
            }
            let before = n.checked_sub(1).and_then(|n| leading.get(n));
            let start = before.map_or(end, |before| place(before.shown_ticks) + 1);
            if let Some(stretch) = ranks.get_mut(start.min(end)..=end) {
                stretch.fill(rank);
            }
        }
        for (rank, own) in ranks.iter_mut().zip(&own) {
            if own.since_key == 0 {
                *rank = None;
            }
        }
        Self {
            shown_ticks: order.into_iter().map(|(ticks, _)| ticks).collect(),
            ranks,
            own,
        }
    }
}

/// Where the size at `place` stands among its neighbours: −1 the smallest, 1 the
/// largest.
fn rank(sizes: &[u32], place: usize) -> Option<f32> {
    let own = sizes.get(place)?;
    let start = place.saturating_sub(RANKED_AMONG);
    let end = sizes.len().min(place + RANKED_AMONG + 1);
    let around = sizes.get(start..end)?;
    let others = around.len() - 1;
    if others < RANKED_AMONG_MIN {
        return None;
    }
    let smaller = around.iter().filter(|size| *size < own).count();
    // It is equal to itself, which does not count.
    let equal = around.iter().filter(|size| *size == own).count() - 1;
    Some((2 * smaller + equal) as f32 / others as f32 - 1.0)
}

#[cfg(test)]
mod tests;
