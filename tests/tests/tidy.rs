//! The laws of the house, held against its own source.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::fs;
use std::path::{Path, PathBuf};

use unbroken_probes::registry::CHECKS;
use unbroken_tests::running::files_beneath;

/// The one wrapper of the operating system beside the FFmpeg room that needs
/// unsafe code: read leases have no safe binding.
const UNSAFE: [&str; 3] = [
    "probes/src/ffmpeg.rs",
    "probes/src/ffmpeg/",
    "daemon/src/adapter/share_directory/lease.rs",
];
/// The door through which time enters, and the demo, which stands outside.
const CLOCKS: [&str; 2] = [
    "daemon/src/adapter/os_clock.rs",
    "tests/recipe/src/bin/demo.rs",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Rust sources of a crate: path from the root, text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = root();
    files_beneath(&root.join(folder))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .unwrap_or(&path)
                .display()
                .to_string();
            (
                name.trim_start_matches("../").to_owned(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

/// Lines of code: no comments, and nothing from the tests of a file on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.split("//").next().unwrap_or_default()))
        .filter(|(_, line)| !line.trim().is_empty())
}

fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs") || name.contains("/examples/")
}

/// Every line of code with one of the words, outside tests and the named files.
fn found(texts: &[(String, String)], words: &[&str], but: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in texts {
        if is_test(name) || but.iter().any(|allowed| name.starts_with(allowed)) {
            continue;
        }
        for (number, line) in code(text) {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    found
}

fn all() -> Vec<(String, String)> {
    ["probes/src", "config/src", "daemon/src", "tests/recipe/src"]
        .into_iter()
        .flat_map(sources)
        .collect()
}

#[test]
fn the_scanner_sees_code_and_passes_over_comments_and_tests() {
    let sample = |text: &str| vec![("x/src/a.rs".to_owned(), text.to_owned())];
    assert_eq!(
        found(&sample("let a = b.unwrap();"), &[".unwrap()"], &[]).len(),
        1
    );
    assert_eq!(
        found(
            &sample("// b.unwrap()\n#[cfg(test)]\nb.unwrap()"),
            &[".unwrap()"],
            &[]
        ),
        [""; 0]
    );
    assert_eq!(
        found(&sample("unsafe {}"), &["unsafe {"], &["x/src/a.rs"]),
        [""; 0]
    );
}

#[test]
fn floors_hold() {
    let upwards = found(
        &sources("probes/src"),
        &["unbroken_config", "unbroken::"],
        &[],
    );
    assert_eq!(upwards, [""; 0]);
    assert_eq!(found(&sources("config/src"), &["unbroken::"], &[]), [""; 0]);
    let daemon = sources("daemon/src");
    let wiring = ["daemon/src/cli", "daemon/src/adapter"];
    let adapters = [
        "SqliteLedger",
        "DirectoryShare",
        "DirectoryStore",
        "S3Store",
        "ChildProber",
    ];
    assert_eq!(found(&daemon, &adapters, &wiring), [""; 0]);
    assert_eq!(
        found(
            &daemon,
            &["crate::cli"],
            &["daemon/src/cli", "daemon/src/main.rs"]
        ),
        [""; 0]
    );
}

#[test]
fn unsafe_code_stays_in_its_rooms() {
    assert_eq!(
        found(
            &all(),
            &["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"],
            &UNSAFE
        ),
        [""; 0]
    );
}

/// That nothing panics on input is clippy's to hold (`unwrap_used` and its
/// kin); clippy also knows the clocks, but an `allow` would silence it.
#[test]
fn nobody_else_reads_the_clock() {
    let clocks = [
        "Utc::now(",
        "Local::now(",
        "SystemTime::now(",
        "Instant::now(",
    ];
    assert_eq!(found(&all(), &clocks, &CLOCKS), [""; 0]);
}

#[test]
fn no_room_is_named_for_nothing_and_nothing_is_put_off() {
    for (name, text) in all() {
        let stem = Path::new(&name)
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let empty = [
            "util", "utils", "common", "helper", "helpers", "manager", "misc",
        ];
        assert!(!empty.contains(&stem.as_str()), "{name}");
        assert!(!text.contains("TODO") && !text.contains("FIXME"), "{name}");
    }
}

#[test]
fn every_check_is_registered_and_documented() {
    let declared = sources("probes/src/check")
        .iter()
        .filter(|(_, text)| text.contains("pub static CHECK: Check"))
        .count();
    assert_eq!(declared, CHECKS.len());
    for check in CHECKS {
        for text in [check.title, check.pass, check.doc] {
            assert!(!text.zh.is_empty() && !text.en.is_empty(), "{}", check.code);
        }
        assert!(
            !check.doc.zh.contains("伪造") && !check.doc.zh.contains("造假"),
            "{}",
            check.code
        );
    }
}

#[test]
fn every_crate_keeps_the_workspaces_lints() {
    for manifest in ["probes", "config", "daemon", "tests", "tests/recipe"] {
        let text = fs::read_to_string(root().join(manifest).join("Cargo.toml")).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest}");
    }
}
