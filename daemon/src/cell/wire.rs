//! How a child hands its result over: a length, a JSON head, then the stills'
//! bytes one after another, then those of the series. Every length is checked against a limit on both
//! sides; the parent trusts nothing that a broken child may have written.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use unbroken_probes::measurements::Measurements;
use unbroken_probes::probe::{Probed, Still};

/// Most bytes that a result may have.
pub const RESULT_BYTES_MAX: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Head {
    measurements: Measurements,
    stills: Vec<StillHead>,
    series_bytes: usize,
}

#[derive(Serialize, Deserialize)]
struct StillHead {
    label: String,
    at_ms: u64,
    size_bytes: usize,
}

/// Writes a result.
pub fn write(out: &mut impl Write, probed: &Probed) -> io::Result<()> {
    let head = serde_json::to_vec(&Head {
        measurements: probed.measurements.clone(),
        stills: probed
            .stills
            .iter()
            .map(|s| StillHead {
                label: s.label.clone(),
                at_ms: s.at_ms,
                size_bytes: s.jpeg.len(),
            })
            .collect(),
        series_bytes: probed.series.len(),
    })?;
    let length = u32::try_from(head.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&head)?;
    for still in &probed.stills {
        out.write_all(&still.jpeg)?;
    }
    out.write_all(&probed.series)?;
    out.flush()
}

/// Reads a result that arrived whole.
pub fn read(bytes: &[u8]) -> Result<Probed, String> {
    let (length, rest) = bytes
        .split_first_chunk::<4>()
        .ok_or("the result is empty")?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > rest.len() {
        return Err(format!(
            "the result ends after {} of {length} bytes",
            rest.len()
        ));
    }
    let (head, mut blobs) = rest.split_at(length);
    let head: Head =
        serde_json::from_slice(head).map_err(|e| format!("the result cannot be read: {e}"))?;
    let mut stills = Vec::with_capacity(head.stills.len().min(64));
    for still in head.stills {
        if still.size_bytes > blobs.len() {
            return Err("the result ends within a still".to_owned());
        }
        let (jpeg, after) = blobs.split_at(still.size_bytes);
        stills.push(Still {
            label: still.label,
            at_ms: still.at_ms,
            jpeg: jpeg.to_vec(),
        });
        blobs = after;
    }
    if blobs.len() != head.series_bytes {
        return Err(format!(
            "{} bytes follow the stills where {} of series are due",
            blobs.len(),
            head.series_bytes
        ));
    }
    Ok(Probed {
        measurements: head.measurements,
        stills,
        series: blobs.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Probed {
        Probed {
            measurements: Measurements {
                size_bytes: 7,
                ..Measurements::default()
            },
            stills: vec![
                Still {
                    label: "frame".to_owned(),
                    at_ms: 40,
                    jpeg: vec![1, 2, 3],
                },
                Still {
                    label: "frame".to_owned(),
                    at_ms: 80,
                    jpeg: Vec::new(),
                },
            ],
            series: vec![9; 5],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        write(&mut bytes, &sample()).unwrap();
        assert_eq!(read(&bytes), Ok(sample()));
    }

    #[test]
    fn a_cut_or_longer_result_is_refused() {
        let mut bytes = Vec::new();
        write(&mut bytes, &sample()).unwrap();
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "cut at {end}");
        }
        bytes.push(0);
        assert!(read(&bytes).is_err());
    }
}
