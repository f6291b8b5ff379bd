//! The structure gate and hostile files.

use std::io::Cursor;

use proptest::prelude::*;

use super::tiny::{self, Movie, bx, cat, seg};
use super::*;

fn gate(bytes: &[u8], name: &str) -> Completeness {
    completeness(&mut Cursor::new(bytes), bytes.len() as u64, name)
}

fn is_held(bytes: &[u8], name: &str) -> bool {
    matches!(gate(bytes, name), Completeness::Incomplete { .. })
}

/// Every format with a checkable end: name, whole file.
fn whole_files() -> Vec<(&'static str, Vec<u8>)> {
    let index_first = Movie {
        index_first: true,
        ..Movie::default()
    };
    vec![
        ("a.jpg", tiny::phone_jpeg()),
        ("a.png", tiny::png(&[])),
        ("a.gif", tiny::gif()),
        ("a.tif", tiny::tiff()),
        ("a.mov", Movie::default().bytes()),
        ("a.mp4", index_first.bytes()),
        ("a.avi", tiny::avi(&[])),
        ("a.mkv", tiny::mkv(&[])),
    ]
}

#[test]
fn a_whole_file_is_complete_and_one_byte_less_is_not() {
    for (name, bytes) in whole_files() {
        assert_eq!(gate(&bytes, name), Completeness::Complete, "{name}");
        let short = &bytes[..bytes.len() - 1];
        assert!(is_held(short, name), "{name} without its last byte");
    }
}

#[test]
fn every_true_beginning_of_a_recording_is_held() {
    for (name, bytes) in whole_files() {
        for n in 1..bytes.len() {
            let verdict = gate(&bytes[..n], name);
            assert_ne!(verdict, Completeness::Complete, "{name} cut to {n}");
        }
    }
}

#[test]
fn nothing_is_empty() {
    assert_eq!(gate(&[], "a.jpg"), Completeness::Empty);
}

#[test]
fn one_byte_of_a_recording_is_held() {
    assert!(is_held(&[0xFF], "a.jpg"));
    assert!(is_held(&[0], "a.mp4"));
}

#[test]
fn a_text_named_as_a_picture_is_not_held_for_ever() {
    assert_eq!(gate("现场笔录\n".as_bytes(), "a.jpg"), Completeness::NoEnd);
    let r = &mut Cursor::new(b"hello world, I am no picture");
    let format = sniff(r, 28);
    assert_eq!(format, Format::Text);
    assert_eq!(format.kind("a.jpg"), crate::measurements::Kind::Unreadable);
    assert_eq!(format.kind("a.txt"), crate::measurements::Kind::Other);
}

#[test]
fn a_gbk_text_is_text() {
    let gbk = [0xCF, 0xD6, 0xB3, 0xA1, 0x0A];
    assert_eq!(sniff(&mut Cursor::new(gbk), 5), Format::Text);
}

#[test]
fn a_copy_whose_length_came_first_is_held() {
    assert!(is_held(&[0; 9000], "a.jpg"));
    for (name, mut bytes) in whole_files() {
        let half = bytes.len() / 2;
        bytes[half..].fill(0);
        // What a coded body holds is not looked at, but for the end of a long one.
        if name != "a.mp4" && name != "a.tif" {
            assert!(is_held(&bytes, name), "{name} with an empty second half");
        }
    }
}

#[test]
fn media_data_behind_its_index_must_not_end_in_zeros() {
    let mut movie = Movie {
        index_first: true,
        mdat: vec![0x11; 256 * 1024],
        ..Movie::default()
    };
    assert_eq!(gate(&movie.bytes(), "a.mp4"), Completeness::Complete);
    let from = movie.mdat.len() - 64 * 1024;
    movie.mdat[from..].fill(0);
    assert!(is_held(&movie.bytes(), "a.mp4"));
    movie.mdat[from] = 1;
    assert_eq!(gate(&movie.bytes(), "a.mp4"), Completeness::Complete);
}

#[test]
fn open_media_data_needs_its_index_before_it() {
    let open = cat(&[&0_u32.to_be_bytes(), b"mdat", &[7; 40]]);
    let ftyp = bx(b"ftyp", b"isom\0\0\0\0");
    assert!(is_held(&cat(&[&ftyp, &open]), "a.mp4"));
    let moov = bx(b"moov", &[]);
    let closed = cat(&[&ftyp, &moov, &open]);
    assert_eq!(gate(&closed, "a.mp4"), Completeness::Complete);
}

#[test]
fn fragments_and_long_sizes_are_followed() {
    let ftyp = bx(b"ftyp", b"iso5\0\0\0\0");
    let long = cat(&[
        &1_u32.to_be_bytes(),
        b"mdat",
        &24_u64.to_be_bytes(),
        &[7; 8],
    ]);
    let file = cat(&[&ftyp, &bx(b"moof", &[0; 8]), &long]);
    assert_eq!(gate(&file, "a.mp4"), Completeness::Complete);
    let endless = cat(&[
        &1_u32.to_be_bytes(),
        b"mdat",
        &u64::MAX.to_be_bytes(),
        &[7; 8],
    ]);
    assert!(is_held(&cat(&[&ftyp, &endless]), "a.mp4"));
}

#[test]
fn a_motion_photo_must_have_its_whole_video() {
    let video = Movie::default().bytes();
    let whole = cat(&[&tiny::phone_jpeg(), &video]);
    assert_eq!(gate(&whole, "a.jpg"), Completeness::Complete);
    assert!(is_held(&whole[..whole.len() - 1], "a.jpg"));
}

#[test]
fn further_pictures_are_followed_and_junk_is_counted() {
    let one = tiny::phone_jpeg();
    let two = cat(&[&one, &[0; 10], &one]);
    assert_eq!(gate(&two, "a.jpg"), Completeness::Complete);
    assert!(is_held(&two[..two.len() - 1], "a.jpg"));
    let junk = cat(&[&one, b"nobody knows"]);
    let mut r = Cursor::new(junk.clone());
    let (walk, _) = jpeg::walk(&mut Source::new(&mut r, junk.len() as u64));
    assert_eq!((walk.end, walk.trailing_bytes), (End::Whole, 12));
}

#[test]
fn a_thumbnail_in_a_segment_does_not_end_the_picture() {
    let with_thumb = tiny::jpeg(&[seg(0xE1, &tiny::phone_jpeg())]);
    assert_eq!(gate(&with_thumb, "a.jpg"), Completeness::Complete);
    assert!(is_held(&with_thumb[..with_thumb.len() - 2], "a.jpg"));
}

#[test]
fn directories_in_a_ring_end() {
    let mut ring = tiny::tiff();
    let next = 8 + 2 + 2 * 12;
    ring[next..next + 4].copy_from_slice(&8_u32.to_le_bytes());
    assert_eq!(gate(&ring, "a.tif"), Completeness::Complete);
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = gate(&bytes, "a.mp4");
    }

    #[test]
    fn no_change_to_a_real_file_brings_it_down(
        which in 0_usize..8,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        keep in any::<prop::sample::Index>(),
    ) {
        let (name, mut bytes) = whole_files().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = gate(&bytes, name);
        bytes.truncate(keep.index(bytes.len()));
        let _ = gate(&bytes, name);
    }
}
