//! Damaged files by recipe: whatever the bytes, a probe ends, and ends soon.

// The helpers of a test may fail it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use unbroken_probes::check::Context;
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::probe::{Wants, probe};

/// Damaged copies of each file.
const COPIES: u32 = 100;
/// Pictures that a file of 25 may yield at most, however its bytes are bent.
const PICTURES_MAX: u64 = 2500;
const SEED: u64 = 0x5EED_0024_11A7_0001;

/// Numbers that look random, the same in every run (splitmix64, Steele et al.
/// 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Bends, overwrites, removes, repeats or cuts off some of the bytes.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        // Headers and indexes lie at both ends; half of the damage goes there.
        let near = |dice: &mut Self, length: usize| match dice.below(4) {
            0 => dice.below(length.min(512)),
            1 => length - 1 - dice.below(length.min(2048)),
            _ => dice.below(length),
        };
        for _ in 0..=self.below(6) {
            if bytes.is_empty() {
                return;
            }
            let at = near(self, bytes.len());
            let length = self.below(64).min(bytes.len() - at);
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at..at + length].fill(0xFF),
                2 => bytes[at..at + length].fill(0),
                3 => drop(bytes.drain(at..at + length)),
                4 => {
                    let again = bytes[at..at + length].to_vec();
                    bytes.splice(at..at, again);
                }
                _ => bytes
                    .iter_mut()
                    .skip(at)
                    .take(length)
                    .for_each(|b| *b = self.next() as u8),
            }
        }
        if self.below(3) == 0 {
            let length = self.below(bytes.len());
            bytes.truncate(length);
        }
    }
}

fn made(folder: &Path, name: &str, codecs: &str) -> Vec<u8> {
    let path = folder.join(name);
    let words = format!(
        "-hide_banner -loglevel error -nostdin -y -f lavfi -i testsrc2=size=96x64:rate=25:duration=1 {codecs}"
    );
    let done = Command::new("ffmpeg")
        .args(words.split_whitespace())
        .arg(&path)
        .output()
        .expect("this test needs the ffmpeg program");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    fs::read(path).unwrap()
}

fn survives(folder: &Path, name: &str, codecs: &str) {
    let tone = "-f lavfi -i sine=frequency=440:duration=1";
    let codecs = if name.ends_with(".jpg") {
        format!("-frames:v 1 {codecs}")
    } else {
        format!("{tone} {codecs}")
    };
    let whole = made(folder, name, &codecs);
    let damaged = folder.join(format!("damaged-{name}"));
    for copy in 0..COPIES {
        let seed = SEED ^ u64::from(copy) << 8 ^ name.len() as u64;
        let mut bytes = whole.clone();
        Dice(seed).damage(&mut bytes);
        fs::write(&damaged, &bytes).unwrap();
        let wants = Wants {
            name: name.to_owned(),
            still_long_side_px: 64,
            stills_count: 3,
            depth: unbroken_probes::probe::Depth::Full,
        };
        let outcome = std::panic::catch_unwind(|| {
            let probed = probe(&mut File::open(&damaged).unwrap(), &wants);
            let m = probed.measurements;
            judge(&m, &Rules::default(), &Context::default());
            (
                m.size_bytes,
                m.decoding.frames,
                serde_json::to_vec(&m).unwrap().len(),
                probed.stills.len(),
            )
        });
        let Ok((size_bytes, pictures, json_bytes, stills)) = outcome else {
            panic!("{name}, copy {copy}, seed {seed:#x}");
        };
        assert_eq!(size_bytes, bytes.len() as u64, "{name} {seed:#x}");
        assert!(
            pictures <= PICTURES_MAX,
            "{name} {seed:#x}: {pictures} pictures"
        );
        assert!(
            json_bytes < 4 << 20,
            "{name} {seed:#x}: {json_bytes} bytes of facts"
        );
        // Three, and two pairs on either side of possible cuts.
        assert!(stills <= 7, "{name} {seed:#x}");
    }
}

#[test]
fn damaged_files_of_every_kind_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    for (name, codecs) in [
        ("a.mp4", "-c:v libx264 -pix_fmt yuv420p -c:a aac"),
        (
            "fragments.mp4",
            "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags frag_keyframe+empty_moov",
        ),
        ("a.mkv", "-c:v libx264 -pix_fmt yuv420p -c:a libopus"),
        ("a.ts", "-c:v mpeg2video -c:a aac"),
        ("a.avi", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le"),
        ("a.jpg", "-c:v mjpeg -pix_fmt yuvj420p"),
    ] {
        survives(folder.path(), name, codecs);
    }
}
