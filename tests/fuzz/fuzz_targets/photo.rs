//! Pictures of every format to pixels, and the previews of raw ones.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::{Corpus, fuzz_target};
use unbroken_probes::container::{raw, sniff};
use unbroken_probes::measure::picture_decoding::decode;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let length = bytes.len() as u64;
    let format = sniff(&mut Cursor::new(bytes), length).name();
    if raw::read(&mut Cursor::new(bytes), length, format).is_some() {
        if let Some(place) = raw::largest_preview(bytes) {
            let _ = decode(&bytes[place], "jpeg");
        }
        return Corpus::Keep;
    }
    match decode(bytes, format) {
        Ok(decoded) => {
            assert!(decoded.pixels.height_px() <= decoded.stated_height_px);
            assert!((0.0..=1.0).contains(&decoded.whole_ratio));
            Corpus::Keep
        }
        Err(_) => Corpus::Keep,
    }
});
