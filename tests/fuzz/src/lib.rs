//! What every target does with the bytes that it is given.

use std::io::Cursor;

use libfuzzer_sys::Corpus;
use unbroken_probes::check::Context;
use unbroken_probes::container::{self, Format};
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measure::metadata;
use unbroken_probes::measurements::{Kind, Measurements};

/// Reads the bytes as the gate and the prober would, judges what was read and
/// writes it down. Bytes of other formats are left to the other targets.
pub fn read_and_judge(bytes: &[u8], formats: &[Format]) -> Corpus {
    let length = bytes.len() as u64;
    let mut file = Cursor::new(bytes);
    if !formats.contains(&container::sniff(&mut file, length)) {
        return Corpus::Reject;
    }
    let _ = container::completeness(&mut file, length, "a.mp4");
    let mut m = Measurements {
        size_bytes: length,
        ..Measurements::default()
    };
    container::read_structure(&mut file, length, "a.mp4").apply(&mut m);
    if m.kind == Kind::Photo {
        metadata::read_exif(&mut file, length, &mut m);
    }
    let judged = judge(&m, &Rules::default(), &Context::default());
    let written = serde_json::to_string(&m).expect("measurements can be written");
    assert!(serde_json::from_str::<Measurements>(&written).is_ok());
    for finding in &judged.findings {
        for number in [finding.measured, finding.limit].into_iter().flatten() {
            assert!(number.is_finite(), "{}", finding.code);
        }
    }
    Corpus::Keep
}
