//! The cases that are made from one recording.

use std::fs;
use std::path::{Path, PathBuf};

use unbroken_recipe::clip::ffmpeg;

use super::kitchen::Kitchen;
use super::recipe::{Bounds, How, Recipe, files, foreign, pictures, sound, twice};
use super::source::{LENGTH_MIN_S, Source};
use super::truth::Truth;

/// Counts as part of every recipe: raised when one changes its meaning without
/// changing its words.
const EDITION: &str = "2";
/// Recordings that lend each source their pictures.
const OTHERS: usize = 3;

/// One file whose truth is known.
#[derive(Clone, Debug)]
pub struct Case {
    /// Which source it was made from.
    pub source: usize,
    /// The recipe's name; one row of the table.
    pub recipe: String,
    /// The file.
    pub file: PathBuf,
    /// What was done to it.
    pub truth: Vec<Truth>,
    /// True if other tools that look at pictures are asked as well.
    pub pictures: bool,
    /// Where a piece was left out: how far the pictures on either side differ,
    /// in grey levels.
    pub differ_levels: Option<f64>,
}

/// Every case of `source`, those that could not be made with the reason. The
/// other sources lend the pictures that are inserted. With `only`, no recipes but
/// those whose names start so, and the plain encode anew.
pub fn cases(
    kitchen: &Kitchen,
    bounds: Bounds,
    sources: &[Source],
    place: usize,
    only: &[String],
) -> Vec<Result<Case, String>> {
    let Some(source) = sources.get(place) else {
        return Vec::new();
    };
    let untouched = Case {
        source: place,
        recipe: "untouched".to_owned(),
        file: source.path.clone(),
        truth: Vec::new(),
        pictures: false,
        differ_levels: None,
    };
    let mut made = vec![Ok(untouched)];
    if source.duration_s < LENGTH_MIN_S {
        return made;
    }
    let others: Vec<&Source> = (1..sources.len())
        .filter_map(|step| sources.get((place + step) % sources.len()))
        .filter(|s| s.duration_s >= LENGTH_MIN_S && s.digest != source.digest)
        .take(OTHERS)
        .collect();
    let mut recipes = match pictures::recipes(source, bounds) {
        Ok(recipes) => recipes,
        Err(why) => {
            made.push(Err(why));
            return made;
        }
    };
    recipes.extend(foreign::recipes(source, &others, bounds));
    recipes.extend(sound::recipes(source, bounds));
    recipes.extend(twice::recipes(source, bounds));
    recipes.extend(files::encoded(source, bounds));
    recipes.extend(files::copied(source));
    recipes.retain(|recipe| {
        let is_named = only.iter().any(|start| recipe.name.starts_with(start));
        only.is_empty() || is_named || recipe.name == "plain"
    });
    made.extend(recipes.into_iter().map(|recipe| {
        let file = cook(kitchen, source, &recipe)
            .map_err(|why| format!("{} of {}: {why}", recipe.name, source.name))?;
        Ok(Case {
            source: place,
            recipe: recipe.name,
            file,
            truth: recipe.truth,
            pictures: recipe.pictures,
            differ_levels: recipe.differ_levels,
        })
    }));
    made
}

fn cook(kitchen: &Kitchen, source: &Source, recipe: &Recipe) -> Result<PathBuf, String> {
    let ending = match recipe.ending {
        "" => source.ending(),
        ending => ending,
    };
    let path = source.path.to_str().ok_or("the path is no UTF-8")?;
    let of = [EDITION, &source.digest, &recipe.name, &recipe.how.words()];
    kitchen.made(&of, ending, |to| match &recipe.how {
        How::Once { before, after } => {
            let all: Vec<&str> = before
                .iter()
                .map(String::as_str)
                .chain(["-i", path])
                .chain(after.iter().map(String::as_str))
                .collect();
            ffmpeg(&all, to)
        }
        How::Twice { first, then } => {
            let between = to.with_extension("first.mkv");
            let named = between.to_string_lossy().into_owned();
            let input = |file: &str, after: &[String]| -> Vec<String> {
                let head = ["-i".to_owned(), file.to_owned()];
                head.into_iter().chain(after.iter().cloned()).collect()
            };
            let coded =
                coded(&input(path, first), &between).and_then(|()| coded(&input(&named, then), to));
            fs::remove_file(&between).map_err(|e| format!("{named}: {e}"))?;
            coded
        }
        How::Parts { parts, as_streams } => join(path, parts, *as_streams, to),
        How::Bytes(share) => {
            let bytes = fs::read(&source.path).map_err(|e| e.to_string())?;
            let kept = (bytes.len() as f64 * share) as usize;
            fs::write(to, bytes.get(..kept).unwrap_or(&bytes)).map_err(|e| e.to_string())
        }
    })
}

