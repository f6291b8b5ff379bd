//! Real files, damaged at random, through the probing child: whatever they do to
//! FFmpeg or to our parsers, every one gets its report and the next one is looked at.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use unbroken_tests::running::files_beneath;

use crate::check::{broke, objects};
use crate::{program_in, table};
use unbroken_tests::spent::spent;

/// Files checked by one run of `check`.
const BATCH: usize = 16;
/// Larger seeds would spend the time on decoding.
const SEED_BYTES_MAX: u64 = 4 << 20;
/// Damages to one file at most.
const DAMAGES_MAX: u64 = 8;
/// Numbers that parsers like to add to or multiply with.
const EDGES: [u32; 8] = [
    0,
    1,
    0x7f,
    0x80,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
];

/// A small generator whose whole course follows from its seed (Marsaglia 2003,
/// xorshift64 with a multiplied output after Vigna 2016).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Damages files beneath `folder` and checks them, until that took `seconds`. What breaks the
/// prober is kept beside the working directory.
pub fn run(folder: &Path, seconds: u64) -> Result<(), String> {
    let place = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let program = program_in(place.path())?;
    let small = |path: &PathBuf| fs::metadata(path).is_ok_and(|m| m.len() <= SEED_BYTES_MAX);
    let seeds: Vec<PathBuf> = files_beneath(folder).into_iter().filter(small).collect();
    if seeds.is_empty() {
        return Err(format!(
            "{}: no file of at most {SEED_BYTES_MAX} bytes",
            folder.display()
        ));
    }
    let seed = u64::from(std::process::id());
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    table::head(&format!("Damaged files for {seconds} s, seed {seed}"));
    let (mut checked, mut broken) = (0u64, 0u64);
    let (mut slowest_s, mut wall_s) = (0.0, 0.0);
    while wall_s < seconds as f64 {
        let batch = place.path().join("batch");
        fs::create_dir_all(&batch).map_err(|e| format!("{}: {e}", batch.display()))?;
        for n in 0..BATCH {
            let seed = &seeds[dice.below(seeds.len())];
            let mut bytes = fs::read(seed).map_err(|e| format!("{}: {e}", seed.display()))?;
            damage(&mut bytes, &mut dice);
            let name = seed
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into());
            let path = batch.join(format!("{n:02}-{name}"));
            fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        let (told, took) = spent(|| objects(&program, &batch))?;
        wall_s += took.wall_s;
        slowest_s = f64::max(slowest_s, took.wall_s);
        if told.len() != BATCH {
            return Err(format!("{} objects for {BATCH} files", told.len()));
        }
        for object in told.iter().filter(|o| broke(o)) {
            broken += 1;
            let name = object.pointer("/file/name").and_then(Value::as_str);
            let name = name.unwrap_or("unnamed");
            let kept = PathBuf::from(format!("broke-{seed}-{checked}-{name}"));
            fs::copy(batch.join(name), &kept).map_err(|e| format!("{}: {e}", kept.display()))?;
            println!("- kept as {}", kept.display());
        }
        checked += BATCH as u64;
        fs::remove_dir_all(&batch).map_err(|e| format!("{}: {e}", batch.display()))?;
    }
    println!(
        "- {checked} damaged files of {} seeds, an object for each",
        seeds.len()
    );
    println!("- slowest {BATCH} files: {slowest_s:.1} s");
    table::goal("files that broke the prober", broken as f64, 0.0, "");
    println!();
    Ok(())
}

/// Flips, overwrites, cuts out, doubles and cuts off, a few times.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.next() % DAMAGES_MAX {
        if bytes.is_empty() {
            return;
        }
        // Headers are where the claims are.
        let reach = if dice.next().is_multiple_of(2) {
            bytes.len().min(4096)
        } else {
            bytes.len()
        };
        let at = dice.below(reach);
        let end = (at + 1 + dice.below(64)).min(bytes.len());
        match dice.next() % 6 {
            0 => bytes[at] ^= 1 << (dice.next() % 8),
            1 => bytes[at] = dice.next() as u8,
            2 => {
                let edge = EDGES[dice.below(EDGES.len())].to_be_bytes();
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&edge[..end - at]);
            }
            3 => {
                bytes.drain(at..end);
            }
            4 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ if dice.next().is_multiple_of(8) => bytes.truncate(at),
            _ => {
                let from = dice.below(bytes.len());
                let length = (end - at).min(bytes.len() - from);
                let to = at.min(bytes.len() - length);
                bytes.copy_within(from..from + length, to);
            }
        }
    }
}
