//! How long a full analysis takes beside plain decoding and beside the filters
//! that look for the same faults.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use unbroken_recipe::clip::ffmpeg;

use super::found::Found;
use super::kitchen::Kitchen;
use crate::spent::{Spent, median, spent, tool};

/// The filters that look for what our instruments look for.
const FILTERS: &str = "blurdetect,freezedetect,blackdetect,scdet";
/// Without a recording: a flight that moves every pixel, made small because the
/// set is slow to compute.
const SCENE: &str = "mandelbrot=size=640x360:rate=30";
/// At most this share of what plain decoding takes.
const GOAL_DECODING: f64 = 1.0;
/// At least as many times as fast as the filters.
const GOAL_FILTERS: f64 = 4.0;

/// A clip by name, how it is made, and whether it has to be as fast as decoding.
struct Clip {
    name: &'static str,
    ending: &'static str,
    size: &'static str,
    coding: &'static str,
    is_goal: bool,
}

/// Bit rates are those of phones; MJPEG is that of cameras of a microscope or a
/// desk.
const CLIPS: [Clip; 3] = [
    Clip {
        name: "1080p H.264, 16 Mbit/s",
        ending: "mp4",
        size: "1920:1080",
        coding: "-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -b:v 16M",
        is_goal: true,
    },
    Clip {
        name: "4K HEVC, 45 Mbit/s",
        ending: "mp4",
        size: "3840:2160",
        coding: "-pix_fmt yuv420p -c:v libx265 -preset ultrafast -b:v 45M -x265-params log-level=none:bframes=0",
        is_goal: true,
    },
    Clip {
        name: "1080p MJPEG, quality 4",
        ending: "mov",
        size: "1920:1080",
        coding: "-pix_fmt yuvj420p -c:v mjpeg -q:v 4",
        is_goal: false,
    },
];

/// What is measured, and how often.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// A recording that the clips are made from; a made scene without one.
    pub source: Option<PathBuf>,
    /// Length of the clips.
    pub seconds: u32,
    /// Threads that decode, here and there.
    pub threads: u32,
    /// Rounds, of which the median counts.
    pub rounds: u32,
}

/// The medians of one contender.
struct Medians {
    wall_s: f64,
    cpu_s: f64,
}

/// Measures each clip three ways in turns, the file in the cache.
pub fn page(kitchen: &Kitchen, bounds: &Bounds) -> Result<String, String> {
    let mut rows = String::new();
    let mut goals = String::new();
    for clip in &CLIPS {
        let file = made(kitchen, clip, bounds)?;
        let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let mib = bytes.len() >> 20;
        drop(bytes);
        let mut took = [const { Vec::new() }; 3];
        // In turns, so that whatever else the machine does meets all three.
        for _ in 0..bounds.rounds.max(1) {
            let [ours, decoding, filters] = &mut took;
            ours.push(spent(|| Found::in_file(&file))?.1);
            decoding.push(spent(|| decode(&file, bounds.threads, &[]))?.1);
            filters.push(spent(|| decode(&file, bounds.threads, &["-vf", FILTERS]))?.1);
        }
        let [ours, decoding, filters] = took.map(|rounds| medians(&rounds));
        let mut row = |who: &str, took: &Medians| {
            writeln!(
                rows,
                "| {}, {mib} MiB | {who} | {:.2} | {:.2} | {:.2} | {:.2} |",
                clip.name,
                took.wall_s,
                took.cpu_s,
                took.wall_s / decoding.wall_s,
                took.cpu_s / decoding.cpu_s,
            )
        };
        row("unbroken, full analysis", &ours)
            .and_then(|()| row("ffmpeg -f null", &decoding))
            .and_then(|()| row("ffmpeg with the filters", &filters))
            .map_err(|e| e.to_string())?;
        if clip.is_goal {
            goal(
                &mut goals,
                &format!(
                    "{}: analysis / decoding at most {GOAL_DECODING:.2}",
                    clip.name
                ),
                (ours.wall_s / decoding.wall_s, ours.cpu_s / decoding.cpu_s),
                |ratio| ratio <= GOAL_DECODING,
            )?;
        }
        goal(
            &mut goals,
            &format!(
                "{}: filters / analysis at least {GOAL_FILTERS:.2}",
                clip.name
            ),
            (filters.wall_s / ours.wall_s, filters.cpu_s / ours.cpu_s),
            |ratio| ratio >= GOAL_FILTERS,
        )?;
    }
    Ok(format!(
        "{}\n| clip | who | wall s | processor s | wall / decoding | processor / decoding |\n\
         |---|---|---|---|---|---|\n{rows}\n{goals}",
        head(bounds)
    ))
}

fn head(bounds: &Bounds) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    let build = if cfg!(debug_assertions) {
        "dev profile, in which this part is optimised"
    } else {
        "release build"
    };
    let source = bounds.source.as_deref().and_then(Path::file_name);
    format!(
        "unbroken {}, {build}; clips of {} s made from {}; medians of {} rounds in turns, files in the \
         cache; {cores} cores, load {} at the end. `ffmpeg -threads {}` decodes, and so many threads \
         decode for us; one more looks at the pictures.\n",
        env!("CARGO_PKG_VERSION"),
        bounds.seconds,
        source.map_or_else(|| SCENE.into(), |name| name.to_string_lossy()),
        bounds.rounds.max(1),
        load.join(" "),
        bounds.threads,
    )
}

fn goal(
    out: &mut String,
    what: &str,
    (wall, cpu): (f64, f64),
    is_kept: impl Fn(f64) -> bool,
) -> Result<(), String> {
    let word = |ratio| if is_kept(ratio) { "kept" } else { "missed" };
    writeln!(
        out,
        "- {what}: wall {wall:.2} **{}**, processor {cpu:.2} **{}**",
        word(wall),
        word(cpu)
    )
    .map_err(|e| e.to_string())
}

/// The clip with grain, which encoders of cameras have to deal with, and sound.
fn made(kitchen: &Kitchen, clip: &Clip, bounds: &Bounds) -> Result<PathBuf, String> {
    let seconds = bounds.seconds.to_string();
    let source = bounds.source.as_deref();
    let from = source.map_or(SCENE.to_owned(), |path| path.display().to_string());
    let of = ["speed", &from, clip.size, clip.coding, &seconds];
    kitchen.made(&of, clip.ending, |to| {
        let scale = format!("scale={},noise=alls=8:allf=t", clip.size);
        let picture: &[&str] = match source {
            None => &["-f", "lavfi", "-i", SCENE],
            // A short recording goes round.
            Some(_) => &["-stream_loop", "-1", "-i", &from],
        };
        let sound = ["-f", "lavfi", "-i", "anoisesrc=amplitude=0.02:seed=3"];
        let mapping = [
            "-map", "0:v:0", "-map", "1:a:0", "-t", &seconds, "-vf", &scale,
        ];
        let arguments: Vec<&str> = picture
            .iter()
            .copied()
            .chain(sound)
            .chain(mapping)
            .chain(clip.coding.split_whitespace())
            .chain(["-c:a", "aac"])
            .collect();
        ffmpeg(&arguments, to)
    })
}

fn decode(file: &Path, threads: u32, more: &[&str]) -> Result<String, String> {
    tool(
        Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-threads", &threads.to_string()])
            .arg("-i")
            .arg(file)
            .args(more)
            .args(["-f", "null", "-"]),
    )
}

fn medians(rounds: &[Spent]) -> Medians {
    Medians {
        wall_s: median(rounds.iter().map(|took| took.wall_s)),
        cpu_s: median(rounds.iter().map(|took| took.cpu_s)),
    }
}
