//! Faults of pictures over time by recipe, through the whole pass and the
//! judgement: each fault is asked about, and what only looks like it is not.

// The helpers of a test may fail it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::File;
use std::path::Path;
use std::process::Command;

use unbroken_probes::check::{Context, Level};
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measurements::Measurements;
use unbroken_probes::probe::{Depth, Wants, probe};

/// A scene that moves and has a sensor's noise.
const SCENE: &str =
    "-f lavfi -i testsrc2=size=320x240:rate=25:duration=8,noise=alls=6:allf=t,format=yuv420p";
const X264: &str = "-c:v libx264 -preset veryfast -crf 23 -threads 1";

/// What is measured in the file that `ffmpeg` makes with these words.
fn made(words: &str, ending: &str) -> Measurements {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("made.{ending}"));
    ffmpeg(words, &path);
    measured(&path)
}

fn ffmpeg(words: &str, to: &Path) {
    let done = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
        .args(words.split_whitespace())
        .arg(to)
        .output()
        .expect("these tests need the ffmpeg program");
    assert!(
        done.status.success(),
        "{words}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn measured(path: &Path) -> Measurements {
    let wants = Wants {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        still_long_side_px: 160,
        stills_count: 0,
        depth: Depth::Full,
    };
    probe(&mut File::open(path).unwrap(), &wants).measurements
}

/// The strongest that one check says.
fn said(m: &Measurements, code: &str) -> Option<Level> {
    let judged = judge(m, &Rules::default(), &Context::default());
    let found = judged.findings.iter().filter(|f| f.code == code);
    found.map(|f| f.level).max()
}

#[test]
fn half_a_second_frozen_is_asked_about_however_it_is_coded() {
    let lost = "-vf select='not(between(n,100,112))',fps=25";
    for (codec, ending) in [
        (X264, "mp4"),
        ("-c:v mpeg4 -q:v 5", "avi"),
        ("-c:v mjpeg -q:v 4 -pix_fmt yuvj420p", "avi"),
    ] {
        let m = made(&format!("{SCENE} {lost} {codec}"), ending);
        assert_eq!(
            said(&m, "video_frozen"),
            Some(Level::Attention),
            "{codec}: {:?}",
            m.video.unwrap().frozen
        );
        let m = made(&format!("{SCENE} {codec}"), ending);
        assert_eq!(said(&m, "video_frozen"), None, "{codec}");
    }
}

#[test]
fn a_still_scene_is_not_frozen_with_noise_or_without() {
    let still = "trim=end_frame=1,loop=loop=200:size=1,setpts=N/25/TB";
    for (noise, codec) in [(0, X264), (5, X264), (5, "-c:v libx264 -crf 36")] {
        let m = made(
            &format!("{SCENE} -vf {still},noise=alls={noise}:allf=t -r 25 {codec}"),
            "mp4",
        );
        assert!(
            said(&m, "video_frozen") <= Some(Level::Info),
            "{noise} {codec}: {:?}",
            m.video.unwrap().frozen
        );
    }
}

#[test]
fn pictures_in_place_of_lost_ones_are_told_from_a_converted_rate() {
    let lost = "-vf select='mod(n,7)*mod(n+3,11)',fps=25";
    let m = made(&format!("{SCENE} {lost} {X264}"), "mp4");
    assert_eq!(
        said(&m, "video_stutter"),
        Some(Level::Attention),
        "{:?}",
        m.video.unwrap().repeats
    );
    let m = made(&format!("{SCENE} -vf fps=30 {X264}"), "mp4");
    assert!(
        said(&m, "video_stutter") <= Some(Level::Info),
        "{:?}",
        m.video.unwrap().repeats
    );
}

#[test]
fn half_a_second_of_black_in_a_bright_recording_is_asked_about() {
    let black = |words: &str| {
        let m = made(&format!("{SCENE} -vf {words} {X264}"), "mp4");
        said(&m, "video_black")
    };
    let half = "drawbox=color=black:t=fill:enable='between(t,3.5,4)'";
    assert_eq!(black(half), Some(Level::Attention));
    // The same at night, and a blink.
    assert_eq!(black(&format!("lutyuv=y=val*0.15+14,{half}")), None);
    assert_eq!(
        black("drawbox=color=black:t=fill:enable='between(t,3.5,3.7)'"),
        None
    );
}

#[test]
fn a_stretch_out_of_focus_is_asked_about_and_low_resolution_is_not() {
    let scene = "-f lavfi -i mandelbrot=size=640x480:rate=25:end_scale=0.3:maxiter=200 -t 12";
    let blurred = |words: &str| {
        let m = made(
            &format!("{scene} -vf {words} -pix_fmt yuv420p {X264}"),
            "mp4",
        );
        said(&m, "video_blurred")
    };
    assert_eq!(
        blurred("gblur=sigma=2.5:enable='between(t,4,8)'"),
        Some(Level::Attention)
    );
    assert_eq!(blurred("gblur=sigma=5"), Some(Level::Attention));
    // Too little detail may be said of it, but not blur.
    assert_ne!(blurred("scale=160:120"), Some(Level::Attention));
    assert_eq!(blurred("null"), None);
}

#[test]
fn coarse_coding_is_asked_about_and_fine_coding_is_not() {
    let blocky = |codec: &str, ending: &str| {
        let m = made(&format!("{SCENE} {codec}"), ending);
        said(&m, "video_blocky")
    };
    // Shapes rather than letters, whose own edges are as strong as the blocks'.
    let shapes = "-f lavfi -i mandelbrot=size=320x240:rate=25:end_scale=0.3:maxiter=200 -t 4";
    let coarse = made(
        &format!("{shapes} -c:v mjpeg -q:v 31 -pix_fmt yuvj420p"),
        "avi",
    );
    assert_eq!(said(&coarse, "video_blocky"), Some(Level::Attention));
    assert_eq!(
        blocky("-c:v libx264 -crf 51", "mp4"),
        Some(Level::Attention)
    );
    for (codec, ending) in [
        ("-c:v mjpeg -q:v 3 -pix_fmt yuvj420p", "avi"),
        ("-c:v mpeg4 -q:v 3", "avi"),
        (X264, "mp4"),
    ] {
        assert_eq!(blocky(codec, ending), None, "{codec}");
    }
}

#[test]
fn what_is_built_on_dropped_packets_is_damaged_to_the_next_key_picture() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.mp4");
    ffmpeg(
        &format!("{SCENE} -c:v libx264 -bf 0 -g 50 -sc_threshold 0 -threads 1"),
        &whole,
    );
    let dropped = folder.path().join("dropped.mp4");
    ffmpeg(
        &format!(
            "-i {} -c copy -bsf:v noise=drop='between(n,130,137)'",
            whole.display()
        ),
        &dropped,
    );
    assert_eq!(said(&measured(&whole), "decode_errors"), None);
    let m = measured(&dropped);
    assert_eq!(m.decoding.missing_references, 1, "{:?}", m.decoding);
    let [span] = m.decoding.error_spans.as_slice() else {
        panic!("{:?}", m.decoding);
    };
    assert!(
        (span.start_s - 5.16).abs() < 0.05 && (span.end_s - 6.0).abs() < 0.05,
        "{span:?}"
    );
    assert_eq!(said(&m, "decode_errors"), Some(Level::Attention));
}
