//! Clocks beside the pictures: GoPro's and Sony's telemetry, timecode, AVCHD's
//! camera notes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unbroken_probes::measure::clocks::mdpm::read_mdpm;
use unbroken_probes::measure::clocks::{ClocksInstrument, Kind};
use unbroken_probes::measurements::Measurements;

// Before each sample stand its kind, its instant and its length.
fuzz_target!(|bytes: &[u8]| {
    let (description, mut samples) = bytes.split_at(bytes.len().min(17));
    let timecode = Kind::of(*b"tmcd", description);
    let mut clocks = ClocksInstrument::default();
    while let [kind, instant, length, rest @ ..] = samples {
        let (sample, after) = rest.split_at(rest.len().min(usize::from(*length)));
        let at_s = f64::from(*instant) * 0.5;
        match (kind % 4, timecode) {
            (0, _) => clocks.sample(0, Kind::Gpmf, sample, at_s),
            (3, _) => clocks.sample(3, Kind::Rtmd, sample, at_s),
            (1, Some(timecode)) => clocks.sample(1, timecode, sample, at_s),
            _ => {
                if let Some(note) = read_mdpm(sample) {
                    clocks.camera_note(2, &note, at_s);
                }
            }
        }
        samples = after;
    }
    let mut m = Measurements::default();
    clocks.finish(Some(128.0), &mut m);
    let written = serde_json::to_string(&m).expect("measurements can be written");
    assert!(serde_json::from_str::<Measurements>(&written).is_ok());
});
