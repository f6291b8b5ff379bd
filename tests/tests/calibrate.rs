//! Exemplars from end to end: learnt from vouched files by the command, read
//! through the config, held against files that were not learnt from.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use unbroken_recipe::clip::{body_camera, rewrapped};

const PROGRAM: &str = env!("CARGO_BIN_EXE_unbroken-under-test");

fn unbroken(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Level and strength of each finding of `code`, and whether it did not run.
fn said(report: &Value, code: &str) -> (Vec<(String, String)>, bool) {
    let list = |key: &str| report[key].as_array().unwrap().clone();
    let word = |v: &Value| v.as_str().unwrap().to_owned();
    let findings = list("findings")
        .iter()
        .filter(|f| f["code"] == code)
        .map(|f| (word(&f["level"]), word(&f["strength"])))
        .collect();
    (findings, list("not_run").iter().any(|n| n["code"] == code))
}

#[test]
fn a_rewrapped_sixth_is_unlike_its_model_and_an_honest_sixth_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("vouched")).unwrap();
    for seed in 1..=5 {
        let clip = at(&format!("vouched/{seed}.mov"));
        body_camera(seed, 2.0 + f64::from(seed) * 0.4, &clip).unwrap();
    }
    fs::write(at("vouched/list.txt"), "no recording").unwrap();
    body_camera(6, 3.0, &at("honest.mov")).unwrap();
    rewrapped(&at("honest.mov"), &at("rewrapped.mp4")).unwrap();
    let (honest, rewrapped) = (at("honest.mov"), at("rewrapped.mp4"));
    let inputs = [text(&honest), text(&rewrapped)];
    let reports = |config: &[&str]| -> Vec<Value> {
        let checked = unbroken(&[&["check", "--json"], config, &inputs].concat());
        String::from_utf8(checked.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };

    // Before anything is learnt, there is no reference, and the camera's own
    // muxer is a converter's name.
    for report in reports(&[]) {
        assert_eq!(said(&report, "unlike_its_model"), (vec![], true));
        assert!(!said(&report, "editor_trace").0.is_empty());
    }

    let out = at("exemplars.json");
    let learn = || unbroken(&["calibrate", text(&at("vouched")), "--out", text(&out)]);
    let first = learn();
    let told = String::from_utf8_lossy(&first.stdout).into_owned();
    assert_eq!(first.status.code(), Some(0), "{told}");
    assert!(
        told.contains("Recipe BodyCam 1") && told.contains("5 files learnt"),
        "{told}"
    );
    assert!(
        told.contains("list.txt"),
        "what is left out is named: {told}"
    );
    let learnt = fs::read(&out).unwrap();
    // The same files teach nothing twice.
    let again = learn();
    let told = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(told.contains("0 files learnt, 5 learnt before"), "{told}");
    assert_eq!(fs::read(&out).unwrap(), learnt);

    let config = at("unbroken.toml");
    fs::write(
        &config,
        format!("[reference]\nexemplars = '{}'\n", out.display()),
    )
    .unwrap();
    let [honest, rewrapped] =
        <[Value; 2]>::try_from(reports(&["--config", text(&config)])).unwrap();
    assert_eq!(said(&honest, "unlike_its_model"), (vec![], false));
    assert_eq!(said(&honest, "editor_trace").0, []);
    assert_eq!(honest["outcome"]["integrity"], "no_trace");
    let strong = ("attention".to_owned(), "strong".to_owned());
    assert_eq!(said(&rewrapped, "unlike_its_model"), (vec![strong], false));
    assert_eq!(rewrapped["outcome"]["integrity"], "inconsistent");

    // A file that cannot be used is refused, with its name and line.
    fs::write(&out, "{\n\"schema\": 1}").unwrap();
    let refused = unbroken(&["check", "--config", text(&config), inputs[0]]);
    assert_eq!(refused.status.code(), Some(2));
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        why.contains("exemplars.json") && why.contains("line 2"),
        "{why}"
    );
}
