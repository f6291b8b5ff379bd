//! `unbroken check` over every file of a folder, beside a bare decode.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use unbroken_tests::running::files_beneath;

use crate::{program_in, table};
use unbroken_tests::spent::{Spent, spent};

/// Slowest files that are named.
const NAMED: usize = 5;

/// Exit codes of `check` that say that every input was used.
const USED: [Option<i32>; 2] = [Some(0), Some(1)];

/// What one file took.
struct Run {
    file: PathBuf,
    ours: Spent,
    decode: Spent,
}

/// Checks the whole folder, then each file alone, and prints what it took.
pub fn run(folder: &Path) -> Result<(), String> {
    let place = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let program = program_in(place.path())?;
    let files = files_beneath(folder);
    if files.is_empty() {
        return Err(format!("{}: no files", folder.display()));
    }
    table::head(&format!("`unbroken check` over {} files", files.len()));

    let (objects, whole) = spent(|| objects(&program, folder))?;
    if objects.len() != files.len() {
        return Err(format!(
            "{} objects for {} files",
            objects.len(),
            files.len()
        ));
    }
    let broke: Vec<&Value> = objects.iter().filter(|o| broke(o)).collect();
    let mut runs = Vec::new();
    for file in files {
        let (_, ours) = spent(|| self::objects(&program, &file))?;
        let (_, decode) = spent(|| Ok(decode(&file)))?;
        runs.push(Run { file, ours, decode });
    }

    let ours = runs.iter().fold(Spent::default(), |sum, r| sum + r.ours);
    let decode = runs.iter().fold(Spent::default(), |sum, r| sum + r.decode);
    let row = |name: &str, took: Spent| {
        vec![
            name.to_owned(),
            format!("{:.1}", took.wall_s),
            format!("{:.1}", took.cpu_s),
        ]
    };
    let rows = [
        row("unbroken check of the folder", whole),
        row("unbroken check, one file after the other", ours),
        row("ffmpeg -f null, one file after the other", decode),
    ];
    table::print(&["who", "wall s", "processor s"], &rows);
    runs.sort_by(|a, b| b.ours.wall_s.total_cmp(&a.ours.wall_s));
    let rows: Vec<_> = runs
        .iter()
        .take(NAMED)
        .map(|run| {
            vec![
                run.file
                    .strip_prefix(folder)
                    .unwrap_or(&run.file)
                    .display()
                    .to_string(),
                format!("{:.1}", run.ours.wall_s),
                format!("{:.1}", run.ours.cpu_s),
                format!("{:.1}", run.decode.cpu_s),
            ]
        })
        .collect();
    let columns = [
        "slowest",
        "wall s",
        "processor s",
        "bare decode, processor s",
    ];
    table::print(&columns, &rows);
    println!("- one object for each of {} files", runs.len());
    table::goal("files that broke the prober", broke.len() as f64, 0.0, "");
    for object in broke {
        println!("  - {}", object.pointer("/file/name").unwrap_or(object));
    }
    println!();
    Ok(())
}

/// The objects that `check --json` prints of a file or a folder.
pub fn objects(program: &Path, path: &Path) -> Result<Vec<Value>, String> {
    let output = Command::new(program)
        .args(["check", "--json"])
        .arg(path)
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    if !USED.contains(&output.status.code()) {
        let complaints = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "check of {}: {}: {}",
            path.display(),
            output.status,
            complaints.trim()
        ));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|e| format!("{}: {e}", path.display())))
        .collect()
}

/// True if the probing child ended without a result.
pub fn broke(object: &Value) -> bool {
    let not_run = object.pointer("/measurements/not_run");
    let mut missing = not_run.and_then(Value::as_array).into_iter().flatten();
    missing.any(|one| one.get("instrument").and_then(Value::as_str) == Some("probe"))
}

/// Decodes all that there is to decode. Many inputs are damaged on purpose, so
/// success is not asked for.
fn decode(file: &Path) -> bool {
    Command::new("ffmpeg")
        .args(["-nostdin", "-v", "quiet", "-i"])
        .arg(file)
        .args(["-f", "null", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
