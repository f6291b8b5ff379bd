//! Motion photos by recipe, through the whole pass and the judgement: a film
//! behind a JPEG (Google, Xiaomi), one in a trailer (Samsung), and one in a box
//! of a HEIF file. The film is measured as a film, and an honest file alarms
//! nobody.

// The helpers of a test may fail it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::process::Command;

use unbroken_probes::check::{Aspect, Context, Level};
use unbroken_probes::judge::{Integrity, Rules, judge};
use unbroken_probes::measure::photo::MeasuredIn;
use unbroken_probes::measurements::{Kind, Measurements};
use unbroken_probes::probe::{Depth, ERROR_LEVEL_STILL, Wants, probe};

const SCENE: &str = "-f lavfi -i testsrc2=size=320x240:rate=25:duration=1,noise=alls=6:allf=t";

/// What `ffmpeg` makes with these words.
fn made(words: &str, ending: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("made.{ending}"));
    let done = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
        .args(format!("{SCENE} {words}").split_whitespace())
        .arg(&path)
        .output()
        .expect("these tests need the ffmpeg program");
    let complaints = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{words}: {complaints}");
    fs::read(path).unwrap()
}

fn jpeg() -> Vec<u8> {
    made("-frames:v 1 -pix_fmt yuvj420p -bitexact", "jpg")
}

fn film() -> Vec<u8> {
    made("-c:v libx264 -threads 1 -pix_fmt yuv420p", "mp4")
}

fn measured(bytes: &[u8], depth: Depth) -> Measurements {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("MVIMG_0001.JPG");
    fs::write(&path, bytes).unwrap();
    let wants = Wants {
        name: "MVIMG_0001.JPG".to_owned(),
        still_long_side_px: 160,
        stills_count: 4,
        depth,
    };
    let probed = probe(&mut File::open(path).unwrap(), &wants);
    assert!(probed.series.is_empty());
    // The film gives no pictures of its own.
    let mut labels = probed.stills.iter().map(|still| still.label.as_str());
    assert!(labels.all(|label| matches!(label, "photo" | ERROR_LEVEL_STILL)));
    probed.measurements
}

/// A box of ISO/IEC 14496-12.
fn bx(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&size, kind.as_slice(), body].concat()
}

/// Samsung's trailer with the film in its first block.
fn in_trailer(film: &[u8]) -> Vec<u8> {
    let name = b"MotionPhoto_Data";
    let block = [
        &[0, 0, 0x30, 0x0A],
        (name.len() as u32).to_le_bytes().as_slice(),
        name,
        film,
    ]
    .concat();
    let length = (block.len() as u32).to_le_bytes();
    let directory = [
        b"SEFH\x6B\0\0\0\x01\0\0\0\0\0\x30\x0A".as_slice(),
        &length,
        &length,
    ]
    .concat();
    let directory_length = (directory.len() as u32).to_le_bytes();
    [
        block,
        directory,
        directory_length.to_vec(),
        b"SEFT".to_vec(),
    ]
    .concat()
}

#[test]
fn the_film_of_every_kind_of_motion_photo_is_measured_and_alarms_nobody() {
    let (jpeg, film) = (jpeg(), film());
    let avif = made(
        "-frames:v 1 -c:v libaom-av1 -still-picture 1 -cpu-used 8",
        "avif",
    );
    for (name, photo, tail) in [
        ("behind a JPEG", &jpeg, film.clone()),
        ("in a trailer", &jpeg, in_trailer(&film)),
        ("in a box", &avif, bx(b"mpvd", &film)),
    ] {
        let m = measured(&[photo.as_slice(), &tail].concat(), Depth::Full);
        assert_eq!(m.kind, Kind::Photo, "{name}");
        assert_eq!(m.photo.as_ref().unwrap().measured_in, MeasuredIn::Picture);
        let inside = m
            .film
            .as_deref()
            .unwrap_or_else(|| panic!("{name}: no film"));
        assert_eq!(
            (inside.kind, inside.decoding.frames),
            (Kind::Video, 25),
            "{name}"
        );
        assert!(
            inside.decoding.reached_end && inside.decoding.errors == 0,
            "{name}"
        );
        // Whoever wrote the film did not write the photo.
        let is_films = |t: &&unbroken_probes::measurements::Trace| t.written.contains("x264");
        assert!(inside.traces.iter().any(|t| is_films(&t)), "{name}");
        assert!(!m.traces.iter().any(|t| is_films(&t)), "{name}");

        let judged = judge(&m, &Rules::default(), &Context::default());
        assert_ne!(judged.outcome.integrity, Integrity::Inconsistent, "{name}");
        let of_film = judged
            .findings
            .iter()
            .filter(|f| f.text.zh.contains("内嵌的短片"));
        for finding in of_film.filter(|f| f.aspect == Aspect::Integrity) {
            assert_eq!(finding.level, Level::Info, "{name}: {finding:?}");
        }
    }
}

#[test]
fn a_photo_without_a_film_has_none_and_structure_alone_decodes_none() {
    let jpeg = jpeg();
    assert_eq!(measured(&jpeg, Depth::Full).film, None);
    let m = measured(&[jpeg, film()].concat(), Depth::Structure);
    let inside = m.film.unwrap();
    assert_eq!((inside.kind, inside.decoding.frames), (Kind::Video, 0));
    assert!(!inside.timing.is_empty());
}

#[test]
fn a_film_of_garbage_is_an_unread_film() {
    let mut film = film();
    let start = film.windows(4).position(|w| w == b"moov").unwrap();
    film[start..].fill(0x55);
    let m = measured(&[jpeg(), film].concat(), Depth::Full);
    assert_eq!(m.kind, Kind::Photo);
    if let Some(inside) = m.film {
        assert_eq!(inside.decoding.frames, 0);
    }
}
