//! The commands as a user or a script meets them: answers and exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_unbroken");

fn unbroken(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

#[test]
fn check_answers_every_input_in_order_and_the_unusable_ones_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("文字.jpg"), b"no photo").unwrap();
    fs::write(at("z.jpg"), b"no photo either").unwrap();
    let inputs = [
        at("missing.jpg"),
        at("z.jpg"),
        "/dev/null".to_owned(),
        at("文字.jpg"),
    ];
    let arguments: Vec<&str> = ["check", "--json"]
        .into_iter()
        .chain(inputs.iter().map(String::as_str))
        .collect();
    let output = unbroken(&arguments);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let paths: Vec<&str> = answers
        .iter()
        .map(|answer| answer["file"]["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, inputs);
    let schemas: Vec<&str> = answers
        .iter()
        .map(|answer| answer["schema"].as_str().unwrap())
        .collect();
    let (report, unusable) = ("unbroken.report/1", "unbroken.unusable/1");
    assert_eq!(schemas, [unusable, report, unusable, report]);
    assert!(!answers[0]["error"].as_str().unwrap().is_empty());
    assert_eq!(answers[3]["file"]["name"], "文字.jpg");
}

#[test]
fn check_ends_with_one_where_not_everything_passes_and_with_two_where_nothing_could_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jpg");
    fs::write(&file, b"no photo").unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(unbroken(&["check", path]).status.code(), Some(1));
    assert_eq!(unbroken(&["check"]).status.code(), Some(2));
    assert_eq!(unbroken(&["check", "/nowhere"]).status.code(), Some(2));
    let config = folder.path().join("wrong.toml");
    fs::write(&config, "[verdikt]\n").unwrap();
    let wrong = unbroken(&["check", "--config", config.to_str().unwrap(), path]);
    assert_eq!(wrong.status.code(), Some(2));
    // An empty folder holds nothing that does not pass.
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let nothing = unbroken(&["check", empty.to_str().unwrap()]);
    assert_eq!(nothing.status.code(), Some(0), "{}", said(&nothing));
}

#[test]
fn explain_names_the_key_that_was_probably_meant() {
    let known = unbroken(&["config", "explain", "settle.quiet_s"]);
    assert_eq!(known.status.code(), Some(0));
    let mistyped = unbroken(&["config", "explain", "setle.quiet_s"]);
    assert_eq!(mistyped.status.code(), Some(2));
    assert!(
        said(&mistyped).contains("settle.quiet_s"),
        "{}",
        said(&mistyped)
    );
}

#[test]
fn a_head_that_is_none_is_refused_before_anything_is_read() {
    let output = unbroken(&["verify", "--head", "12"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("64 hex digits"), "{}", said(&output));
}
