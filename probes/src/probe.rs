//! One pass over one file feeds every instrument.

mod film;
mod picture;
mod recording;
mod stills;
mod viewer;

use std::fs::File;
use std::io::Seek;

use serde::{Deserialize, Serialize};

use crate::container::{self, Format};
use crate::measure::metadata;
use crate::measurements::{Kind, Measurements, NotRun, SCHEMA};

/// What the caller knows and allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// The original name: hints at what the file claims to be.
    pub name: String,
    /// Longest side of the stills that are kept for the report, in pixels.
    pub still_long_side_px: u32,
    /// Most stills to keep; of possible cuts half as many pairs beside them.
    pub stills_count: u32,
    /// How far to look.
    #[serde(default)]
    pub depth: Depth,
}

/// How far a file is looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Everything is decoded and looked at.
    #[default]
    Full,
    /// Containers, tables, times, parameters and metadata; nothing is decoded.
    Structure,
}

/// Why an instrument that needs pictures or sound did not run.
pub(crate) const ONLY_STRUCTURE: &str = "only structure was asked for";

/// Label of the still that shows how much saving a photo once more would change
/// it, part by part.
pub const ERROR_LEVEL_STILL: &str = "error_level";

/// A small picture for the report: a viewing copy, never evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Still {
    /// What it shows: `photo`, [`ERROR_LEVEL_STILL`], `frame`; `before` and `after`
    /// on either side of a step that may be a cut.
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
    /// What was measured over time, as `unbroken.series/1`; empty if nothing was.
    pub series: Vec<u8>,
}

/// Measures the whole file. Never fails: a file that cannot be read yields
/// measurements that say so.
pub fn probe(file: &mut File, wants: &Wants) -> Probed {
    let mut m = Measurements {
        schema: SCHEMA.to_owned(),
        ..Measurements::default()
    };
    let mut over_time = OverTime::default();
    match file
        .metadata()
        .and_then(|data| file.rewind().map(|()| data.len()))
    {
        Ok(size_bytes) => {
            m.size_bytes = size_bytes;
            over_time = measure(file, wants, &mut m);
        }
        Err(error) => m.not_run.push(NotRun {
            instrument: "structure".to_owned(),
            why: format!("the file cannot be read: {error}"),
        }),
    }
    Probed {
        measurements: m,
        stills: over_time.stills,
        series: over_time.series,
    }
}

/// What a pass over a file yields beside the facts.
#[derive(Debug, Default)]
struct OverTime {
    stills: Vec<Still>,
    series: Vec<u8>,
}

fn measure(file: &mut File, wants: &Wants, m: &mut Measurements) -> OverTime {
    let structure = container::read_structure(file, m.size_bytes, &wants.name);
    let format = structure.format;
    structure.apply(m);
    if m.kind == Kind::Photo {
        metadata::read_exif(file, m.size_bytes, m);
    }
    match m.kind {
        Kind::Video | Kind::Audio => recording::measure(file, wants, m),
        // Raw streams have no signature; their name says what they claim to be.
        Kind::Unreadable if format == Format::Unknown => recording::measure(file, wants, m),
        Kind::Photo => {
            let stills = picture::measure(file, format.name(), wants, m);
            film::measure(file, wants, m);
            OverTime {
                stills,
                series: Vec::new(),
            }
        }
        Kind::Other | Kind::Unreadable => OverTime::default(),
    }
}
