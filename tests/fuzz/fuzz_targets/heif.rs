//! Items, grids and properties of HEIF and AVIF, Canon's raw in the same boxes,
//! and the EXIF among them.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::{Corpus, fuzz_target};
use unbroken_fuzz::read_and_judge;
use unbroken_probes::container::{Format, heif};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if let Ok(shown) = heif::shown(&mut Cursor::new(bytes), bytes.len() as u64) {
        assert!((1..=8).contains(&shown.orientation));
        let tiles = u64::from(shown.columns) * u64::from(shown.rows);
        assert_eq!(shown.tiles.len() as u64, tiles);
        if let Some((left, top, width, height)) = shown.cut_px {
            assert!(left + width <= shown.width_px && top + height <= shown.height_px);
        }
    }
    read_and_judge(bytes, &[Format::Heif, Format::Avif, Format::Cr3])
});
