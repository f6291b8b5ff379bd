//! Streams without an index: MPEG-TS and PS, ASF, FLV, and the sound formats.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use unbroken_fuzz::read_and_judge;
use unbroken_probes::container::Format;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    read_and_judge(
        bytes,
        &[
            Format::MpegTs,
            Format::MpegPs,
            Format::Asf,
            Format::Flv,
            Format::Ogg,
            Format::Flac,
            Format::Adts,
            Format::Mp3,
            Format::Amr,
        ],
    )
});
