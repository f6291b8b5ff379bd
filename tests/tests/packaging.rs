//! What is shipped for deployment parses and says what the program needs. No
//! container engine is asked.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_norway::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_default()
}

#[test]
fn the_compose_file_names_daemon_store_and_share() {
    let compose: Value = serde_norway::from_str(&text("docker/compose.yaml")).unwrap();
    for service in ["unbroken", "store", "samba"] {
        assert!(compose["services"][service].is_mapping(), "{service}");
    }
    let daemon = &compose["services"]["unbroken"];
    assert_eq!(daemon["read_only"], Value::Bool(true));
    let dockerfile = daemon["build"]["dockerfile"].as_str().unwrap();
    assert!(root().join(dockerfile).is_file());
    for volume in daemon["volumes"].as_sequence().unwrap() {
        let source = volume.as_str().unwrap().split(':').next().unwrap();
        let is_file = source.starts_with("./") && root().join("docker").join(source).is_file();
        assert!(
            is_file || compose["volumes"].get(source).is_some(),
            "{source}"
        );
    }
}

#[test]
fn the_example_config_can_be_used() {
    let config = unbroken_config::parse(&text("docker/unbroken.s3.toml"), "example");
    assert!(config.is_ok(), "{}", config.unwrap_err());
}

/// Every line of the Dockerfile is an instruction, a comment or goes on from
/// one before; the daemon does not run as root and is asked for its health.
#[test]
fn the_dockerfile_is_whole() {
    let known = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "USER",
        "VOLUME",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    ];
    let file = text("docker/Dockerfile");
    let mut goes_on = false;
    for line in file
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let word = line.split_whitespace().next().unwrap_or_default();
        assert!(goes_on || known.contains(&word), "{line}");
        goes_on = line.ends_with('\\');
    }
    let last_stage = file.rsplit("FROM ").next().unwrap();
    assert!(last_stage.contains("\nUSER unbroken") && last_stage.contains("\nHEALTHCHECK"));
}

#[test]
fn the_unit_can_reload_and_stop_in_time() {
    let unit = text("docker/unbroken.service");
    for needed in [
        "ExecStart=/usr/local/bin/unbroken run --config",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "TimeoutStopSec=20",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "RequiresMountsFor=/srv/share",
        "AssertPathIsDirectory=/srv/share",
    ] {
        assert!(
            unit.lines().any(|line| line.starts_with(needed)),
            "{needed}"
        );
    }
}

/// Evidence, secrets and history never enter an image.
#[test]
fn a_build_of_the_image_is_not_given_what_stays_here() {
    let left_out = text(".dockerignore");
    for kept_here in ["/share", "/state", "/target", ".git", "docker/secrets.env"] {
        assert!(
            left_out.lines().any(|line| line == kept_here),
            "{kept_here}"
        );
    }
}

#[test]
fn every_script_is_sound() {
    let mut scripts = vec![
        root().join("run"),
        root().join("test"),
        root().join(".ci/run"),
    ];
    for folder in ["docker", "tests/setup"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        scripts.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "sh")));
    }
    assert!(scripts.len() >= 6);
    let looked = Command::new("shellcheck").args(&scripts).output().unwrap();
    let complaints = String::from_utf8_lossy(&looked.stdout);
    assert!(looked.status.success(), "{complaints}");
}
