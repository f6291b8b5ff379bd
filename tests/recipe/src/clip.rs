//! Clips, made by the `ffmpeg` command.

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Utc};

/// A scene that moves: one of FFmpeg's own patterns, with camera-like grain.
#[derive(Clone, Copy, Debug)]
pub enum Scene {
    /// A test card with a running counter.
    Card,
    /// A slow flight into the Mandelbrot set.
    Mandelbrot,
    /// Cells that live and die.
    Life,
}

impl Scene {
    fn source(self, seconds: f64) -> String {
        let size = "size=640x360:rate=25";
        match self {
            Self::Card => format!("testsrc2={size}:duration={seconds}"),
            Self::Mandelbrot => format!("mandelbrot={size},trim=duration={seconds}"),
            Self::Life => format!("life={size}:mold=10:seed=7:ratio=0.1,trim=duration={seconds}"),
        }
    }
}

/// One uncut clip with sound.
pub fn film(scene: Scene, seconds: f64, created: DateTime<Utc>, to: &Path) -> Result<(), String> {
    let created = format!("creation_time={}", created.format("%Y-%m-%dT%H:%M:%SZ"));
    recorded(scene, seconds, ("", 3), &["-metadata", &created], to)
}

/// One uncut clip of a body camera that builds FFmpeg in, as its tags and its
/// structure say: the index first, QuickTime brands. `seed` makes it another
/// recording of the same camera.
pub fn body_camera(seed: u32, seconds: f64, to: &Path) -> Result<(), String> {
    let tags = [
        "-metadata",
        "com.apple.quicktime.make=Recipe",
        "-metadata",
        "com.apple.quicktime.model=BodyCam 1",
        "-metadata",
        "com.apple.quicktime.software=1.0",
        "-movflags",
        "use_metadata_tags+faststart",
    ];
    let grain = format!(":all_seed={seed}");
    recorded(Scene::Card, seconds, (&grain, seed), &tags, to)
}

/// A scene with a sensor's grain and a room's noise, seeded as said, coded once.
fn recorded(
    scene: Scene,
    seconds: f64,
    (grain, noise): (&str, u32),
    more: &[&str],
    to: &Path,
) -> Result<(), String> {
    let picture = format!(
        "{},noise=alls=6:allf=t{grain},format=yuv420p",
        scene.source(seconds)
    );
    let sound = format!("anoisesrc=amplitude=0.02:duration={seconds}:seed={noise}");
    let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound];
    let coding = [
        "-shortest",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-g",
        "25",
        "-c:a",
        "aac",
    ];
    ffmpeg(&[&inputs[..], &coding, more].concat(), to)
}

/// The same packets in a wrapping of another kind, all tags kept.
pub fn rewrapped(from: &Path, to: &Path) -> Result<(), String> {
    let from = from.to_str().ok_or("the clip's path is no UTF-8")?;
    ffmpeg(
        &[
            "-i",
            from,
            "-map_metadata",
            "0",
            "-movflags",
            "use_metadata_tags",
            "-c",
            "copy",
        ],
        to,
    )
}

/// Two scenes joined into one clip by a re-encode: a hard cut after `first_s`.
pub fn joined(first_s: f64, second_s: f64, to: &Path) -> Result<(), String> {
    let first = Scene::Card.source(first_s);
    let second = Scene::Mandelbrot.source(second_s);
    ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            &format!("{first},format=yuv420p"),
            "-f",
            "lavfi",
            "-i",
            &format!("{second},format=yuv420p"),
            "-filter_complex",
            "[0:v][1:v]concat=n=2:v=1[v]",
            "-map",
            "[v]",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
        ],
        to,
    )
}

/// A clip whose picture stands still from `from_s` for `still_s`, exactly.
pub fn frozen(seconds: f64, from_s: f64, still_s: f64, to: &Path) -> Result<(), String> {
    let frames = |s: f64| (s * 25.0).round();
    let (at, count) = (frames(from_s), frames(still_s));
    let hold = format!(
        "{},noise=alls=6:allf=t,loop=loop={count}:size=1:start={at},trim=duration={seconds},format=yuv420p",
        Scene::Card.source(seconds)
    );
    ffmpeg(
        &[
            "-f", "lavfi", "-i", &hold, "-c:v", "libx264", "-preset", "veryfast",
        ],
        to,
    )
}

/// A part of a clip, its packets copied: no re-encode.
pub fn trimmed(from: &Path, start_s: f64, seconds: f64, to: &Path) -> Result<(), String> {
    let from = from.to_str().ok_or("the clip's path is no UTF-8")?;
    ffmpeg(
        &[
            "-ss",
            &start_s.to_string(),
            "-i",
            from,
            "-t",
            &seconds.to_string(),
            "-c",
            "copy",
        ],
        to,
    )
}

/// Runs `ffmpeg` with these arguments and this output.
pub fn ffmpeg(arguments: &[&str], to: &Path) -> Result<(), String> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments)
        .arg(to)
        .output()
        .map_err(|e| {
            format!("ffmpeg cannot be started: {e}; `./run --demo` and `./test` install it")
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "ffmpeg: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}
