//! One recording put together from the files into which its device split it:
//! its parts in order, the seams between them, and what they cover together
//! (research/forensics.md 2c, Segments).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GAPS_MIN, Segment, Spread, nearest, numbers_between, spread};

/// A file that begins so soon after another goes on with it, even where it is
/// not known at which length the device splits: recorders' own gaps are 0.3 to
/// 6.4 s, a person needs longer than this to stop and to start again.
const CLOSE_S: f64 = 2.0;
/// A gap is known if it is known to so much.
const KNOWN_S: f64 = 4.0;
/// Parts of one recording overlap by no more than a pre-recording; files that
/// overlap further come from two devices of one model. Named guess.
const OVERLAP_MAX_S: f64 = 30.0;

/// A recording that its device split into several files, as far as they are
/// known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WholeRecording {
    /// Place of this file among the parts, from 1.
    pub part: u32,
    /// Its parts in order of time.
    pub parts: Vec<RecordingPart>,
    /// What lies between each part and the next; one less than the parts.
    pub seams: Vec<Seam>,
    /// How long all parts last together, overlaps once.
    pub covered_s: f64,
    /// From the start of the first part to the end of the last, at least.
    pub span_low_s: f64,
    /// At most.
    pub span_high_s: f64,
    /// The gap that this device leaves between parts, if there are three seams.
    pub usual: Option<UsualGap>,
}

/// One file of a recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordingPart {
    /// Original file name, decoded for reading.
    pub name: String,
    /// Where it starts, seconds from the start of the first part.
    pub start_s: f64,
    /// Its length.
    pub duration_s: f64,
}

/// What lies between two parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Seam {
    /// At least so long was nothing recorded; negative if the two may overlap.
    pub gap_low_s: f64,
    /// At most so long.
    pub gap_high_s: f64,
    /// Numbers left out between the two names.
    pub numbers_left_out: u32,
    /// How it compares with the device's other seams.
    pub kind: SeamKind,
}

/// How a seam compares with the others of its device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeamKind {
    /// As the device leaves it.
    Usual,
    /// Short; too few seams are known to say what is usual.
    #[default]
    Short,
    /// The two overlap, as with a pre-recording.
    Overlap,
    /// Longer than the limit: a stretch is missing.
    Long,
}

/// The gap that a device leaves between the parts of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsualGap {
    /// Median.
    pub median_s: f64,
    /// Median of the deviations from it.
    pub mad_s: f64,
    /// Seams that it was read from.
    pub seams: u32,
}

/// From which gap on a stretch is missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeamLimits {
    /// Beyond the usual gap.
    pub beyond_usual_s: f64,
    /// While the usual gap is not known.
    pub unknown_s: f64,
}

impl SeamLimits {
    /// The longest gap that passes.
    pub fn longest_s(self, usual: Option<Spread>) -> f64 {
        usual.map_or(self.unknown_s, |usual| {
            usual.median_s.max(0.0) + usual.scatter_s() + self.beyond_usual_s
        })
    }
}

/// The recording of which `own` is a part, among `others`, which may hold
/// anything. `None` if no other file belongs to it.
pub fn whole(own: &Segment, others: &[Segment], limits: SeamLimits) -> Option<WholeRecording> {
    let mut all: Vec<&Segment> = others
        .iter()
        .filter(|s| s.source == own.source && s.name != own.name)
        .collect();
    all.push(own);
    let chain = Chain::around(own, &all);
    if chain.parts.len() < 2 {
        return None;
    }
    let part = chain.parts.iter().position(|s| s.name == own.name)?;
    let usual = spread(
        chain
            .gaps
            .iter()
            .map(|(low, high)| f64::midpoint(*low, *high)),
    )
    .filter(|_| chain.gaps.len() > GAPS_MIN);
    let longest_s = limits.longest_s(usual);
    let seams: Vec<Seam> = chain
        .gaps
        .iter()
        .zip(chain.parts.windows(2))
        .map(|(&(gap_low_s, gap_high_s), pair)| Seam {
            gap_low_s,
            gap_high_s,
            numbers_left_out: match pair {
                [before, after] => numbers_between(before, after),
                _ => 0,
            },
            kind: if gap_low_s > longest_s {
                SeamKind::Long
            } else if gap_high_s < 0.0 {
                SeamKind::Overlap
            } else if usual.is_some() {
                SeamKind::Usual
            } else {
                SeamKind::Short
            },
        })
        .collect();
    let mut parts = Vec::with_capacity(chain.parts.len());
    let mut start_s = 0.0;
    for (segment, gap) in chain
        .parts
        .iter()
        .zip(chain.gaps.iter().map(Some).chain([None]))
    {
        parts.push(RecordingPart {
            name: segment.name.clone(),
            start_s,
            duration_s: segment.duration_s,
        });
        start_s += segment.duration_s + gap.map_or(0.0, |(low, high)| f64::midpoint(*low, *high));
    }
    let length_s: f64 = chain.parts.iter().map(|s| s.duration_s).sum();
    let total = |of: &dyn Fn(&Seam) -> f64| seams.iter().map(of).sum::<f64>();
    Some(WholeRecording {
        part: u32::try_from(part).ok()?.saturating_add(1),
        parts,
        covered_s: length_s + total(&|s| f64::midpoint(s.gap_low_s, s.gap_high_s).min(0.0)),
        span_low_s: length_s + total(&|s| s.gap_low_s),
        span_high_s: length_s + total(&|s| s.gap_high_s),
        seams,
        usual: usual.map(|usual| UsualGap {
            median_s: usual.median_s,
            mad_s: usual.mad_s,
            seams: u32::try_from(chain.gaps.len()).unwrap_or(u32::MAX),
        }),
    })
}

