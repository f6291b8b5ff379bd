//! One look over a share whose files are all known, beside `find`.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use unbroken::adapter::share_directory::DirectoryShare;
use unbroken::port::ledger::FileId;
use unbroken::port::share::{RelPath, Scan, Share};
use unbroken::step::watch::{Differences, Seen, reconcile};

use crate::{share, table};
use unbroken_tests::spent::{Spent, median, spent, tool};

/// Both run once a round, in turns.
const ROUNDS: usize = 7;

/// Files in one folder, as in a node of a case.
const FILES_A_FOLDER: u64 = 100;

/// All that our scan takes down of a file; `find` has to ask for the same.
const FACTS: &str = "%P %D %i %s %T@ %C@ %b\\n";

/// Makes a tree of `files` files and prints how long both took.
pub fn run(files: u64) -> Result<(), String> {
    let place = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    make(place.path(), files).map_err(|e| format!("the tree cannot be made: {e}"))?;
    table::head(&format!("Reconciling {files} known files"));

    let share = share::open(place.path())?;
    let known = known(scan(&share)?);
    let (mut ours, mut find, mut paths) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        find.push(find_by(place.path(), FACTS, files)?);
        paths.push(find_by(place.path(), "%P\\n", files)?);
        let (differences, took) = spent(|| Ok(reconcile(&known, scan(&share)?)))?;
        if differences != Differences::default() {
            return Err("a tree at rest was said to have changed".to_owned());
        }
        ours.push(took);
    }

    let rows = [
        row("unbroken: scan and reconcile", &ours),
        row("find -type f -printf, the same facts", &find),
        row("find -type f -printf, paths alone", &paths),
    ];
    table::print(&["who", "wall ms", "processor ms"], &rows);
    let beside = |peer: &[Spent]| {
        let pairs = ours.iter().zip(peer);
        median(pairs.map(|(ours, peer)| ours.wall_s / peer.wall_s))
    };
    table::goal("reconcile / find, the same facts", beside(&find), 2.0, "");
    println!("- reconcile / find, paths alone: {:.2}", beside(&paths));
    println!("- medians of {ROUNDS} rounds, directories in the cache\n");
    Ok(())
}

fn row(name: &str, runs: &[Spent]) -> Vec<String> {
    vec![
        name.to_owned(),
        format!("{:.0}", median(runs.iter().map(|r| r.wall_s * 1e3))),
        format!("{:.0}", median(runs.iter().map(|r| r.cpu_s * 1e3))),
    ]
}

fn make(root: &Path, files: u64) -> std::io::Result<()> {
    for number in 0..files {
        let folder = number / FILES_A_FOLDER;
        let folder = root.join(format!("YW2026{folder:06}/现场试验考核"));
        if number % FILES_A_FOLDER == 0 {
            std::fs::create_dir_all(&folder)?;
        }
        File::create(folder.join(format!("IMG_{number:08}.JPG")))?;
    }
    Ok(())
}

fn scan(share: &DirectoryShare) -> Result<Scan, String> {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|e| e.to_string())?
        .block_on(share.scan())
        .map_err(|e| e.to_string())
}

/// Every entry as the ledger would know it.
fn known(scan: Scan) -> HashMap<RelPath, Seen> {
    let mut known = HashMap::new();
    for (id, entry) in (1..).zip(scan.entries) {
        let seen = Seen {
            id: FileId(id),
            fingerprint: entry.fingerprint,
            ignored: entry.ignored,
        };
        known.insert(entry.path, seen);
    }
    known
}

fn find_by(root: &Path, format: &str, files: u64) -> Result<Spent, String> {
    let mut find = Command::new("find");
    find.arg(root).args(["-type", "f", "-printf", format]);
    let (said, took) = spent(|| tool(&mut find))?;
    let lines = said.lines().count() as u64;
    if lines != files {
        return Err(format!("find saw {lines} of {files} files"));
    }
    Ok(took)
}
