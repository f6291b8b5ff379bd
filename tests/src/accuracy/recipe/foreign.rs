//! Pictures of another camera, after this one's or within them.

use super::{Bounds, How, Recipe, X264, base, rate, words};
use crate::accuracy::source::Source;
use crate::accuracy::truth::{Fault, Truth};

/// Every recipe of this kind with the pictures of `others`; the first of them
/// lends the stretches that are inserted.
pub fn recipes(source: &Source, others: &[&Source], bounds: Bounds) -> Vec<Recipe> {
    let m = middle_s(source, bounds);
    let mut recipes: Vec<Recipe> = others
        .iter()
        .map(|other| {
            let truth = Truth::at(Fault::HardCut, m, m);
            recipe(source, other, bounds, "hard_cut".to_owned(), None, truth)
        })
        .collect();
    for (d, other) in [1.0, 1.0, 3.0].into_iter().zip(others) {
        let truth = Truth::at(Fault::Inserted, m, m + d);
        let name = format!("insert_{d}s");
        recipes.push(recipe(source, other, bounds, name, Some(d), truth));
    }
    recipes
}

fn middle_s(source: &Source, bounds: Bounds) -> f64 {
    let fps = rate(source);
    (base(source, bounds).0 / 2.0 * fps).round() / fps
}

fn recipe(
    source: &Source,
    other: &Source,
    bounds: Bounds,
    name: String,
    inserted_s: Option<f64>,
    truth: Truth,
) -> Recipe {
    let (_, base) = base(source, bounds);
    let (fps, m) = (rate(source), middle_s(source, bounds));
    let side = source.width_px.max(source.height_px);
    let shrink = f64::from(bounds.side_max_px.min(side)) / f64::from(side);
    let even = |px: u32| ((f64::from(px) * shrink / 2.0).round() * 2.0) as u32;
    let (w, h) = (even(source.width_px), even(source.height_px));
    let fit = format!("fps={fps:.4},scale={w}:{h},setsar=1,format=yuv420p");
    let end = |s: f64| format!("trim=duration={s:.4},setpts=PTS-STARTPTS");
    let graph = match inserted_s {
        None => format!(
            "[0:v]{base},{fit},{}[a];[1:v]{fit},{}[b];[a][b]concat=n=2:v=1[v]",
            end(m),
            end(m)
        ),
        Some(d) => format!(
            "[0:v]{base},{fit},split[x][y];[x]{}[a];[1:v]{fit},{}[b];\
             [y]trim=start={m:.4},setpts=PTS-STARTPTS[c];[a][b][c]concat=n=3:v=1[v]",
            end(m),
            end(d)
        ),
    };
    let second = other.path.to_string_lossy().into_owned();
    Recipe {
        name,
        ending: "mp4",
        truth: vec![truth, Truth::whole(Fault::Reencoded)],
        pictures: true,
        differ_levels: None,
        how: How::after(
            ["-i".to_owned(), second, "-filter_complex".to_owned(), graph]
                .into_iter()
                .chain(words("-map [v] -an"))
                .chain(words(X264))
                .collect(),
        ),
    }
}
