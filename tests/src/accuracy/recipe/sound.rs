//! Pieces left out of pictures and sound alike, coded anew: what an editor does.

use super::{Bounds, How, Recipe, X264, base, rate, words};
use crate::accuracy::source::Source;
use crate::accuracy::truth::{Fault, Truth};

/// Enough remains on both sides of a cut to hear what is usual.
const AROUND_CUT_S: f64 = 1.5;
/// How long the pieces are, and where in the recording they begin.
const PIECES: [(f64, f64); 4] = [(0.5, 0.5), (1.0, 0.35), (1.0, 0.65), (2.0, 0.5)];
/// Bit rates of the sound: what phones take, and a low one.
const SOUND_BPS: [(&str, u32); 2] = [("aac128", 128_000), ("aac48", 48_000)];

/// Every recipe of this kind; none where there is nothing to hear.
pub fn recipes(source: &Source, bounds: Bounds) -> Vec<Recipe> {
    if !source.is_audible {
        return Vec::new();
    }
    let (length_s, base) = base(source, bounds);
    let fps = rate(source);
    let mut recipes = Vec::new();
    for (codec, sound_bps) in SOUND_BPS {
        let recipe = |name: String, pictures: &str, sound: &str, truth: Vec<Truth>| Recipe {
            name,
            ending: "mp4",
            truth,
            pictures: false,
            differ_levels: None,
            how: How::after(
                words("-map 0:v:0 -map 0:a:0 -vf")
                    .into_iter()
                    .chain([format!("{base}{pictures}")])
                    .chain(words("-af"))
                    .chain([format!(
                        "atrim=duration={length_s:.3},asetpts=PTS-STARTPTS{sound}"
                    )])
                    .chain(words(X264))
                    .chain(words(&format!("-c:a aac -b:a {sound_bps}")))
                    .collect(),
            ),
        };
        recipes.push(recipe(
            format!("sound_whole_{codec}"),
            "",
            "",
            vec![Truth::whole(Fault::Reencoded)],
        ));
        for (left_out_s, place) in PIECES {
            let count = (left_out_s * fps).round();
            let from = ((length_s - left_out_s) * place * fps).round();
            let (at_s, until_s) = (from / fps, (from + count) / fps);
            if at_s.min(length_s - until_s) < AROUND_CUT_S {
                continue;
            }
            recipes.push(recipe(
                format!("sound_cut_{left_out_s}s_{codec}"),
                &format!(
                    ",select='not(between(n,{from},{}))',setpts=N/{fps:.4}/TB",
                    from + count - 1.0
                ),
                // To the sample: the filter that selects works by frames.
                &format!(
                    ",asplit[x][y];[x]atrim=end={at_s:.6}[a];\
                     [y]atrim=start={until_s:.6},asetpts=PTS-STARTPTS[b];[a][b]concat=n=2:v=0:a=1"
                ),
                vec![
                    Truth::at(Fault::SoundCut, at_s, at_s),
                    Truth::at(Fault::JumpCut, at_s, at_s),
                    Truth::whole(Fault::Reencoded),
                ],
            ));
        }
    }
    recipes
}
