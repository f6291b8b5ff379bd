//! Staging a large file with three digests, beside `cp` and the digest tools.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use unbroken::adapter::share_directory::DirectoryShare;
use unbroken::port::digest::Digests;
use unbroken::port::share::{DigestChoice, RelPath, Share, Stage};

use crate::{share, table};
use unbroken_tests::spent::{Spent, median, spent, tool};

/// Each contender runs once a round, so that a busy minute meets all of them.
const ROUNDS: usize = 3;

/// Bytes written at a time while the source is made.
const BLOCK_BYTES: usize = 1 << 20;

/// One contender and what its runs took.
struct Contender {
    name: &'static str,
    runs: Vec<Spent>,
}

/// A tool that prints one digest of a file.
struct DigestTool {
    contender: Contender,
    arguments: &'static [&'static str],
    /// What we found for the same file.
    ours: fn(&Digests) -> Option<&str>,
}

/// Stages a file of `mib` MiB and prints how long everybody took.
pub fn run(mib: u64) -> Result<(), String> {
    let place = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let (folder, target) = (place.path().join("share"), place.path().join("copy"));
    std::fs::create_dir(&folder).map_err(|e| e.to_string())?;
    let source = folder.join("recording.bin");
    make(&source, mib).map_err(|e| format!("{}: {e}", source.display()))?;
    table::head(&format!("Staging one file of {mib} MiB with three digests"));

    let share = share::open(&folder)?;
    let mut ours = new("unbroken: durable copy, BLAKE3 + SHA-256 + SM3");
    let (mut cp, mut durable) = (new("cp"), new("cp, then sync"));
    let mut tools = digest_tools();
    for _ in 0..ROUNDS {
        forget(&source)?;
        let (digests, took) = spent(|| stage(&share, &target))?;
        ours.runs.push(took);
        remove(&target)?;
        for (contender, sync) in [(&mut cp, false), (&mut durable, true)] {
            forget(&source)?;
            let ((), took) = spent(|| copy(&source, &target, sync))?;
            contender.runs.push(took);
            remove(&target)?;
        }
        for digest in &mut tools {
            forget(&source)?;
            let (said, took) = spent(|| digest_by(digest, &source))?;
            digest.contender.runs.push(took);
            agree(digest, &said, &digests)?;
        }
    }

    let digests: Vec<&Contender> = tools.iter().map(|t| &t.contender).collect();
    let all: Vec<&Contender> = [&ours, &cp, &durable]
        .into_iter()
        .chain(digests.clone())
        .collect();
    let rows: Vec<_> = all.iter().map(|c| c.row(mib)).collect();
    table::print(&["who", "wall s", "processor s", "MiB/s"], &rows);
    let beside = |copies: &Contender, of: fn(&Spent) -> f64| {
        median(ours.runs.iter().enumerate().map(|(round, ours)| {
            let theirs = |c: &Contender| c.runs.get(round).map_or(f64::NAN, of);
            let slowest = digests.iter().map(|c| theirs(c)).fold(0.0, f64::max);
            of(ours) / (theirs(copies) + slowest)
        }))
    };
    let wall_s: fn(&Spent) -> f64 = |spent| spent.wall_s;
    let staging = beside(&cp, wall_s);
    table::goal("staging / (cp + slowest digest), wall", staging, 1.0, "");
    println!(
        "- staging, which syncs / (cp and sync + slowest digest), wall: {:.2}",
        beside(&durable, wall_s)
    );
    println!(
        "- staging / (cp + slowest digest), processor: {:.2}",
        beside(&cp, |spent| spent.cpu_s)
    );
    println!("- medians of {ROUNDS} rounds; before each run the source leaves the page cache\n");
    Ok(())
}

impl Contender {
    fn row(&self, mib: u64) -> Vec<String> {
        let wall_s = median(self.runs.iter().map(|r| r.wall_s));
        let cpu_s = median(self.runs.iter().map(|r| r.cpu_s));
        vec![
            self.name.to_owned(),
            format!("{wall_s:.2}"),
            format!("{cpu_s:.2}"),
            format!("{:.0}", mib as f64 / wall_s),
        ]
    }
}

fn new(name: &'static str) -> Contender {
    Contender {
        name,
        runs: Vec::new(),
    }
}

/// The digest tools that this machine has.
fn digest_tools() -> Vec<DigestTool> {
    let all: [DigestTool; 3] = [
        DigestTool {
            contender: new("b3sum"),
            arguments: &["b3sum"],
            ours: |d| Some(&d.blake3),
        },
        DigestTool {
            contender: new("sha256sum"),
            arguments: &["sha256sum"],
            ours: |d| Some(&d.sha256),
        },
        DigestTool {
            contender: new("openssl dgst -sm3"),
            arguments: &["openssl", "dgst", "-sm3"],
            ours: |d| d.sm3.as_deref(),
        },
    ];
    let there = |tool: &DigestTool| digest_by(tool, Path::new("/dev/null")).is_ok();
    all.into_iter().filter(there).collect()
}

fn digest_by(digest: &DigestTool, file: &Path) -> Result<String, String> {
    let (program, arguments) = digest.arguments.split_first().ok_or("no program")?;
    tool(Command::new(program).args(arguments).arg(file))
}

/// A bench of wrong digests would measure nothing.
fn agree(digest: &DigestTool, said: &str, digests: &Digests) -> Result<(), String> {
    match (digest.ours)(digests) {
        Some(ours) if said.contains(ours) => Ok(()),
        ours => Err(format!(
            "{} says {}, staging says {}",
            digest.contender.name,
            said.trim(),
            ours.unwrap_or("nothing")
        )),
    }
}

fn stage(share: &DirectoryShare, target: &Path) -> Result<Digests, String> {
    let path = RelPath::new("recording.bin").ok_or("no path")?;
    let choice = DigestChoice { sm3: true };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|e| e.to_string())?;
    let staged = runtime.block_on(async {
        let entry = share.look(&path).await?;
        let fingerprint = entry.map(|e| e.fingerprint);
        match fingerprint {
            Some(seen) => share.stage(&path, &seen, target, choice).await,
            None => Ok(Stage::Vanished),
        }
    });
    match staged {
        Ok(Stage::Staged(staged)) => Ok(staged.digests),
        Ok(other) => Err(format!("the file was not staged: {other:?}")),
        Err(fault) => Err(fault.to_string()),
    }
}

fn copy(source: &Path, target: &Path, sync: bool) -> Result<(), String> {
    tool(Command::new("cp").arg(source).arg(target))?;
    if sync {
        tool(Command::new("sync").arg(target))?;
    }
    Ok(())
}

/// Takes a file's pages out of the page cache (dd(1), `nocache`).
fn forget(file: &Path) -> Result<(), String> {
    let input = format!("if={}", file.display());
    tool(Command::new("dd").args([input.as_str(), "iflag=nocache", "count=0", "status=none"]))
        .map(drop)
}

fn remove(file: &Path) -> Result<(), String> {
    std::fs::remove_file(file).map_err(|e| format!("{}: {e}", file.display()))
}

/// Writes bytes that no file system can compress or share (xorshift64), durably.
fn make(file: &Path, mib: u64) -> std::io::Result<()> {
    let mut file = File::create(file)?;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut block = vec![0; BLOCK_BYTES];
    for _ in 0..mib {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    file.sync_all()
}