/// Files that go on with each other.
struct Chain<'a> {
    parts: Vec<&'a Segment>,
    gaps: Vec<(f64, f64)>,
}

impl<'a> Chain<'a> {
    fn around(own: &'a Segment, all: &[&'a Segment]) -> Self {
        let links: Vec<(&'a Segment, &'a Segment, (f64, f64))> = all
            .iter()
            .filter_map(|s| {
                let (before, gap) = nearest(s, all)?;
                goes_on(before, gap, all).then_some((before, *s, gap))
            })
            .collect();
        let mut chain = Self {
            parts: vec![own],
            gaps: Vec::new(),
        };
        let is_in = |parts: &[&Segment], s: &Segment| parts.iter().any(|p| p.name == s.name);
        let mut first = own;
        while let Some((before, _, gap)) = links.iter().find(|l| l.1.name == first.name) {
            if is_in(&chain.parts, before) {
                break;
            }
            chain.parts.insert(0, before);
            chain.gaps.insert(0, *gap);
            first = before;
        }
        let mut last = own;
        loop {
            let next = links
                .iter()
                .filter(|l| l.0.name == last.name && !is_in(&chain.parts, l.1))
                .min_by(|a, b| a.2.1.total_cmp(&b.2.1));
            let Some((_, after, gap)) = next else { break };
            chain.parts.push(after);
            chain.gaps.push(*gap);
            last = after;
        }
        chain
    }
}

/// True if a file that comes so long after `before` goes on with it: the device
/// split there, or no time passed.
fn goes_on(before: &Segment, (low_s, high_s): (f64, f64), all: &[&Segment]) -> bool {
    let is_close = high_s - low_s <= KNOWN_S && f64::midpoint(low_s, high_s) <= CLOSE_S;
    high_s >= -OVERLAP_MAX_S && (is_close || before.is_full(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::tests::{clip, day};

    const LIMITS: SeamLimits = SeamLimits {
        beyond_usual_s: 3.0,
        unknown_s: 10.0,
    };

    fn kinds(w: &WholeRecording) -> Vec<SeamKind> {
        w.seams.iter().map(|s| s.kind).collect()
    }

    #[test]
    fn parts_seams_and_coverage_of_a_split_recording() {
        let mut all = day(&[1.0, 1.0, 1.0]);
        // The last part ends when the recording was stopped.
        all.push(clip("REC_0005.MP4", 4.0 * 301.0, 40.0));
        let w = whole(&all[2], &all, LIMITS).unwrap();
        assert_eq!((w.part, w.parts.len()), (3, 5));
        assert_eq!(w.parts[4].name, "REC_0005.MP4");
        assert_eq!(w.parts[4].start_s, 1204.0);
        assert_eq!(kinds(&w), [SeamKind::Usual; 4]);
        assert_eq!(w.covered_s, 1240.0);
        assert_eq!((w.span_low_s, w.span_high_s), (1240.0, 1248.0));
        let usual = w.usual.unwrap();
        assert_eq!((usual.median_s, usual.mad_s, usual.seams), (1.0, 0.0, 4));
    }

    #[test]
    fn a_missing_part_is_an_outlier_with_its_number() {
        let mut all = day(&[1.0; 5]);
        all.remove(3);
        let w = whole(&all[0], &all, LIMITS).unwrap();
        assert_eq!(w.parts.len(), 5);
        assert_eq!(w.seams[2].kind, SeamKind::Long);
        assert_eq!(w.seams[2].numbers_left_out, 1);
        assert_eq!(w.seams[2].gap_low_s, 301.0);
        assert_eq!(kinds(&w)[..2], [SeamKind::Usual; 2]);
    }

    #[test]
    fn three_seconds_beyond_the_usual_gap_is_the_limit() {
        let last = |gap_s: f64| {
            let all = day(&[1.0, 1.0, 1.0, gap_s]);
            kinds(&whole(&all[0], &all, LIMITS).unwrap())[3]
        };
        // A second of uncertainty on the gap.
        assert_eq!(last(5.0), SeamKind::Usual);
        assert_eq!(last(5.1), SeamKind::Long);
    }

    #[test]
    fn a_device_whose_gaps_scatter_is_given_room() {
        let all = day(&[1.0, 4.0, 2.0, 6.0, 3.0, 12.0]);
        let w = whole(&all[0], &all, LIMITS).unwrap();
        assert!(w.usual.unwrap().mad_s > 1.0);
        assert!(kinds(&w).iter().all(|k| *k == SeamKind::Usual), "{w:?}");
    }

    #[test]
    fn two_files_without_a_pause_are_one_recording_and_with_one_are_two() {
        let pair = |pause_s: f64| {
            let all = [
                clip("A_0001.MP4", 0.0, 47.0),
                clip("A_0002.MP4", 47.0 + pause_s, 12.0),
            ];
            whole(&all[1], &all, LIMITS).map(|w| (w.part, kinds(&w)))
        };
        assert_eq!(pair(2.0), Some((2, vec![SeamKind::Short])));
        assert_eq!(pair(2.1), None);
        assert_eq!(pair(-3.0), Some((2, vec![SeamKind::Overlap])));
        assert_eq!(pair(-32.0), None);
    }

    #[test]
    fn a_file_alone_is_no_recording_of_parts() {
        let all = day(&[]);
        assert_eq!(whole(&all[0], &all, LIMITS), None);
    }
}
