//! Strokes along one row of pixels, and runs of them that may be text.

/// Least step of a stroke's edge in grey levels: below it, grain and the blocks
/// of JPEG make strokes everywhere. Named guess.
const STEP_MIN: i16 = 14;
/// Widest stroke: a letter as high as a sixth of the view has one of 40 px.
const WIDTH_MAX_PX: usize = 40;
/// Strokes that make a run.
const STROKES_MIN: usize = 4;
/// How much wider than the run's own strokes a gap may be: the space between two
/// words, or the hollow of a wide letter.
const GAP_TIMES: usize = 6;
/// Least gap that is bridged, for thin strokes.
const GAP_MIN_PX: usize = 10;
/// How much a stroke may differ in width from the one before.
const WIDTH_TIMES: usize = 3;

/// A place where a row of pixels rises or falls: a monotone slope.
#[derive(Clone, Copy, Debug)]
struct Slope {
    /// First pixel of it.
    from: usize,
    /// Last pixel of it.
    to: usize,
    /// Grey levels from one to the other, negative if it falls.
    step: i16,
}

/// A pair of opposite slopes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    /// Where its first slope is half way.
    pub(super) start_px: f32,
    /// Where its second slope is half way.
    pub(super) end_px: f32,
    /// The mean of its two slopes' widths from 10 to 90 % of their rise, if it was
    /// asked for.
    pub(super) edge_px: Option<f32>,
    /// The lesser of its two steps, in grey levels.
    pub(super) contrast: u8,
}

/// Strokes of one kind side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// Darker than what they stand on.
    pub(super) is_dark: bool,
    /// From left to right.
    pub(super) strokes: Vec<Stroke>,
}

impl Run {
    /// Left end, in whole pixels.
    pub(super) fn left(&self) -> usize {
        self.strokes.first().map_or(0, |s| s.start_px as usize)
    }

    /// Right end, likewise; never left of the left one.
    pub(super) fn right(&self) -> usize {
        self.strokes
            .last()
            .map_or(0, |s| s.end_px.ceil() as usize)
            .max(self.left())
    }
}

/// The runs of a row, dark ones and light ones; without the widths of edges, which
/// take the longest, unless `with_edges`.
pub(super) fn runs(row: &[u8], with_edges: bool) -> Vec<Run> {
    let slopes = slopes(row);
    let mut runs = Vec::new();
    if slopes.len() < 2 * STROKES_MIN {
        return runs;
    }
    for is_dark in [true, false] {
        let mut run = Run {
            is_dark,
            ..Run::default()
        };
        for stroke in pairs(row, &slopes, is_dark, with_edges) {
            if run
                .strokes
                .last()
                .is_some_and(|last| !follows(last, &stroke))
            {
                let whole = std::mem::take(&mut run.strokes);
                keep(&mut runs, is_dark, whole);
            }
            run.strokes.push(stroke);
        }
        keep(&mut runs, is_dark, run.strokes);
    }
    runs
}

/// All strokes of a row that are of one kind, with the widths of their edges.
pub(super) fn strokes(row: &[u8], is_dark: bool) -> Vec<Stroke> {
    pairs(row, &slopes(row), is_dark, true).collect()
}

/// The pairs of opposite slopes that are strokes of one kind.
fn pairs(
    row: &[u8],
    slopes: &[Slope],
    is_dark: bool,
    with_edges: bool,
) -> impl Iterator<Item = Stroke> {
    slopes.array_windows().filter_map(move |[first, second]| {
        let begins = (first.step < 0) == is_dark;
        let is_opposite = (first.step < 0) != (second.step < 0);
        (begins && is_opposite)
            .then(|| stroke(row, first, second, with_edges))
            .flatten()
    })
}

fn keep(runs: &mut Vec<Run>, is_dark: bool, strokes: Vec<Stroke>) {
    if strokes.len() >= STROKES_MIN {
        runs.push(Run { is_dark, strokes });
    }
}

/// True if the stroke can be of one word with the one before it.
fn follows(last: &Stroke, next: &Stroke) -> bool {
    let width = |s: &Stroke| (s.end_px - s.start_px).max(1.0);
    let (narrow, wide) = (width(last).min(width(next)), width(last).max(width(next)));
    let gap_px = next.start_px - last.end_px;
    let faint = f32::from(last.contrast.min(next.contrast));
    let strong = f32::from(last.contrast.max(next.contrast));
    wide <= narrow * WIDTH_TIMES as f32
        && gap_px <= (narrow * GAP_TIMES as f32).max(GAP_MIN_PX as f32)
        && strong <= faint * 3.0
}

