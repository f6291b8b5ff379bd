//! Everything that is measured of a photo, beside decoding it and nothing else,
//! and beside the tools that do a part of the work.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use unbroken_probes::probe::{Depth, Wants, probe};
use unbroken_tests::running::files_beneath;
use unbroken_tests::spent::{median, spent, thread_cpu_s, tool};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::table;

mod steps;

/// Rounds in turns; the least of each counts, for others may be at work.
const ROUNDS: usize = 3;
/// Long side of the viewing copy, as shipped.
const STILL_LONG_SIDE_PX: u32 = 480;
/// Pictures for the report, as shipped: a viewing copy and its error levels.
const STILLS_COUNT: u32 = 8;
/// What the analysis may take of the time of decoding, single-threaded.
const GOAL_DECODING: f64 = 1.5;
/// What it may take of exiftool and the variance of the Laplacian.
const GOAL_PEERS: f64 = 0.2;
/// Variance of the Laplacian as it is usually taken, in grey at full size; without
/// a picture, what starting takes.
const LAPLACIAN: &str = "import cv2, sys
cv2.setNumThreads(1)
for name in sys.argv[1:]:
    cv2.Laplacian(cv2.imread(name, cv2.IMREAD_GRAYSCALE), cv2.CV_64F).var()
";

/// What one photo took, s; `None` where the tool is not here.
#[derive(Default)]
struct Run {
    ours_s: f64,
    decoding_s: f64,
    djpeg_s: Option<f64>,
    exiftool_s: Option<f64>,
    laplacian_s: Option<f64>,
    /// Processor time of each step of ours, and of decoding to RGB.
    steps: Vec<steps::Step>,
    decoding_cpu_s: f64,
}

impl Run {
    fn peers_s(&self) -> Option<f64> {
        Some(self.exiftool_s? + self.laplacian_s?)
    }
}

/// Measures every JPEG beneath `folder` and prints medians and ratios.
pub fn run(folder: &Path) -> Result<(), String> {
    let peers = Peers::present();
    let mut runs = Vec::new();
    let mut left_out = 0;
    for file in files_beneath(folder) {
        let extension = file.extension().map(|e| e.to_ascii_lowercase());
        if !extension.is_some_and(|e| e == "jpg" || e == "jpeg") {
            continue;
        }
        match measured(&file, &peers)? {
            Some(run) => runs.push(run),
            None => left_out += 1,
        }
    }
    if runs.is_empty() {
        return Err(format!("{}: no JPEG that decodes", folder.display()));
    }
    table::head(&format!(
        "Full analysis of {} photos, one thread, least of {ROUNDS} rounds each",
        runs.len()
    ));
    print(&runs);
    print_steps(&runs);
    if left_out > 0 {
        println!("- left out, for they do not decode whole: {left_out}");
    }
    println!();
    Ok(())
}

/// Tools that can be started here.
struct Peers {
    djpeg: bool,
    exiftool: bool,
    opencv: bool,
}

