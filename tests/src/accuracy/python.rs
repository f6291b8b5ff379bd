//! Pythons of our own for the tools that live in one.

use std::path::PathBuf;
use std::process::Command;

use super::kitchen::Kitchen;

/// A Python with these packages, made in the kitchen's folder `name` at the
/// first run; it is whole once `modules` can be imported.
pub fn environment(
    kitchen: &Kitchen,
    name: &str,
    modules: &str,
    packages: &[&str],
) -> Result<PathBuf, String> {
    let dir = kitchen.dir().join(name);
    let python = dir.join("bin/python3");
    let works = || {
        Command::new(&python)
            .args(["-c", &format!("import {modules}")])
            .output()
            .is_ok_and(|o| o.status.success())
    };
    if works() {
        return Ok(python);
    }
    let run = |command: &mut Command| {
        let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&dir))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(packages))?;
    Ok(python)
}
