//! A child that crashes, hangs, floods or lies is a finding about the file and
//! never a fault of the daemon. The stand-ins for a broken child are small
//! shell scripts; the last tests use the real program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use unbroken::adapter::prober_child::{ChildProber, Settings};
use unbroken::cell::sandbox::{Bounds, Lockdown};
use unbroken::port::fault::Fault;
use unbroken::port::prober::{Probe, Prober};
use unbroken_probes::measurements::Kind;
use unbroken_probes::probe::Wants;

const REAL: &str = env!("CARGO_BIN_EXE_unbroken");

fn settings(program: impl Into<PathBuf>) -> Settings {
    Settings {
        program: program.into(),
        bounds: Bounds {
            memory_bytes: 2 << 30,
            cpu_s: 60,
        },
        wall: Duration::from_secs(60),
        lockdown: Lockdown::On,
        attempts: 2,
    }
}

fn script(dir: &Path, body: &str) -> PathBuf {
    let path = dir.join("child.sh");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn wants(name: &str) -> Wants {
    Wants {
        name: name.to_owned(),
        still_long_side_px: 64,
        stills_count: 1,
        depth: unbroken_probes::probe::Depth::Full,
    }
}

/// Probes a file of these bytes.
async fn probe(settings: Settings, name: &str, bytes: &[u8]) -> Result<Probe, Fault> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("copy");
    fs::write(&file, bytes).unwrap();
    ChildProber::new(settings).probe(&file, &wants(name)).await
}

fn broke(probe: Result<Probe, Fault>) -> String {
    match probe {
        Ok(Probe::Broke { why }) => why,
        other => panic!("{other:?}"),
    }
}

fn stopped(probe: Result<Probe, Fault>) -> String {
    match probe {
        Ok(Probe::Stopped { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_crash_is_tried_again_and_then_said_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let child = script(
        dir.path(),
        &format!("echo x >> {}\nkill -SEGV $$", count.display()),
    );
    let why = broke(probe(settings(child), "a.mp4", b"x").await);
    assert!(why.contains("signal 11"), "{why}");
    assert_eq!(fs::read_to_string(count).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_hang_is_stopped_and_not_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(dir.path(), "exec sleep 1000");
    let mut settings = settings(child);
    settings.wall = Duration::from_millis(300);
    let why = stopped(probe(settings, "a.mp4", b"x").await);
    assert!(why.contains("took longer"), "{why}");
}

#[tokio::test]
async fn a_flood_of_output_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(dir.path(), "exec cat /dev/zero");
    let why = stopped(probe(settings(child), "a.mp4", b"x").await);
    assert!(why.contains("larger than"), "{why}");
}

#[tokio::test]
async fn a_flood_of_complaints_neither_fills_nor_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(dir.path(), "head -c 10000000 /dev/zero >&2\nexit 3");
    let why = broke(probe(settings(child), "a.mp4", b"x").await);
    assert!(why.contains("ended with"), "{why}");
}

#[tokio::test]
async fn half_a_result_is_no_result() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(dir.path(), "printf '\\000\\000\\377\\377{}'");
    let why = broke(probe(settings(child), "a.mp4", b"x").await);
    assert!(why.contains("ends after"), "{why}");
}

#[tokio::test]
async fn a_child_that_cannot_lock_itself_in_is_our_fault_and_not_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(dir.path(), "echo 'no seccomp here' >&2\nexit 70");
    match probe(settings(child), "a.mp4", b"x").await {
        Err(Fault::Final(why)) => assert!(why.contains("no seccomp here"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_our_fault() {
    let gone = settings("/nonexistent/unbroken");
    assert!(matches!(
        probe(gone, "a.mp4", b"x").await,
        Err(Fault::Fleeting(_))
    ));
}

#[tokio::test]
async fn the_real_child_measures_behind_its_lockdown() {
    match probe(settings(REAL), "a.jpg", b"only text").await {
        Ok(Probe::Measured(probed)) => {
            assert_eq!(probed.measurements.kind, Kind::Unreadable);
            assert_eq!(probed.measurements.size_bytes, 9);
        }
        other => panic!("{other:?}"),
    }
}

/// A playlist named as a clip makes stock FFmpeg open the files that it names.
#[tokio::test]
async fn a_playlist_named_mp4_opens_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret.mp4");
    fs::write(&secret, b"secret").unwrap();
    for text in [
        format!("ffconcat version 1.0\nfile {}\n", secret.display()),
        format!("#EXTM3U\n#EXTINF:1,\n{}\n", secret.display()),
    ] {
        for lockdown in [Lockdown::On, Lockdown::Off] {
            let settings = Settings {
                lockdown,
                ..settings(REAL)
            };
            match probe(settings, "up.mp4", text.as_bytes()).await {
                Ok(Probe::Measured(probed)) => {
                    assert_eq!(probed.measurements.kind, Kind::Unreadable, "{lockdown:?}");
                    assert!(probed.measurements.tracks.is_empty());
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Rust aborts when an allocation is refused; that is a limit, not a crash, and
/// is not tried again.
#[tokio::test]
async fn too_little_memory_is_told_from_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(
        dir.path(),
        "echo 'memory allocation of 9000000000 bytes failed' >&2\nkill -ABRT $$",
    );
    let why = stopped(probe(settings(child), "a.jpg", b"x").await);
    assert!(why.contains("bytes of memory"), "{why}");
}

/// The kernel tells our CPU limit by a signal of its own.
#[tokio::test]
async fn the_cpu_limit_is_told_as_ours() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(dir.path(), "kill -XCPU $$");
    let why = stopped(probe(settings(child), "a.mp4", b"x").await);
    assert!(why.contains("60 s of CPU time"), "{why}");
}

#[tokio::test]
async fn a_kill_from_outside_is_not_said_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let child = script(dir.path(), "kill -KILL $$");
    let ended = probe(settings(child), "a.mp4", b"x").await;
    assert!(matches!(ended, Ok(Probe::Killed { .. })), "{ended:?}");
}

/// What the child started goes with it.
#[tokio::test]
async fn the_whole_group_of_a_hanging_child_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let number = dir.path().join("number");
    let child = script(
        dir.path(),
        &format!("sleep 1000 &\necho $! > {}\nwait", number.display()),
    );
    let mut settings = settings(child);
    settings.wall = Duration::from_secs(1);
    stopped(probe(settings, "a.mp4", b"x").await);
    let number = fs::read_to_string(number).unwrap();
    let status = format!("/proc/{}/status", number.trim());
    // Gone, or dead and not yet collected by whoever inherited it.
    let is_dead = || fs::read_to_string(&status).map_or(true, |s| s.contains("State:\tZ"));
    for _ in 0..500 {
        if is_dead() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the child's child lives on");
}
