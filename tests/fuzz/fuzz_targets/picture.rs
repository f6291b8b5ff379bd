//! Segments of JPEG, chunks of PNG, WebP and GIF, directories of TIFF and raws,
//! with EXIF and XMP.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use unbroken_fuzz::read_and_judge;
use unbroken_probes::container::Format;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    read_and_judge(
        bytes,
        &[
            Format::Jpeg,
            Format::Png,
            Format::Gif,
            Format::Tiff,
            Format::Bmp,
            Format::Raf,
            Format::Webp,
        ],
    )
});
