//! The largest memory of the daemon and of its probing child while one long
//! video goes from the share into the store.

use std::path::Path;
use std::time::Duration;

use unbroken_recipe::clip::ffmpeg;
use unbroken_tests::running::Place;

use crate::{program_in, table};
use unbroken_tests::spent::spent;

/// What each process may hold at most, MiB.
const GOAL_MIB: f64 = 200.0;

/// Length of the piece that is repeated until the video is large enough.
const PIECE_S: u64 = 4;

/// The video has to be in the store by then.
const PATIENCE: Duration = Duration::from_secs(4 * 3600);

/// Largest resident sets seen so far, KiB (proc(5) `VmHWM`).
#[derive(Default)]
struct Peaks {
    daemon_kib: u64,
    child_kib: u64,
    decode_kib: u64,
}

/// Sends a video of at least `mib` MiB through a daemon of its own.
pub fn run(mib: u64) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let program = program_in(folder.path())?;
    let film = folder.path().join("film.mp4");
    make(folder.path(), &film, mib)?;
    let bytes = std::fs::metadata(&film).map_err(|e| e.to_string())?.len();
    let actual_mib = bytes >> 20;
    table::head(&format!(
        "Memory while a video of {actual_mib} MiB goes through"
    ));

    let mut peaks = Peaks::default();
    decode(&film, &mut peaks)?;
    let place = Place::new(&program.display().to_string(), "").map_err(|e| e.to_string())?;
    let at = place.share().join("film.mp4");
    std::fs::rename(&film, &at).map_err(|e| format!("{}: {e}", at.display()))?;
    let (stored, took) = spent(|| {
        let mut daemon = place.start().map_err(|e| e.to_string())?;
        let id = daemon.id();
        let stored = daemon.wait_until(PATIENCE, || {
            peaks.look(id);
            !at.exists()
        });
        daemon.stop().map_err(|e| e.to_string())?;
        Ok(stored)
    })?;
    let originals = place.originals();
    let sizes = originals
        .iter()
        .flat_map(std::fs::metadata)
        .map(|m| m.len());
    if !stored || sizes.collect::<Vec<_>>() != [bytes] {
        let log = std::fs::read_to_string(place.log()).unwrap_or_default();
        return Err(format!("the video was not stored; the log:\n{log}"));
    }

    let mib = |kib: u64| kib as f64 / 1024.0;
    let row = |name: &str, kib: u64| vec![name.to_owned(), format!("{:.0}", mib(kib))];
    let rows = [
        row("unbroken, the daemon", peaks.daemon_kib),
        row("unbroken, the probing child", peaks.child_kib),
        row("ffmpeg -f null of the same file", peaks.decode_kib),
    ];
    table::print(&["who", "largest resident set MiB"], &rows);
    table::goal("daemon", mib(peaks.daemon_kib), GOAL_MIB, " MiB");
    table::goal("probing child", mib(peaks.child_kib), GOAL_MIB, " MiB");
    println!(
        "- from the drop to the release of the source: {:.0} s wall, {:.0} s processor\n",
        took.wall_s, took.cpu_s
    );
    Ok(())
}

impl Peaks {
    /// Looks at the daemon and at what it has started.
    fn look(&mut self, daemon: u32) {
        self.daemon_kib = self.daemon_kib.max(peak_kib(daemon));
        for child in children(daemon) {
            self.child_kib = self.child_kib.max(peak_kib(child));
        }
    }
}

/// The largest resident set of a process; zero if it has ended.
pub fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Processes started by any thread of this one.
pub fn children(process: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task"));
    threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|line| {
            let words = line.split_whitespace().map(str::parse);
            words.flatten().collect::<Vec<_>>()
        })
        .collect()
}

/// A grainy 1080p video of about 180 Mbit/s, as cameras write at their highest
/// rate: one piece, repeated without encoding it again.
pub fn make(folder: &Path, film: &Path, mib: u64) -> Result<(), String> {
    let piece = folder.join("piece.mp4");
    let picture = format!(
        "testsrc2=size=1920x1080:rate=25:duration={PIECE_S},noise=alls=20:allf=t,format=yuv420p"
    );
    let sound = format!("anoisesrc=amplitude=0.02:duration={PIECE_S}:seed=3");
    let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound];
    let coding = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-qp",
        "26",
        "-g",
        "25",
        "-c:a",
        "aac",
    ];
    ffmpeg(&[&inputs[..], &coding[..]].concat(), &piece)?;
    let piece_bytes = std::fs::metadata(&piece).map_err(|e| e.to_string())?.len();
    // Beside the first showing, which `-stream_loop` does not count.
    let repeats = (mib << 20).div_ceil(piece_bytes.max(1)).saturating_sub(1);
    let (from, repeats) = (piece.display().to_string(), repeats.to_string());
    ffmpeg(&["-stream_loop", &repeats, "-i", &from, "-c", "copy"], film)?;
    std::fs::remove_file(&piece).map_err(|e| e.to_string())
}

/// A bare decode by the `ffmpeg` command; GNU time is not everywhere, so its
/// memory is looked at while it runs.
fn decode(film: &Path, peaks: &mut Peaks) -> Result<(), String> {
    let mut child = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(film)
        .args(["-f", "null", "-"])
        .spawn()
        .map_err(|e| format!("ffmpeg: {e}"))?;
    while child.try_wait().map_err(|e| e.to_string())?.is_none() {
        peaks.decode_kib = peaks.decode_kib.max(peak_kib(child.id()));
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
