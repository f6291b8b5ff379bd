//! What grows with a recording's length and should not: the memory of a full
//! analysis, and the time of one that looks at structure alone.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use unbroken_probes::probe::{Depth, Wants, probe};
use unbroken_recipe::clip::ffmpeg;
use unbroken_tests::spent::{Spent, spent, tool};

use crate::memory::{children, make, peak_kib};
use crate::{program_in, table};

/// What the probing child may hold at most, MiB.
const GOAL_MIB: f64 = 300.0;
/// How far its memory may differ between a short and a long recording, MiB.
const GOAL_DIFFERENCE_MIB: f64 = 30.0;
/// The short recording, s.
const SHORT_S: u64 = 60;
/// Length of the piece that is repeated, s.
const PIECE_S: u64 = 10;
/// A file of 4 GiB in seconds.
const GOAL_STRUCTURE_S: f64 = 10.0;

/// Checks a recording of one minute and one of `seconds`, of `rate_fps` pictures
/// a second, and prints the largest memory of each child.
pub fn memory(seconds: u64, rate_fps: u64) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let program = program_in(folder.path())?;
    table::head(&format!(
        "Memory of a full analysis: 1080p H.264 of {SHORT_S} s and of {seconds} s, {rate_fps} pictures a second"
    ));
    let piece = folder.path().join("piece.mp4");
    recorded(rate_fps, &piece)?;
    let mut rows = Vec::new();
    let mut peaks_mib = Vec::new();
    for length_s in [SHORT_S, seconds] {
        let film = folder.path().join(format!("film-{length_s}.mp4"));
        repeated(&piece, length_s, &film)?;
        let (peak_kib, took) = spent(|| peak_of_child(&program, &film))?;
        let peak_mib = peak_kib as f64 / 1024.0;
        peaks_mib.push(peak_mib);
        rows.push(vec![
            format!("{length_s} s"),
            format!("{peak_mib:.0}"),
            format!("{:.0}", took.wall_s),
            format!("{:.0}", took.cpu_s),
        ]);
        std::fs::remove_file(&film).map_err(|e| e.to_string())?;
    }
    table::print(
        &[
            "recording",
            "child, largest resident set MiB",
            "wall s",
            "processor s",
        ],
        &rows,
    );
    let most = peaks_mib.iter().copied().fold(0.0, f64::max);
    let least = peaks_mib.iter().copied().fold(f64::MAX, f64::min);
    table::goal("the larger", most, GOAL_MIB, " MiB");
    table::goal("the difference", most - least, GOAL_DIFFERENCE_MIB, " MiB");
    println!();
    Ok(())
}

/// Checks the structure of a video of at least `mib` MiB.
pub fn structure(mib: u64) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let program = program_in(folder.path())?;
    let film = folder.path().join("film.mp4");
    make(folder.path(), &film, mib)?;
    let actual_mib = std::fs::metadata(&film).map_err(|e| e.to_string())?.len() >> 20;
    table::head(&format!(
        "Structure and times alone of a video of {actual_mib} MiB"
    ));
    // Once before it counts, so that all have it in the cache as far as it fits.
    read(&film)?;
    let (_, reading) = spent(|| read(&film))?;
    let (_, digesting) = spent(|| tool(Command::new("sha256sum").arg(&film)))?;
    let (_, ours) = spent(|| {
        let mut check = check(&program, &film, &["--depth", "structure"]);
        let status = check.status().map_err(|e| e.to_string())?;
        used(status.code())
    })?;
    let (_, alone) = spent(|| {
        let mut file = std::fs::File::open(&film).map_err(|e| e.to_string())?;
        let wants = Wants {
            name: "film.mp4".to_owned(),
            still_long_side_px: 0,
            stills_count: 0,
            depth: Depth::Structure,
        };
        let pictures = probe(&mut file, &wants).measurements.bitstream;
        pictures
            .map(|_| ())
            .ok_or("no coded pictures were seen".to_owned())
    })?;
    let row = |name: &str, took: Spent| {
        vec![
            name.to_owned(),
            format!("{:.1}", took.wall_s),
            format!("{:.1}", took.cpu_s),
        ]
    };
    let rows = [
        row("unbroken: structure and times alone", alone),
        row(
            "unbroken check --depth structure: digests of the whole file beside",
            ours,
        ),
        row("cat > /dev/null", reading),
        row("sha256sum", digesting),
    ];
    table::print(&["who", "wall s", "processor s"], &rows);
    table::goal(
        "structure and times, wall time",
        alone.wall_s,
        GOAL_STRUCTURE_S,
        " s",
    );
    println!();
    Ok(())
}

fn read(film: &Path) -> Result<(), String> {
    let status = Command::new("cat")
        .arg(film)
        .stdout(Stdio::null())
        .status()
        .map_err(|e| format!("cat: {e}"))?;
    status
        .success()
        .then_some(())
        .ok_or("cat failed".to_owned())
}

fn check(program: &Path, film: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(["check", "--json"])
        .args(more)
        .arg(film)
        .stdout(Stdio::null());
    command
}

/// Exit codes of `check` that say that the input was used.
fn used(code: Option<i32>) -> Result<(), String> {
    match code {
        Some(0 | 1) => Ok(()),
        other => Err(format!("check ended with {other:?}")),
    }
}

/// The largest resident set of the probing child, KiB, looked at every 20 ms.
fn peak_of_child(program: &Path, film: &Path) -> Result<u64, String> {
    let mut parent = check(program, film, &[])
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let mut peak = 0;
    loop {
        for child in children(parent.id()) {
            peak = peak.max(peak_kib(child));
        }
        if let Some(status) = parent.try_wait().map_err(|e| e.to_string())? {
            used(status.code())?;
            return Ok(peak);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A piece with motion and sound.
fn recorded(rate_fps: u64, piece: &Path) -> Result<(), String> {
    let picture =
        format!("testsrc2=size=1920x1080:rate={rate_fps}:duration={PIECE_S},format=yuv420p");
    let sound = format!("anoisesrc=amplitude=0.02:duration={PIECE_S}:seed=3");
    let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound];
    let coding = "-c:v libx264 -preset ultrafast -crf 30 -g 20 -c:a aac";
    let arguments: Vec<&str> = inputs
        .into_iter()
        .chain(coding.split_whitespace())
        .collect();
    ffmpeg(&arguments, piece)
}

/// The piece again and again, not encoded anew, for so many seconds.
fn repeated(piece: &Path, seconds: u64, film: &Path) -> Result<(), String> {
    let piece = piece.display().to_string();
    let seconds = seconds.to_string();
    let arguments = [
        "-stream_loop",
        "-1",
        "-i",
        &piece,
        "-t",
        &seconds,
        "-c",
        "copy",
    ];
    ffmpeg(&arguments, film)
}
