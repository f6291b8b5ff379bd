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
    for (d, fade_s, other) in [(1.0, 0.3, 0), (1.0, 0.5, 1), (3.0, 0.5, 2)] {
        if let Some(other) = others.get(other)
            && source.duration_s > m + d
            && other.duration_s > d + fade_s
        {
            recipes.push(faded(source, other, bounds, d, fade_s));
        }
    }
    recipes
}

/// A stretch that fades in and out over the pictures on both sides; the middles
/// of the fades are `d` seconds apart.
fn faded(source: &Source, other: &Source, bounds: Bounds, d: f64, fade_s: f64) -> Recipe {
    let m = middle_s(source, bounds);
    let half_s = fade_s / 2.0;
    let (length_s, _) = base(source, bounds);
    let graph = |base: &str, fit: &str| {
        format!(
            "[0:v]{base},{fit},settb=AVTB,split[x][y];[x]trim=duration={:.4}[a];\
             [1:v]{fit},settb=AVTB,trim=duration={:.4},setpts=PTS-STARTPTS[b];\
             [y]trim=start={:.4}:end={length_s:.4},setpts=PTS-STARTPTS[c];\
             [a][b]xfade=duration={fade_s}:offset={:.4}[p];\
             [p][c]xfade=duration={fade_s}:offset={:.4}[v]",
            m + half_s,
            d + fade_s,
            m - half_s,
            m - half_s,
            m + d - half_s,
        )
    };
    let truth = Truth::at(Fault::Inserted, m - half_s, m + d + half_s);
    let name = format!("insert_faded_{fade_s}s_{d}s");
    from_graph(source, other, bounds, name, truth, graph)
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
    let m = middle_s(source, bounds);
    let end = |s: f64| format!("trim=duration={s:.4},setpts=PTS-STARTPTS");
    let graph = |base: &str, fit: &str| match inserted_s {
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
    from_graph(source, other, bounds, name, truth, graph)
}

/// The graph of filters that `graph` makes of what limits the source, and of what
/// makes both alike in rate and size.
fn from_graph(
    source: &Source,
    other: &Source,
    bounds: Bounds,
    name: String,
    truth: Truth,
    graph: impl Fn(&str, &str) -> String,
) -> Recipe {
    let (_, base) = base(source, bounds);
    let fps = rate(source);
    let side = source.width_px.max(source.height_px);
    let shrink = f64::from(bounds.side_max_px.min(side)) / f64::from(side);
    let even = |px: u32| ((f64::from(px) * shrink / 2.0).round() * 2.0) as u32;
    let (w, h) = (even(source.width_px), even(source.height_px));
    let fit = format!("fps={fps:.4},scale={w}:{h},setsar=1,format=yuv420p");
    let second = other.path.to_string_lossy().into_owned();
    Recipe {
        name,
        ending: "mp4",
        truth: vec![truth, Truth::whole(Fault::Reencoded)],
        pictures: true,
        differ_levels: None,
        how: How::after(
            [
                "-i".to_owned(),
                second,
                "-filter_complex".to_owned(),
                graph(&base, &fit),
            ]
            .into_iter()
            .chain(words("-map [v] -an"))
            .chain(words(X264))
            .collect(),
        ),
    }
}
