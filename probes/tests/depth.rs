//! Looking at structure alone: the same facts of structure, times and coded
//! heads, read from a small part of the file, and nothing else.

// The helpers of a test may fail it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use unbroken_probes::check::Context;
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measurements::{Kind, Measurements};
use unbroken_probes::probe::{Depth, Wants, probe};

/// Grain that makes packets far larger than FFmpeg's read-ahead.
const GRAIN: &str = "testsrc2=size=1280x720:rate=25:duration=1,noise=alls=40:allf=t";

fn film(folder: &Path, name: &str, coding: &str) -> PathBuf {
    let path = folder.join(name);
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", GRAIN])
        .args(["-f", "lavfi", "-i", "sine=duration=1"])
        .args(coding.split_whitespace())
        .args(["-pix_fmt", "yuv420p", "-c:a", "aac"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(done.success());
    path
}

fn look(path: &Path, depth: Depth) -> Measurements {
    let wants = Wants {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        still_long_side_px: 64,
        stills_count: 2,
        depth,
    };
    let probed = probe(&mut File::open(path).unwrap(), &wants);
    assert_eq!(probed.stills.is_empty(), depth == Depth::Structure);
    probed.measurements
}

#[test]
fn structure_alone_says_the_same_of_structure() {
    let folder = tempfile::tempdir().unwrap();
    let h264 = "-c:v libx264 -preset ultrafast -qp 12 -g 8 -bf 2";
    let hevc = "-c:v libx265 -preset ultrafast -qp 12 -x265-params log-level=none:keyint=8";
    for (name, coding) in [
        ("film.mp4", h264),
        ("film.mov", hevc),
        ("film.mkv", h264),
        ("film.ts", h264),
    ] {
        let path = film(folder.path(), name, coding);
        let (full, lean) = (look(&path, Depth::Full), look(&path, Depth::Structure));
        assert_eq!((lean.kind, &lean.container), (Kind::Video, &full.container));
        assert_eq!(lean.tracks, full.tracks, "{name}");
        assert_eq!(lean.bitstream, full.bitstream, "{name}");
        assert!(
            lean.bitstream.as_ref().is_some_and(|b| b.pictures == 25),
            "{name}"
        );
        // Of sound, the samples that came out are counted beside its times.
        let pictures = |m: &Measurements| m.timing.iter().find(|t| t.medium == "video").cloned();
        assert!(pictures(&full).is_some_and(|t| t.packets == 25), "{name}");
        assert_eq!(pictures(&lean), pictures(&full), "{name}");
        assert!(lean.decoding.messages.is_empty(), "{:?}", lean.decoding);
        assert!(lean.video.is_none() && lean.audio.is_none());
    }
}

#[test]
fn checks_that_need_pictures_or_sound_say_that_they_did_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = film(folder.path(), "film.mp4", "-c:v libx264 -preset ultrafast");
    let lean = look(&path, Depth::Structure);
    let judged = judge(&lean, &Rules::default(), &Context::default());
    for code in [
        "video_black",
        "video_frozen",
        "audio_silent",
        "decode_errors",
    ] {
        let said = judged.not_run.iter().find(|check| check.code == code);
        let why = said.map(|check| check.why.en.as_str()).unwrap_or_default();
        assert!(
            why.contains("only structure was asked for"),
            "{code}: {why}"
        );
    }
    assert!(judged.findings.iter().all(|f| f.code != "unreadable"));
}
