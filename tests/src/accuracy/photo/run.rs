//! A run from the sources to the page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unbroken_probes::exemplar::Exemplars;
use unbroken_probes::measurements::Measurements;

use super::found::{PhotoFound, measured};
use super::recipe::Group;
use super::source::{PhotoSource, edited, sources};
use super::table::{Judged, Run, page};
use super::{Bounds, Case, cases, peer, worker};
use crate::accuracy::kitchen::{Kitchen, in_parallel};

/// Vouched files of a model that make it a known one.
const EXEMPLARS_MIN: usize = 5;

/// What to run, from the command line.
pub struct Wanted {
    /// The folder of photos whose truth its README tells.
    pub data_dir: PathBuf,
    /// Lists of further photos.
    pub lists: Vec<PathBuf>,
    /// What the cases are made with.
    pub bounds: Bounds,
    /// Leave the other tools out.
    pub alone: bool,
    /// Digest of this program, of which the kept answers are.
    pub program: String,
}

/// Makes, measures, judges and writes the page.
pub fn photo(kitchen: &Kitchen, wanted: &Wanted) -> Result<String, String> {
    let (sources, mut left_out) = sources(&wanted.data_dir, &wanted.lists)?;
    if sources.is_empty() {
        return Err(format!(
            "{}: no known photo in it; name some with --sources",
            wanted.data_dir.display()
        ));
    }
    let python = worker::python(kitchen)?;
    let places: Vec<usize> = (0..sources.len()).collect();
    let edited = edited(&sources, wanted.bounds.edited_max);
    let made = in_parallel(&places, |place| {
        let is_edited = edited.contains(place);
        cases(kitchen, &python, wanted.bounds, &sources, *place, is_edited)
    });
    let mut ready: Vec<Case> = Vec::new();
    for case in made.into_iter().flatten() {
        match case {
            Ok(case) => ready.push(case),
            Err(why) => left_out.push(why),
        }
    }
    eprintln!("{} cases of {} photos", ready.len(), sources.len());
    let answers = in_parallel(&ready, |case| measured(kitchen, &wanted.program, case));
    let mut facts: Vec<(Case, Measurements)> = Vec::new();
    for (case, answer) in ready.into_iter().zip(answers) {
        match answer {
            Ok(m) => facts.push((case, m)),
            Err(why) => left_out.push(why),
        }
    }
    eprintln!("measured");
    let seen = if wanted.alone {
        BTreeMap::new()
    } else {
        ask_peers(kitchen, &python, &facts, &mut left_out)
    };
    let known = exemplars(&sources, &facts);
    let judged: Vec<Judged> = facts
        .iter()
        .map(|(case, m)| Judged {
            found: PhotoFound::of(m, &case.name, &Arc::default()),
            found_known: known
                .get(&case.source)
                .map(|known| PhotoFound::of(m, &case.name, known)),
            seen: seen.get(&case.file).cloned(),
            case: case.clone(),
        })
        .collect();
    list(&kitchen.dir().join("photo-cases.tsv"), &sources, &judged)?;
    Ok(page(&Run {
        sources: &sources,
        judged: &judged,
        left_out: &left_out,
        bounds: wanted.bounds,
        alone: wanted.alone,
    }))
}

fn ask_peers(
    kitchen: &Kitchen,
    python: &Path,
    facts: &[(Case, Measurements)],
    left_out: &mut Vec<String>,
) -> BTreeMap<PathBuf, peer::Seen> {
    let files: Vec<&Path> = facts
        .iter()
        .filter(|(case, _)| is_for_peers(case))
        .map(|(case, _)| case.file.as_path())
        .collect();
    let mut seen = BTreeMap::new();
    for (file, answer) in files.iter().zip(peer::ask(kitchen, python, &files)) {
        match answer {
            Ok(figures) => {
                seen.insert((*file).to_owned(), figures);
            }
            Err(why) => left_out.push(format!("{}: {why}", file.display())),
        }
    }
    seen
}

/// Sharp and blurred pictures, and forgeries with what they are held against.
fn is_for_peers(case: &Case) -> bool {
    case.group == Group::Clarity
        || ["splice_", "copy_move", "save_pillow_q95"]
            .iter()
            .any(|start| case.recipe.starts_with(start))
}

/// For each source of whose model enough others are untouched: what those have
/// in common, itself left out.
fn exemplars(
    sources: &[PhotoSource],
    facts: &[(Case, Measurements)],
) -> BTreeMap<usize, Arc<Exemplars>> {
    let untouched: Vec<(usize, &Measurements)> = facts
        .iter()
        .filter(|(case, _)| case.group == Group::Untouched)
        .filter(|(case, _)| sources.get(case.source).is_some_and(|s| s.untouched))
        .map(|(case, m)| (case.source, m))
        .collect();
    let mut known = BTreeMap::new();
    for (place, source) in sources.iter().enumerate() {
        let mut learnt = Exemplars::default();
        let mut files = 0;
        for (other, m) in &untouched {
            let is_of_model = sources
                .get(*other)
                .is_some_and(|s| !s.model.is_empty() && s.model == source.model);
            if *other != place && is_of_model {
                learnt.learn(&other.to_string(), m);
                files += 1;
            }
        }
        if files >= EXEMPLARS_MIN {
            known.insert(place, Arc::new(learnt));
        }
    }
    known
}

/// Every case with its file and what was found, for who looks into a row.
fn list(to: &Path, sources: &[PhotoSource], judged: &[Judged]) -> Result<(), String> {
    let mut text = String::from("recipe\tsource\thalf\tfile\tsharpness\tfound\n");
    for one in judged {
        let source = sources.get(one.case.source);
        let said = one.found.findings.iter().map(|f| {
            let mark = if f.is_alarm() { "!" } else { "" };
            format!("{}{mark} {:?}", f.code, f.level)
        });
        writeln!(
            text,
            "{}\t{}\t{:?}\t{}\t{}\t{}",
            one.case.recipe,
            source.map_or("", |s| s.origin.as_str()),
            source.map(|s| s.half),
            one.case.file.display(),
            one.found
                .sharpness
                .map_or(String::new(), |v| format!("{v:.3}")),
            said.collect::<Vec<_>>().join("; ")
        )
        .ok();
    }
    std::fs::write(to, text).map_err(|e| format!("{}: {e}", to.display()))
}
