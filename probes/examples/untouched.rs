//! Over directories of untouched camera files: how many get `inconsistent` or
//! `attention`, and by which check, with 95 % Wilson intervals. Every one of
//! them is a false alarm. `--list` names the files; `--structure` looks at
//! structure and metadata only, without decoding a picture;
//! `--vouched DIR` learns exemplars from the files below DIR first.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unbroken_probes::check::{Aspect, Context, Level};
use unbroken_probes::exemplar::Exemplars;
use unbroken_probes::judge::{Integrity, Rules, Verdict, judge};
use unbroken_probes::measurements::Kind;
use unbroken_probes::probe::{Depth, Wants, probe};

/// Quantile of the normal distribution for two-sided 95 %.
const Z_95: f64 = 1.959_964;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let list = arguments.iter().any(|a| a == "--list");
    let depth = if arguments.iter().any(|a| a == "--structure") {
        Depth::Structure
    } else {
        Depth::Full
    };
    let vouched = arguments.iter().position(|a| a == "--vouched");
    let vouched = vouched.and_then(|at| arguments.get(at + 1));
    let mut files = Vec::new();
    for path in arguments
        .iter()
        .filter(|a| !a.starts_with("--") && Some(*a) != vouched)
    {
        gather(Path::new(path), &mut files);
    }
    files.sort();
    let rules = Rules {
        exemplars: Arc::new(vouched.map(|path| learnt(path, depth)).unwrap_or_default()),
        ..Rules::default()
    };
    let (mut judged_files, mut inconsistent, mut attention) = (0_u32, 0_u32, 0_u32);
    let mut by_check: BTreeMap<(&str, String), u32> = BTreeMap::new();
    for path in &files {
        let Ok(mut file) = File::open(path) else {
            println!("{}: cannot be opened", path.display());
            continue;
        };
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let wants = Wants {
            name: name.clone(),
            still_long_side_px: 320,
            stills_count: 0,
            depth,
        };
        let m = probe(&mut file, &wants).measurements;
        if matches!(m.kind, Kind::Other) {
            continue;
        }
        judged_files += 1;
        let context = Context {
            name,
            default_offset_s: 8 * 3600,
            clock_drift_s: 300.0,
            ..Context::default()
        };
        let judged = judge(&m, &rules, &context);
        let is_inconsistent = judged.outcome.integrity == Integrity::Inconsistent;
        inconsistent += u32::from(is_inconsistent);
        attention += u32::from(judged.verdict >= Verdict::Attention);
        let mut codes: Vec<(&str, String)> = Vec::new();
        for finding in judged
            .findings
            .iter()
            .filter(|f| f.level >= Level::Attention)
        {
            let outcome = match finding.aspect {
                Aspect::Integrity => "integrity",
                Aspect::Quality => "quality",
                Aspect::Timeliness => "timeliness",
            };
            codes.push((outcome, finding.code.clone()));
            if list {
                println!(
                    "{} | {outcome} {} {:?} {:?} | {}",
                    path.display(),
                    finding.code,
                    finding.level,
                    finding.strength,
                    finding.text.en
                );
            }
        }
        codes.sort();
        codes.dedup();
        for code in codes {
            *by_check.entry(code).or_default() += 1;
        }
    }
    println!("{judged_files} files");
    told("inconsistent", inconsistent, judged_files);
    told("attention or fail", attention, judged_files);
    for ((outcome, code), count) in by_check {
        told(&format!("{outcome} {code}"), count, judged_files);
    }
}

/// What the files below `path` have in common.
fn learnt(path: &str, depth: Depth) -> Exemplars {
    let mut files = Vec::new();
    gather(Path::new(path), &mut files);
    let mut exemplars = Exemplars::default();
    for path in files {
        let Ok(mut file) = File::open(&path) else {
            continue;
        };
        let wants = Wants {
            name: path.display().to_string(),
            still_long_side_px: 320,
            stills_count: 0,
            depth,
        };
        let m = probe(&mut file, &wants).measurements;
        exemplars.learn(&path.display().to_string(), &m);
    }
    exemplars
}

/// All files below `path`, without following links.
fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(meta) = std::fs::symlink_metadata(path) else {
        println!("{}: not there", path.display());
        return;
    };
    if meta.is_file() {
        files.push(path.to_owned());
    } else if meta.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            gather(&entry.path(), files);
        }
    }
}

fn told(what: &str, count: u32, of: u32) {
    let (low, high) = wilson(count, of);
    let rate = f64::from(count) / f64::from(of.max(1)) * 100.0;
    println!(
        "{what}: {count} of {of}, {rate:.1} % (95 %: {:.1} to {:.1} %)",
        low * 100.0,
        high * 100.0
    );
}

/// Wilson's interval for a share (E. B. Wilson, JASA 22 (1927) 209).
fn wilson(count: u32, of: u32) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let n = f64::from(of);
    let p = f64::from(count) / n;
    let z2 = Z_95 * Z_95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}
