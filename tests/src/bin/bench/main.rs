//! How fast and how large the program is, beside the tools that do a part of
//! its work, in the same run on the same disk.
//!
//! `cargo run --release -p unbroken-tests --bin bench --
//! staging|reconcile|memory|length|structure|reuse|photos DIR|check DIR|mangle DIR`
//! prints a Markdown table. Files are made where `TMPDIR` says and removed
//! again. A goal that is missed is said in the table; a wrong result is an error.

mod check;
mod length;
mod mangle;
mod memory;
mod photos;
mod reconcile;
mod reuse;
mod share;
mod staging;
mod table;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the daemon and its subcommands are started as: a link to this very
/// file under the program's name, so that nothing else need be built.
const PROGRAM: &str = "unbroken";

const USAGE: &str = "usage: bench staging [MIB] | reconcile [FILES] | memory [MIB] | \
                     length [SECONDS [FPS]] | structure [MIB] | reuse [PHOTOS] | photos DIR | \
                     check DIR | mangle DIR [SECONDS]";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let started_as = arguments.first().and_then(|a| Path::new(a).file_name());
    let first = arguments.get(1).map(|a| a.to_string_lossy().into_owned());
    // A probing child is started by this file's own path.
    let is_child = first.as_deref() == Some(unbroken::cell::SUBCOMMAND);
    if is_child || started_as == Some(OsStr::new(PROGRAM)) {
        return unbroken::cli::main();
    }
    let second = arguments.get(2);
    let done = match first.as_deref() {
        Some("staging") => number(second, 2048).and_then(staging::run),
        Some("reconcile") => number(second, 100_000).and_then(reconcile::run),
        Some("memory") => number(second, 4096).and_then(memory::run),
        Some("length") => number(second, 7200).and_then(|seconds| {
            let rate_fps = number(arguments.get(3), 25)?;
            length::memory(seconds, rate_fps)
        }),
        Some("structure") => number(second, 4096).and_then(length::structure),
        Some("reuse") => number(second, 10_000_000).and_then(reuse::run),
        Some("photos") => second
            .ok_or_else(|| USAGE.to_owned())
            .and_then(|folder| photos::run(Path::new(folder))),
        Some("check") => second
            .ok_or_else(|| USAGE.to_owned())
            .and_then(|folder| check::run(Path::new(folder))),
        Some("mangle") => second
            .ok_or_else(|| USAGE.to_owned())
            .and_then(|folder| mangle::run(Path::new(folder), number(arguments.get(3), 1800)?)),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The argument as a whole number above zero, or what is usual.
fn number(argument: Option<&std::ffi::OsString>, usual: u64) -> Result<u64, String> {
    match argument.map(|a| a.to_string_lossy()) {
        None => Ok(usual),
        Some(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{text} is no whole number above zero; {USAGE}")),
        },
    }
}

/// Puts the program's name into `folder`, as a link to this file.
fn program_in(folder: &Path) -> Result<PathBuf, String> {
    let program = folder.join(PROGRAM);
    std::env::current_exe()
        .and_then(|this| std::os::unix::fs::symlink(this, &program))
        .map_err(|e| format!("{}: {e}", program.display()))?;
    Ok(program)
}
