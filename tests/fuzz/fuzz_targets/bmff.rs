//! Boxes of MP4, MOV, 3GP, HEIF and AVIF with all that is written in them.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use unbroken_fuzz::read_and_judge;
use unbroken_probes::container::Format;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    read_and_judge(
        bytes,
        &[
            Format::Mp4,
            Format::Mov,
            Format::ThreeGp,
            Format::Heif,
            Format::Avif,
        ],
    )
});
