//! The recipes for recordings: one known fault, or one innocent peculiarity.

pub mod files;
pub mod foreign;
pub mod pictures;
pub mod sound;
pub mod twice;

use super::source::Source;
use super::truth::Truth;

/// How long and how large the cases are.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest case, in seconds.
    pub length_max_s: f64,
    /// Longest side of a picture that is encoded anew, in pixels.
    pub side_max_px: u32,
}

/// What is said of a file before it is made.
pub struct Recipe {
    /// One row of the table.
    pub name: String,
    /// The ending of the file's name; empty: the source's own.
    pub ending: &'static str,
    /// What is done.
    pub truth: Vec<Truth>,
    /// True if tools that look at pictures are asked as well.
    pub pictures: bool,
    /// Where a piece is left out: how far the pictures on either side differ,
    /// in grey levels.
    pub differ_levels: Option<f64>,
    /// How it is made.
    pub how: How,
}

/// How a file is made.
pub enum How {
    /// Arguments of `ffmpeg` before and after its first input.
    Once {
        /// What comes before the input: how it is read.
        before: Vec<String>,
        /// What comes between the input and the output.
        after: Vec<String>,
    },
    /// Arguments of `ffmpeg` between the input and a first coding, and between
    /// that and the output.
    Twice {
        /// How the source is coded first.
        first: Vec<String>,
        /// How that is coded again.
        then: Vec<String>,
    },
    /// Parts of the source by stream copy, from and to in seconds, joined by
    /// stream copy.
    Parts {
        /// The parts in order.
        parts: Vec<(f64, f64)>,
        /// True: as transport streams, one behind the other; false: as files in
        /// a list.
        as_streams: bool,
    },
    /// The first share of the source's bytes.
    Bytes(f64),
}

impl How {
    /// Arguments after the input alone.
    fn after(after: Vec<String>) -> Self {
        Self::Once {
            before: Vec::new(),
            after,
        }
    }

    /// All that the file follows from, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Once { before, after } => format!("{} -i {}", before.join(" "), after.join(" ")),
            Self::Twice { first, then } => format!("{} -i {}", first.join(" "), then.join(" ")),
            Self::Parts { parts, as_streams } => format!("{parts:?} {as_streams}"),
            Self::Bytes(share) => share.to_string(),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The first seconds of the source at its own rate, no larger than allowed.
fn base(source: &Source, bounds: Bounds) -> (f64, String) {
    let length_s = source.duration_s.min(bounds.length_max_s);
    let side = bounds.side_max_px;
    let rate = rate(source);
    let chain = format!(
        "scale='if(gte(iw,ih),min(iw,{side}),-2)':'if(gte(iw,ih),-2,min(ih,{side}))',\
         setsar=1,fps={rate:.4},trim=duration={length_s:.3},setpts=PTS-STARTPTS"
    );
    (length_s, chain)
}

/// A source that claims an absurd rate is taken at the usual one.
fn rate(source: &Source) -> f64 {
    source.rate_fps.clamp(5.0, 60.0)
}

const X264: &str = "-c:v libx264 -preset veryfast -crf 21 -pix_fmt yuv420p";
