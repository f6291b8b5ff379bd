//! How long a full analysis takes beside plain decoding and beside the filters
//! that look for the same faults.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use unbroken::port::clock::Clock;
use unbroken_recipe::clip::ffmpeg;

use super::found::Found;
use super::kitchen::Kitchen;

/// Runs of each, of which the median counts.
const RUNS: usize = 3;
/// The filters that look for what our instruments look for.
const FILTERS: &str = "blurdetect,freezedetect,blackdetect,scdet";

/// Clips by name, with the arguments that make them.
const CLIPS: [(&str, &str, &str, &str); 3] = [
    (
        "1080p H.264",
        "mp4",
        "1920x1080",
        "-c:v libx264 -preset veryfast -crf 23",
    ),
    (
        "4K HEVC",
        "mp4",
        "3840x2160",
        "-c:v libx265 -preset ultrafast -crf 26 -x265-params log-level=none",
    ),
    (
        "1080p MJPEG",
        "mov",
        "1920x1080",
        "-pix_fmt yuvj420p -c:v mjpeg -q:v 4",
    ),
];

/// Measures each clip three ways, one after the other, the file in the cache.
pub fn page(
    kitchen: &Kitchen,
    clock: &dyn Clock,
    seconds: u32,
    threads: u32,
) -> Result<String, String> {
    let mut out = String::from(
        "| clip | full analysis | plain decoding | filters | analysis / decoding | filters / analysis |\n\
         |---|---|---|---|---|---|\n",
    );
    for (name, ending, size, codec) in CLIPS {
        let seconds_text = seconds.to_string();
        let file = kitchen.made(&["speed", name, codec, &seconds_text], ending, |to| {
            let scene = format!(
                "testsrc2=size={size}:rate=30:duration={seconds},noise=alls=6:allf=t,format=yuv420p"
            );
            let arguments: Vec<&str> = ["-f", "lavfi", "-i", &scene]
                .into_iter()
                .chain(codec.split_whitespace())
                .collect();
            ffmpeg(&arguments, to)
        })?;
        let threads = threads.to_string();
        let plain = |more: &[&str]| decode(&file, &threads, more);
        // Each in turn, so that whatever else the machine does meets all three.
        let mut times_s = [const { Vec::new() }; 3];
        std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        for _ in 0..RUNS {
            let [ours, decoding, filters] = &mut times_s;
            ours.push(timed(clock, || Found::in_file(&file).map(|_| ()))?);
            decoding.push(timed(clock, || plain(&[]))?);
            filters.push(timed(clock, || plain(&["-vf", FILTERS]))?);
        }
        let [ours, decoding, filters] = times_s.map(median);
        writeln!(
            out,
            "| {name} | {ours:.2} s | {decoding:.2} s | {filters:.2} s | {:.2} | {:.2} |",
            ours / decoding,
            filters / ours
        )
        .map_err(|e| e.to_string())?;
    }
    Ok(out)
}

fn decode(file: &Path, threads: &str, more: &[&str]) -> Result<(), String> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-threads", threads, "-i"])
        .arg(file)
        .args(more)
        .args(["-an", "-f", "null", "-"])
        .output()
        .map_err(|e| format!("ffmpeg cannot be started: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn timed(clock: &dyn Clock, work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let start = clock.monotonic();
    work()?;
    Ok((clock.monotonic() - start).as_secs_f64())
}

fn median(mut times_s: Vec<f64>) -> f64 {
    times_s.sort_by(f64::total_cmp);
    times_s.get(times_s.len() / 2).copied().unwrap_or(f64::NAN)
}
