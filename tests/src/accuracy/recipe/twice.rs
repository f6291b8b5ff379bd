//! Pieces left out between two codings: first as a camera does it, in groups of
//! fixed length, then anew by an editor.

use super::{Bounds, How, Recipe, X264, base, words};
use crate::accuracy::source::Source;
use crate::accuracy::truth::{Fault, Truth};

/// The first coding: its name, its group's pictures, and how it is made.
const FIRST: [(&str, f64, &str); 3] = [
    (
        "x264_g15",
        15.0,
        "-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -bf 0 -g 15 -keyint_min 15 -sc_threshold 0",
    ),
    (
        "x264_g30",
        30.0,
        "-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -bf 0 -g 30 -keyint_min 30 -sc_threshold 0",
    ),
    (
        "mpeg2_g12",
        12.0,
        "-c:v mpeg2video -pix_fmt yuv420p -q:v 4 -bf 2 -g 12 -sc_threshold 1000000000",
    ),
];
/// A rate that every encoder takes; pictures keep their number, not their time.
const RATE_FPS: f64 = 25.0;
/// A beat takes time to be known: cases may be so many times as long as others.
const LONGER: f64 = 3.0;
/// Enough remains on both sides of the cut to know the beat.
const AROUND_CUT_S: f64 = 3.0;
/// A piece that leaves the groups nearer to their beat than this is taken longer.
const OFF_BEAT: f64 = 4.0;

/// Every recipe of this kind.
pub fn recipes(source: &Source, bounds: Bounds) -> Vec<Recipe> {
    let bounds = Bounds {
        length_max_s: bounds.length_max_s * LONGER,
        ..bounds
    };
    let (length_s, base) = base(source, bounds);
    let pictures = (length_s * super::rate(source)).floor();
    let mut recipes = Vec::new();
    for (name, group, first) in FIRST {
        let recipe = |name: String, select: String, truth: Option<Truth>| Recipe {
            name,
            ending: "mp4",
            truth: truth
                .into_iter()
                .chain([Truth::whole(Fault::Reencoded)])
                .collect(),
            pictures: false,
            differ_levels: None,
            how: How::Twice {
                first: words("-an -vf")
                    .into_iter()
                    .chain([format!("{base},setpts=N/{RATE_FPS}/TB")])
                    .chain(words(&format!("-r {RATE_FPS} {first}")))
                    .collect(),
                then: words("-vf")
                    .into_iter()
                    .chain([select])
                    .chain(words(X264))
                    .collect(),
            },
        };
        recipes.push(recipe(
            format!("twice_whole_{name}"),
            "null".to_owned(),
            None,
        ));
        for left_out_s in [0.5, 1.0, 5.0] {
            let count = off_beat((left_out_s * RATE_FPS).round(), group);
            let from = ((pictures - count) / 2.0).floor();
            if from / RATE_FPS < AROUND_CUT_S {
                continue;
            }
            let at_s = from / RATE_FPS;
            recipes.push(recipe(
                format!("twice_cut_{name}_{left_out_s}s"),
                format!(
                    "select='not(between(n,{from},{}))',setpts=N/{RATE_FPS}/TB",
                    from + count - 1.0
                ),
                Some(Truth::at(Fault::OffBeat, at_s, at_s)),
            ));
        }
    }
    recipes
}

/// So many pictures, or some more if they are nearly a whole number of groups:
/// those leave no trace in the beat.
fn off_beat(count: f64, group: f64) -> f64 {
    let over = count % group;
    if over.min(group - over) < OFF_BEAT {
        count + OFF_BEAT
    } else {
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_is_a_whole_number_of_groups() {
        for group in [12.0, 15.0, 30.0] {
            for count in 1..200 {
                let taken = off_beat(f64::from(count), group);
                let over = taken % group;
                assert!(over.min(group - over) >= 1.0, "{count} of {group}");
            }
        }
        assert_eq!((off_beat(25.0, 15.0), off_beat(30.0, 15.0)), (25.0, 34.0));
    }
}
