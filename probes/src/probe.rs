//! One pass over one file feeds every instrument.

use std::fs::File;

use serde::{Deserialize, Serialize};

use crate::measurements::Measurements;

/// What the caller knows and allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// The original name: hints at what the file claims to be.
    pub name: String,
    /// Longest side of the stills that are kept for the report, in pixels.
    pub still_long_side_px: u32,
    /// Most stills to keep.
    pub stills_count: u32,
}

/// A small picture for the report: a viewing copy, never evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Still {
    /// What it shows: `photo`, `frame`.
    pub label: String,
    /// Milliseconds from the first picture; 0 for a photo.
    pub at_ms: u64,
    /// The picture as JPEG.
    pub jpeg: Vec<u8>,
}

/// What a probe yields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probed {
    /// The facts.
    pub measurements: Measurements,
    /// Small pictures for the report.
    pub stills: Vec<Still>,
}

/// Measures the whole file. Never fails: a file that cannot be read yields
/// measurements that say so.
pub fn probe(_file: &mut File, _wants: &Wants) -> Probed {
    Probed::default()
}