/// Steps from pixel to pixel whose turns are noted before they are looked at.
const STEPS_AT_ONCE: usize = 256;

/// Every slope that is high enough to be the edge of something.
fn slopes(row: &[u8]) -> Vec<Slope> {
    // 1 where the row rises, −1 where it falls.
    let signs: Vec<i8> = row
        .array_windows()
        .map(|[last, next]| i8::from(next > last).wrapping_sub(i8::from(next < last)))
        .collect();
    let mut found = Vec::new();
    let level = |x: usize| row.get(x).copied().map_or(0, i16::from);
    let (mut from, mut from_level, mut sign) = (0, level(0), 0_i8);
    let mut close = |from: usize, to: usize, step: i16| {
        if step.abs() >= STEP_MIN {
            found.push(Slope { from, to, step });
        }
    };
    // Half of all pixels of grain turn: every one is noted, and kept if it does, so
    // that no branch need be foretold.
    let mut turns = [0_usize; STEPS_AT_ONCE];
    let mut start = 0;
    for piece in signs.chunks(STEPS_AT_ONCE) {
        let mut count = 0_usize;
        for (x, next) in piece.iter().enumerate() {
            if let Some(slot) = turns.get_mut(count) {
                *slot = start + x;
            }
            count = count.wrapping_add(usize::from(*next != sign));
            sign = *next;
        }
        for x in turns.iter().take(count) {
            let level = level(*x);
            close(from, *x, level.wrapping_sub(from_level));
            (from, from_level) = (*x, level);
        }
        start += piece.len();
    }
    close(from, signs.len(), level(signs.len()) - from_level);
    found
}

fn stroke(row: &[u8], first: &Slope, second: &Slope, with_edges: bool) -> Option<Stroke> {
    if second.from.saturating_sub(first.to) > WIDTH_MAX_PX {
        return None;
    }
    let start_px = crossing(row, first, 0.5)?;
    let end_px = crossing(row, second, 0.5)?;
    let width_px = end_px - start_px;
    if width_px <= 0.5 || width_px > WIDTH_MAX_PX as f32 {
        return None;
    }
    let rise = |slope: &Slope| Some(crossing(row, slope, 0.9)? - crossing(row, slope, 0.1)?);
    let edge_px = if with_edges {
        Some((rise(first)? + rise(second)?) / 2.0)
    } else {
        None
    };
    let contrast = first.step.unsigned_abs().min(second.step.unsigned_abs());
    Some(Stroke {
        start_px,
        end_px,
        edge_px,
        contrast: u8::try_from(contrast).unwrap_or(u8::MAX),
    })
}

/// Where the slope has done `share` of its step, in pixels from the left.
fn crossing(row: &[u8], slope: &Slope, share: f32) -> Option<f32> {
    let samples = row.get(slope.from..=slope.to)?;
    let first = f32::from(*samples.first()?);
    let wanted = share * f32::from(slope.step).abs();
    let mut before = 0.0;
    for (i, sample) in samples.iter().enumerate() {
        let done = (f32::from(*sample) - first).abs();
        if done >= wanted && i > 0 {
            let part = (wanted - before) / (done - before).max(1e-3);
            return Some(slope.from as f32 + (i - 1) as f32 + part);
        }
        before = done;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_are_measured_where_they_are() {
        // Four dark strokes, 3 px wide, their edges a pixel each.
        let mut row = vec![200_u8; 8];
        for _ in 0..4 {
            row.extend([120, 40, 40, 120, 200, 200, 200, 200]);
        }
        let found = runs(&row, true);
        let dark: Vec<&Run> = found.iter().filter(|run| run.is_dark).collect();
        assert_eq!(dark.len(), 1);
        assert_eq!(dark[0].strokes.len(), 4);
        let stroke = dark[0].strokes[0];
        assert!(
            (stroke.end_px - stroke.start_px - 3.0).abs() < 0.01,
            "{stroke:?}"
        );
        assert!((stroke.edge_px.unwrap() - 1.6).abs() < 0.01, "{stroke:?}");
        assert_eq!(stroke.contrast, 160);
        assert_eq!((dark[0].left(), dark[0].right()), (8, 35));
    }

    #[test]
    fn shading_and_lone_strokes_are_no_run() {
        let shade: Vec<u8> = (0..=255).collect();
        assert_eq!(runs(&shade, true), []);
        let mut lone = vec![200_u8; 60];
        lone[30] = 20;
        assert_eq!(runs(&lone, true), []);
        for row in [&[][..], &[7][..], &[7, 90][..]] {
            assert_eq!(runs(row, true), []);
        }
    }
}
