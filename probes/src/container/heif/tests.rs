use std::io::Cursor;

use super::recipe::{Heic, imir, irot};
use super::*;
use crate::container::tiny::{be, bx};

fn read(bytes: &[u8]) -> Result<Shown, String> {
    shown(&mut Cursor::new(bytes), bytes.len() as u64)
}

#[test]
fn a_grid_names_its_tiles_and_where_they_lie() {
    let heic = Heic {
        thumbnail: true,
        ..Heic::default()
    };
    let bytes = heic.bytes();
    let found = read(&bytes).unwrap();
    assert_eq!((found.width_px, found.height_px), (120, 60));
    assert_eq!((found.columns, found.rows, found.orientation), (2, 1, 1));
    for (tile, expected) in found.tiles.iter().zip(&heic.tiles) {
        assert_eq!(
            (tile.kind.as_str(), tile.width_px, tile.height_px),
            ("hvc1", 64, 64)
        );
        let [(offset, length)] = tile.extents[..] else {
            panic!("{tile:?}")
        };
        let there = &bytes[offset as usize..][..length as usize];
        assert_eq!(there, expected);
        assert_eq!(tile.configuration.len(), 106);
    }
    assert_eq!(found.thumbnail.as_ref(), found.tiles.last());
}

#[test]
fn turns_and_mirrors_add_up_to_an_exif_orientation() {
    for (properties, orientation) in [
        (vec![], 1),
        (vec![imir(1)], 2),
        (vec![irot(2)], 3),
        (vec![imir(0)], 4),
        (vec![irot(3)], 6),
        (vec![irot(1)], 8),
        // Left and right exchanged, then a quarter clockwise, and the like.
        (vec![imir(1), irot(3)], 7),
        (vec![imir(1), irot(1)], 5),
        (vec![irot(3), imir(1)], 5),
        (vec![irot(3), imir(0)], 7),
        (vec![imir(0), imir(1)], 3),
    ] {
        let heic = Heic {
            properties: properties.clone(),
            ..Heic::default()
        };
        let found = read(&heic.bytes()).unwrap().orientation;
        assert_eq!(found, orientation, "{properties:?}");
    }
}

#[test]
fn a_cut_is_read_where_it_lies_inside() {
    let cut = |numbers: [u32; 8]| {
        let properties = vec![bx(b"clap", &be(&numbers))];
        let heic = Heic {
            properties,
            ..Heic::default()
        };
        read(&heic.bytes()).unwrap().cut_px
    };
    let left = 0_u32.wrapping_sub(20);
    assert_eq!(cut([80, 1, 60, 1, left, 1, 0, 1]), Some((0, 0, 80, 60)));
    assert_eq!(cut([80, 1, 30, 1, 0, 1, 15, 1]), Some((20, 30, 80, 30)));
    assert_eq!(cut([130, 1, 60, 1, 0, 1, 0, 1]), None);
    assert_eq!(cut([80, 0, 60, 1, 0, 1, 0, 1]), None);
}

#[test]
fn a_grid_that_asks_for_more_than_it_shows_is_refused() {
    let refused = |heic: Heic| read(&heic.bytes()).unwrap_err();
    let one_row = Heic {
        size: (60, 60),
        ..Heic::default()
    };
    assert!(refused(one_row).contains("60×60"));
    let wide = Heic {
        size: (u16::MAX, 60),
        ..Heic::default()
    };
    assert!(refused(wide).contains("65535×60"));
}

#[test]
fn no_cut_and_no_flipped_byte_does_harm() {
    let whole = Heic::default().bytes();
    for end in 0..whole.len() {
        let _ = read(&whole[..end]);
    }
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xFF] {
            let mut broken = whole.clone();
            broken[at] ^= flip;
            let _ = read(&broken);
        }
    }
}
