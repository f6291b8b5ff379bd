//! The same for photos: cases made by recipe from untouched camera photos, held
//! against the checks and, where it is about sharpness, against other tools.

pub mod auc;
pub mod found;
pub mod peer;
pub mod recipe;
pub mod run;
pub mod source;
pub mod table;
pub mod truth;
pub mod worker;

use std::path::{Path, PathBuf};
use std::process::Command;

use recipe::{Group, How, Recipe};
use source::PhotoSource;
use truth::Fault;
use worker::Worker;

use super::kitchen::Kitchen;

/// Counts as part of every recipe: raised when one changes its meaning without
/// changing its words.
const EDITION: &str = "1";
/// Makes the pictures; a line of JSON a picture.
const SCRIPT: &str = include_str!("photo/pictures.py");

/// What the cases are made with.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest side of a picture whose clarity is what counts, in pixels; what
    /// is done to a file is done at its own size.
    pub side_max_px: u32,
    /// How many photos are edited, at most: their recipes make large files.
    pub edited_max: usize,
}

/// One file whose truth is known.
#[derive(Clone, Debug)]
pub struct Case {
    /// Which source it was made from.
    pub source: usize,
    /// The recipe's name; one row of the table.
    pub recipe: String,
    /// Which recipes it belongs to.
    pub group: Group,
    /// The file.
    pub file: PathBuf,
    /// The name under which it comes in.
    pub name: String,
    /// What was done to it.
    pub fault: Option<Fault>,
}

/// Every case of the source at `place`, those that could not be made with the
/// reason. The next source of another model lends what is pasted.
pub fn cases(
    kitchen: &Kitchen,
    python: &Path,
    bounds: Bounds,
    sources: &[PhotoSource],
    place: usize,
    is_edited: bool,
) -> Vec<Result<Case, String>> {
    let Some(source) = sources.get(place) else {
        return Vec::new();
    };
    let untouched = Case {
        source: place,
        recipe: "untouched".to_owned(),
        group: Group::Untouched,
        file: source.path.clone(),
        name: source.name.clone(),
        fault: None,
    };
    let other = (1..sources.len())
        .filter_map(|step| sources.get((place + step) % sources.len()))
        .find(|other| other.is_jpeg() && other.model != source.model);
    let mut cook = Cook {
        kitchen,
        python,
        bounds,
        source,
        other,
        worker: None,
    };
    let recipes = recipe::recipes(source, is_edited);
    let made = recipes.into_iter().map(|recipe| {
        let file = cook
            .file(&recipe)
            .map_err(|why| format!("{} of {}: {why}", recipe.name, source.name))?;
        Ok(Case {
            source: place,
            group: recipe.group,
            file,
            name: recipe.given_name(&source.name),
            fault: recipe.fault,
            recipe: recipe.name,
        })
    });
    std::iter::once(Ok(untouched)).chain(made).collect()
}

/// Makes the files of one source, whose picture Python decodes once.
struct Cook<'a> {
    kitchen: &'a Kitchen,
    python: &'a Path,
    bounds: Bounds,
    source: &'a PhotoSource,
    other: Option<&'a PhotoSource>,
    worker: Option<Worker>,
}

impl Cook<'_> {
    fn file(&mut self, recipe: &Recipe) -> Result<PathBuf, String> {
        let side = match recipe.group {
            Group::Clarity => self.bounds.side_max_px.to_string(),
            Group::Edit | Group::Untouched => String::new(),
        };
        let other = self.other.map_or("", |other| other.digest.as_str());
        let of = [
            "photo",
            EDITION,
            SCRIPT,
            &self.source.digest,
            other,
            &side,
            &recipe.how.words(),
        ];
        let kitchen = self.kitchen;
        kitchen.made(&of, recipe.ending, |to| {
            // What an ended run left half made would stop some of the tools.
            if to.exists() {
                std::fs::remove_file(to).map_err(|e| e.to_string())?;
            }
            self.make(&recipe.how, to)
        })
    }

    fn make(&mut self, how: &How, to: &Path) -> Result<(), String> {
        if let Some(words) = &how.pixels {
            let request = serde_json::json!({
                "source": self.source.path,
                "other": self.other.map(|other| &other.path),
                "side": self.bounds.side_max_px,
                "words": words,
                "to": to,
            });
            let worker = match &mut self.worker {
                Some(worker) => worker,
                none => none.insert(Worker::start(self.python, SCRIPT)?),
            };
            let answer: String = worker.ask(&request.to_string())?;
            if !answer.is_empty() {
                return Err(answer);
            }
        }
        how.tools.iter().try_for_each(|tool| self.run(tool, to))
    }

    fn run(&self, tool: &[String], to: &Path) -> Result<(), String> {
        let source = self.source.path.to_str().ok_or("the path is no UTF-8")?;
        let made = to.to_str().ok_or("the path is no UTF-8")?;
        let mut words = tool
            .iter()
            .map(|word| word.replace("{in}", source).replace("{out}", made));
        let program = words.next().ok_or("no program named")?;
        let output = Command::new(&program)
            .args(words)
            .output()
            .map_err(|e| format!("{program} cannot be started: {e}"))?;
        if output.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr);
        Err(format!("{program}: {}", why.trim()))
    }
}
