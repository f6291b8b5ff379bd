//! A few small pictures of a recording for its report, in bounded memory.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage, imageops};

use super::{Still, Wants};
use crate::ffmpeg::{Colour, DecodedPicture};
use crate::media::ColourPicture;

/// Quality of the viewing copies, of 100.
const JPEG_QUALITY: u8 = 80;

/// Share of the blocks that is not foretold from which on a step may be a cut;
/// as [`crate::check::video_cut`] has it for jumps.
const STEP_UNFORETOLD_MIN: f64 = 0.14;
/// So much more than the step before: in a fast pan every picture is new.
const STEP_TIMES: f64 = 2.0;

/// The pictures on either side of a step that may be a cut.
struct Pair {
    unforetold: f64,
    before: (f64, ColourPicture),
    after: (f64, ColourPicture),
}

/// Collects candidates while the recording runs: at an even distance that
/// doubles whenever there are too many, and at notable moments.
pub(super) struct Stills {
    long_side_px: u32,
    count: usize,
    every_s: f64,
    even: Vec<(f64, ColourPicture)>,
    notable: Vec<(f64, ColourPicture)>,
    last: Option<(f64, ColourPicture)>,
    pairs: Vec<Pair>,
    last_unforetold: f64,
}

impl Stills {
    pub(super) fn new(wants: &Wants) -> Self {
        Self {
            long_side_px: wants.still_long_side_px,
            count: wants.stills_count as usize,
            every_s: 1.0,
            even: Vec::new(),
            notable: Vec::new(),
            last: None,
            pairs: Vec::new(),
            last_unforetold: 0.0,
        }
    }

    /// Considers a step from one picture to the next, of whose blocks the share
    /// `unforetold` is new. The largest steps are kept, half as many as there are
    /// other stills.
    pub(super) fn step(
        &mut self,
        before: &(f64, DecodedPicture),
        after: (f64, &DecodedPicture),
        unforetold: f64,
    ) {
        let floor = STEP_UNFORETOLD_MIN.max(STEP_TIMES * self.last_unforetold);
        self.last_unforetold = unforetold;
        let most = self.count.div_ceil(2);
        let weakest = self
            .pairs
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.unforetold.total_cmp(&b.1.unforetold))
            .map(|(n, pair)| (n, pair.unforetold));
        let replaced = match weakest {
            Some((n, least)) if self.pairs.len() >= most => (unforetold > least).then_some(n),
            _ => Some(self.pairs.len()),
        };
        let Some(place) = replaced.filter(|n| unforetold >= floor && *n < most) else {
            return;
        };
        let small = |picture: &DecodedPicture| picture.small(self.long_side_px);
        if let (Some(old), Some(new)) = (small(&before.1), small(after.1)) {
            let pair = Pair {
                unforetold,
                before: (before.0, old),
                after: (after.0, new),
            };
            match self.pairs.get_mut(place) {
                Some(weakest) => *weakest = pair,
                None => self.pairs.push(pair),
            }
        }
    }

    /// Considers a picture.
    pub(super) fn offer(&mut self, at_s: f64, is_notable: bool, colour: &Colour<'_>) {
        if self.count == 0 || !at_s.is_finite() {
            return;
        }
        if is_notable
            && self.notable.len() < self.count.div_ceil(2)
            && let Some(picture) = colour.small(self.long_side_px)
        {
            self.notable.push((at_s, picture));
        }
        let due = self
            .even
            .last()
            .is_none_or(|(last_s, _)| at_s - last_s >= self.every_s);
        let last_due = self
            .last
            .as_ref()
            .is_none_or(|(last_s, _)| at_s - last_s >= 1.0);
        if !due && !last_due {
            return;
        }
        let Some(picture) = colour.small(self.long_side_px) else {
            return;
        };
        if due {
            self.even.push((at_s, picture.clone()));
            if self.even.len() > 2 * self.count + 1 {
                let mut keep = false;
                self.even.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.every_s *= 2.0;
            }
        }
        self.last = Some((at_s, picture));
    }

    /// The first, the last, the notable ones and an even choice of the rest,
    /// in order of time; then the pairs at possible cuts. All upright.
    pub(super) fn finish(self, rotation_deg: i32) -> Vec<Still> {
        let mut chosen = self.notable;
        let mut even = self.even;
        if let Some(last) = self.last
            && even.last().is_none_or(|(at_s, _)| *at_s < last.0)
        {
            even.push(last);
        }
        let room = self.count.saturating_sub(chosen.len());
        let available = even.len();
        for (n, candidate) in even.into_iter().enumerate() {
            if is_chosen(n, available, room) {
                chosen.push(candidate);
            }
        }
        chosen.sort_by(|a, b| a.0.total_cmp(&b.0));
        chosen.dedup_by(|a, b| a.0 == b.0);
        let mut pairs = self.pairs;
        pairs.sort_by(|a, b| a.after.0.total_cmp(&b.after.0));
        let pairs = pairs
            .into_iter()
            .flat_map(|pair| [("before", pair.before), ("after", pair.after)]);
        let chosen = chosen.into_iter().map(|candidate| ("frame", candidate));
        chosen
            .chain(pairs)
            .filter_map(|(label, (at_s, picture))| {
                Some(Still {
                    label: label.to_owned(),
                    at_ms: (at_s * 1000.0).round().max(0.0) as u64,
                    jpeg: jpeg(picture, rotation_deg)?,
                })
            })
            .collect()
    }
}

/// True for `room` of `available` indices, the first and the last among them,
/// evenly spread.
fn is_chosen(n: usize, available: usize, room: usize) -> bool {
    if available <= room {
        return true;
    }
    if room < 2 {
        return room == 1 && n == 0;
    }
    (0..room).any(|k| k * (available - 1) / (room - 1) == n)
}

fn jpeg(picture: ColourPicture, rotation_deg: i32) -> Option<Vec<u8>> {
    let upright = RgbImage::from_raw(picture.width_px, picture.height_px, picture.rgb)?;
    let upright = match rotation_deg {
        90 => imageops::rotate90(&upright),
        180 => imageops::rotate180(&upright),
        270 => imageops::rotate270(&upright),
        _ => upright,
    };
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY)
        .encode(
            &upright,
            upright.width(),
            upright.height(),
            ExtendedColorType::Rgb8,
        )
        .ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_as_large_as_wanted_and_holds_both_ends() {
        for available in 1..40 {
            for room in 0..10 {
                let chosen: Vec<usize> = (0..available)
                    .filter(|n| is_chosen(*n, available, room))
                    .collect();
                assert_eq!(chosen.len(), room.min(available), "{room} of {available}");
                if room >= 2 {
                    assert_eq!((chosen[0], chosen[chosen.len() - 1]), (0, available - 1));
                }
            }
        }
    }

    #[test]
    fn a_still_is_upright() {
        let picture = ColourPicture {
            width_px: 2,
            height_px: 4,
            rgb: vec![90; 24],
        };
        let upright = image::load_from_memory(&jpeg(picture, 90).unwrap()).unwrap();
        assert_eq!((upright.width(), upright.height()), (4, 2));
    }
}
