//! Photos, made here byte by byte, against vouched photos of their model.

use std::io::Cursor;

use super::*;
use crate::container::read_structure;
use crate::measure::metadata::read_exif;
use crate::measure::metadata::tiny_exif::Block;
use crate::measure::{jpeg_tables, photo::Photo};

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let size = u16::try_from(body.len() + 2).unwrap();
    [&[0xFF, marker], &size.to_be_bytes()[..], body].concat()
}

fn table(number: u8, value: u8) -> Vec<u8> {
    [&[number][..], &[value; 64]].concat()
}

fn file(block: &Block, coding: &[Vec<u8>], has_jfif: bool) -> Measurements {
    let jfif = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    let exif = segment(0xE1, &[b"Exif\0\0".to_vec(), block.bytes()].concat());
    let bytes = [
        b"\xff\xd8".to_vec(),
        if has_jfif { jfif } else { Vec::new() },
        exif,
        coding.concat(),
        segment(0xDA, &[0; 4]),
        b"\x01\x02\xff\xd9".to_vec(),
    ]
    .concat();
    let mut m = Measurements::default();
    let len = bytes.len() as u64;
    read_structure(&mut Cursor::new(&bytes), len, "IMG_1.JPG").apply(&mut m);
    read_exif(&mut Cursor::new(&bytes), len, &mut m);
    m.photo = Some(Photo {
        width_px: Some(640),
        height_px: Some(480),
        jpeg: jpeg_tables::read(&bytes),
        ..Photo::default()
    });
    m
}

/// All tables of a kind in one segment, as cameras put them.
fn by_camera(step: u8) -> Vec<Vec<u8>> {
    vec![
        segment(0xDB, &[table(0, step), table(1, step)].concat()),
        segment(0xC0, b"\x08\x01\xe0\x02\x80\x01\x01\x22\0"),
        segment(0xC4, &[0; 17]),
    ]
}

/// Each table in a segment of its own, as libraries put them.
fn by_library(step: u8) -> Vec<Vec<u8>> {
    let mut out = vec![
        segment(0xDB, &table(0, step)),
        segment(0xDB, &table(1, step)),
    ];
    out.push(segment(0xC0, b"\x08\x01\xe0\x02\x80\x01\x01\x22\0"));
    out.extend((0..4).map(|_| segment(0xC4, &[0; 17])));
    out
}

fn loose() -> Block {
    Block {
        gap_bytes: 6,
        ..Block::default()
    }
}

/// Learnt from pictures in three qualities, as scenes ask for them.
fn known() -> Exemplars {
    let mut known = Exemplars::default();
    for (i, step) in [3, 3, 4, 5, 3].into_iter().enumerate() {
        let m = file(&loose(), &by_camera(step), false);
        assert!(matches!(known.learn(&i.to_string(), &m), Learnt::New(_)));
    }
    known
}

#[test]
fn a_photo_of_its_model_is_like_it_in_any_quality() {
    for step in [3, 5, 9] {
        let honest = file(&loose(), &by_camera(step), false);
        assert_eq!(differing(&known(), &honest), [], "{step}");
        assert!(known().vouch_for_feature(&honest, Feature::JpegOrder));
        assert!(known().vouch_for_feature(&honest, Feature::ExifManner));
    }
}

#[test]
fn a_photo_saved_again_by_a_library_is_unlike_it_with_its_exif_kept() {
    let saved = file(&loose(), &by_library(3), true);
    let found = differing(&known(), &saved);
    assert!(found.contains(&Feature::JpegOrder), "{found:?}");
    assert!(!found.contains(&Feature::ExifManner));
    assert_eq!(Feature::JpegOrder.weight(), Weight::Signature);
    assert!(!known().vouch_for_feature(&saved, Feature::JpegOrder));
}

#[test]
fn a_photo_whose_exif_was_rewritten_is_unlike_it_with_its_coding_kept() {
    let edited = file(&Block::default(), &by_camera(3), false);
    let found = differing(&known(), &edited);
    assert!(found.contains(&Feature::ExifManner), "{found:?}");
    assert!(!found.contains(&Feature::JpegOrder));
    let mixed = file(
        &Block {
            is_sorted: false,
            ..loose()
        },
        &by_camera(3),
        false,
    );
    assert!(differing(&known(), &mixed).contains(&Feature::ExifManner));
}

#[test]
fn a_cut_photo_is_no_less_of_its_model() {
    let mut cut = file(&loose(), &by_camera(3), false);
    let container = cut.container.as_mut().unwrap();
    container.elements.retain(|e| e.id != "EOI");
    assert_eq!(differing(&known(), &cut), []);
}