fn coded(arguments: &[String], to: &Path) -> Result<(), String> {
    let all: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ffmpeg(&all, to)
}

/// Copies the parts into files of their own and joins those, as a person with
/// `ffmpeg` would: by a list of them, or as transport streams one behind the
/// other.
fn join(path: &str, parts: &[(f64, f64)], as_streams: bool, to: &Path) -> Result<(), String> {
    let ending = match to.extension().and_then(|e| e.to_str()) {
        _ if as_streams => "ts",
        Some(ending) => ending,
        None => "mp4",
    };
    let mut files = Vec::new();
    for (n, (start_s, end_s)) in parts.iter().enumerate() {
        let file = to.with_extension(format!("{n}.{ending}"));
        let (start, length) = (start_s.to_string(), (end_s - start_s).to_string());
        ffmpeg(
            &[
                "-ss", &start, "-t", &length, "-i", path, "-map", "0:v:0", "-map", "0:a?", "-c",
                "copy",
            ],
            &file,
        )?;
        files.push(file);
    }
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    let joined = if as_streams {
        let input = format!("concat:{}", names.join("|"));
        ffmpeg(&["-i", &input, "-c", "copy"], to)
    } else {
        let list: String = names.iter().map(|n| format!("file '{n}'\n")).collect();
        let file = to.with_extension("list");
        fs::write(&file, list).map_err(|e| e.to_string())?;
        let named = file.to_string_lossy().into_owned();
        files.push(file);
        ffmpeg(
            &["-f", "concat", "-safe", "0", "-i", &named, "-c", "copy"],
            to,
        )
    };
    for file in files {
        fs::remove_file(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    joined
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use unbroken_recipe::clip::{Scene, film};

    use super::*;

    #[test]
    fn a_recipe_does_what_its_truth_says() {
        let dir = tempfile::tempdir().unwrap();
        let kitchen = Kitchen::open(dir.path()).unwrap();
        let file = dir.path().join("film.mp4");
        film(Scene::Life, 5.0, DateTime::UNIX_EPOCH, &file).unwrap();
        let source = Source::read(&file, true).unwrap();
        assert_eq!((source.keys.len(), source.has_sound), (5, true));
        let bounds = Bounds {
            length_max_s: 5.0,
            side_max_px: 160,
        };
        let recipes: Vec<Recipe> = pictures::recipes(&source, bounds)
            .unwrap()
            .into_iter()
            .chain(files::copied(&source))
            .collect();
        // Lengths in pictures at 25 a second: 125 in the source.
        for (name, pictures, size) in [
            ("plain", 125.0, (160, 90)),
            ("jump_cut_0.5s", 112.0, (160, 90)),
            ("freeze_1s", 125.0, (160, 90)),
            ("trim_start_input_seek", 100.0, (640, 360)),
            ("trim_start_output_seek", 75.0, (640, 360)),
            ("join_by_list", 250.0, (640, 360)),
            ("join_as_streams", 250.0, (640, 360)),
            ("groups_deleted_without_sound", 100.0, (640, 360)),
            // Time goes on where packets are missing.
            ("packets_dropped", 125.0, (640, 360)),
        ] {
            let recipe = recipes.iter().find(|r| r.name == name).unwrap();
            let made = Source::read(&cook(&kitchen, &source, recipe).unwrap(), false).unwrap();
            let found = (made.duration_s * 25.0).round();
            assert!((found - pictures).abs() <= 1.0, "{name}: {found} pictures");
            assert_eq!((made.width_px, made.height_px), size, "{name}");
            let lost = if name == "packets_dropped" { 18 } else { 0 };
            let missing = found - made.rate_fps * made.duration_s;
            assert!(
                (missing.round() - f64::from(lost)).abs() <= 1.0,
                "{name}: {missing}"
            );
        }
    }
}
