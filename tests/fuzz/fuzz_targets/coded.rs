//! Parameter sets, slice headers and messages of H.264 and HEVC.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unbroken_probes::measure::bitstream::BitstreamInstrument;

// The first byte says the codec and how long the configuration record is. Before
// each packet stands its length in units of four bytes.
fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let codec = if first & 1 == 0 { "h264" } else { "hevc" };
    let (record, mut packets) = rest.split_at(rest.len().min(usize::from(first >> 1)));
    let Some(mut instrument) = BitstreamInstrument::new(0, codec, record) else {
        return;
    };
    let mut at_s = 0.0;
    while let Some((length, rest)) = packets.split_first() {
        let (packet, after) = rest.split_at(rest.len().min(usize::from(*length) * 4));
        instrument.packet(packet, Some(at_s));
        at_s += 0.04;
        packets = after;
    }
    let found = instrument.finish();
    assert!(serde_json::to_string(&found).is_ok());
});
