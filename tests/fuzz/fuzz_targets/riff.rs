//! Chunks of AVI, WAV and WebP.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use unbroken_fuzz::read_and_judge;
use unbroken_probes::container::Format;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    read_and_judge(
        bytes,
        &[Format::Avi, Format::Wav, Format::Webp, Format::Riff],
    )
});