impl Peers {
    fn present() -> Self {
        let starts = |command: &mut Command| {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        Self {
            djpeg: starts(Command::new("djpeg").arg("-version")),
            exiftool: starts(Command::new("exiftool").arg("-ver")),
            opencv: starts(Command::new("python3").args(["-c", LAPLACIAN])),
        }
    }
}

/// `None` for what does not decode whole: there is nothing to compare.
fn measured(file: &Path, peers: &Peers) -> Result<Option<Run>, String> {
    let bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    if decode(&bytes).is_err() {
        return Ok(None);
    }
    let mut runs = Vec::new();
    for _ in 0..ROUNDS {
        let peer = |is_here: bool, command: &mut Command| {
            let run = is_here.then(|| spent(|| tool(command).map(|_| ())));
            run.transpose().map(|run| run.map(|(_, took)| took.wall_s))
        };
        let python = |with: &[&Path]| {
            let mut command = Command::new("python3");
            peer(peers.opencv, command.args(["-c", LAPLACIAN]).args(with))
        };
        let mut djpeg = Command::new("djpeg");
        let mut exiftool = Command::new("exiftool");
        runs.push(Run {
            ours_s: spent(|| analyse(file))?.1.wall_s,
            decoding_s: spent(|| decode(&bytes))?.1.wall_s,
            djpeg_s: peer(peers.djpeg, djpeg.args(["-outfile", "/dev/null"]).arg(file))?,
            exiftool_s: peer(peers.exiftool, exiftool.arg("-j").arg(file))?,
            // What starting Python takes is not held against it.
            laplacian_s: python(&[file])?
                .zip(python(&[])?)
                .map(|(with, without)| (with - without).max(0.0)),
            steps: steps::of(file, &bytes)?,
            decoding_cpu_s: {
                let start_s = thread_cpu_s()?;
                decode(&bytes)?;
                thread_cpu_s()? - start_s
            },
        });
    }
    let least = |of: fn(&Run) -> Option<f64>| runs.iter().filter_map(of).min_by(f64::total_cmp);
    Ok(Some(Run {
        ours_s: least(|run| Some(run.ours_s)).unwrap_or(f64::NAN),
        decoding_s: least(|run| Some(run.decoding_s)).unwrap_or(f64::NAN),
        djpeg_s: least(|run| run.djpeg_s),
        exiftool_s: least(|run| run.exiftool_s),
        laplacian_s: least(|run| run.laplacian_s),
        steps: least_steps(&runs),
        decoding_cpu_s: least(|run| Some(run.decoding_cpu_s)).unwrap_or(f64::NAN),
    }))
}

/// The least of each step over the rounds, in the order of the steps.
fn least_steps(runs: &[Run]) -> Vec<steps::Step> {
    let mut least: Vec<steps::Step> = Vec::new();
    for (name, took_s) in runs.iter().flat_map(|run| &run.steps) {
        match least.iter_mut().find(|(known, _)| known == name) {
            Some((_, so_far_s)) => *so_far_s = so_far_s.min(*took_s),
            None => least.push((name, *took_s)),
        }
    }
    least
}

/// As the daemon's child does it, pictures for the report included.
fn analyse(file: &Path) -> Result<(), String> {
    let wants = Wants {
        name: "photo.jpg".to_owned(),
        still_long_side_px: STILL_LONG_SIDE_PX,
        stills_count: STILLS_COUNT,
        depth: Depth::Full,
    };
    let mut open = File::open(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let photo = probe(&mut open, &wants).measurements.photo;
    let sharpness = photo.and_then(|photo| photo.sharpness);
    sharpness
        .map(|_| ())
        .ok_or_else(|| format!("{}: was not measured", file.display()))
}

/// To red, green and blue, as a viewer needs them.
fn decode(bytes: &[u8]) -> Result<(), String> {
    let options = DecoderOptions::new_fast()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let pixels = JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode();
    pixels.map(|_| ()).map_err(|e| e.to_string())
}

fn print(runs: &[Run]) {
    let rows: Vec<Vec<String>> = [
        ("unbroken, everything", figures(runs, |r| Some(r.ours_s))),
        ("zune-jpeg to RGB", figures(runs, |r| Some(r.decoding_s))),
        ("djpeg", figures(runs, |r| r.djpeg_s)),
        ("exiftool -j", figures(runs, |r| r.exiftool_s)),
        (
            "OpenCV, variance of the Laplacian",
            figures(runs, |r| r.laplacian_s),
        ),
    ]
    .into_iter()
    .filter_map(|(name, figures)| {
        let (middle_s, ratio) = figures?;
        let cells = [format!("{:.0}", middle_s * 1000.0), format!("{ratio:.2}")];
        Some([name.to_owned()].into_iter().chain(cells).collect())
    })
    .collect();
    table::print(&["who", "median ms", "ours / theirs, median"], &rows);
    for (what, goal, ratio) in [
        (
            "ours / zune-jpeg to RGB",
            GOAL_DECODING,
            figures(runs, |r| Some(r.decoding_s)),
        ),
        ("ours / djpeg", GOAL_DECODING, figures(runs, |r| r.djpeg_s)),
        (
            "ours / (exiftool and Laplacian)",
            GOAL_PEERS,
            figures(runs, Run::peers_s),
        ),
    ] {
        if let Some((_, ratio)) = ratio {
            table::goal(what, ratio, goal, "");
        }
    }
}

/// The steps, mean over the photos, beside decoding to RGB.
fn print_steps(runs: &[Run]) {
    let count = runs.len() as f64;
    let decoding_s = runs.iter().map(|run| run.decoding_cpu_s).sum::<f64>() / count;
    let mut sums: Vec<steps::Step> = Vec::new();
    for (name, took_s) in runs.iter().flat_map(|run| &run.steps) {
        match sums.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum_s)) => *sum_s += took_s,
            None => sums.push((name, *took_s)),
        }
    }
    let all_s = sums.iter().map(|(_, sum_s)| sum_s).sum::<f64>() / count;
    let row = |name: &str, mean_s: f64| {
        vec![
            name.to_owned(),
            format!("{:.1}", mean_s * 1000.0),
            format!("{:.0} %", 100.0 * mean_s / all_s),
            format!("{:.2}", mean_s / decoding_s),
        ]
    };
    let mut rows: Vec<Vec<String>> = sums
        .iter()
        .map(|(name, sum_s)| row(name, sum_s / count))
        .collect();
    rows.push(row("all of them", all_s));
    println!(
        "Processor time of each step by itself, mean over the photos; zune-jpeg to RGB takes {:.1} ms.\n",
        decoding_s * 1000.0
    );
    table::print(&["step", "ms", "of all", "of decoding"], &rows);
}

/// The middle time and the middle ratio of ours to it; `None` without any.
fn figures(runs: &[Run], of: fn(&Run) -> Option<f64>) -> Option<(f64, f64)> {
    let times: Vec<(f64, f64)> = runs
        .iter()
        .filter_map(|run| Some((of(run)?, run.ours_s)))
        .collect();
    (!times.is_empty()).then(|| {
        let middle_s = median(times.iter().map(|(theirs_s, _)| *theirs_s));
        (
            middle_s,
            median(times.iter().map(|(theirs_s, ours_s)| ours_s / theirs_s)),
        )
    })
}
