//! What is read of a file's structure, and how it joins the measurements.

use super::sniff::Format;
use crate::measurements::{Container, Device, Kind, Measurements, TimeReading, Trace, Track};
use crate::text::Text;

/// Most traces kept of one file.
const TRACES_MAX: usize = 300;
/// Most times kept of one file.
const TIMES_MAX: usize = 100;

/// Everything that a file's structure says.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// What the file is by its bytes.
    pub format: Format,
    /// Its kind, as far as structure tells: [`Kind::Video`] only with a
    /// picture track, once its tracks could be read.
    pub kind: Kind,
    /// The outline.
    pub container: Container,
    /// Tracks in file order (ISO-BMFF): handler, timescale, edit list, sample
    /// tables. Fields that only a decoder knows stay empty.
    pub tracks: Vec<Track>,
    /// Times as written.
    pub times: Vec<TimeReading>,
    /// Make, model, software as written in the container.
    pub device: Device,
    /// Who wrote the file, as it says itself.
    pub traces: Vec<Trace>,
}

impl Structure {
    pub(super) fn new(format: Format, name: &str) -> Self {
        Self {
            format,
            kind: format.kind(name),
            container: Container {
                format: format.name().to_owned(),
                ..Container::default()
            },
            tracks: Vec::new(),
            times: Vec::new(),
            device: Device::default(),
            traces: Vec::new(),
        }
    }

    /// Notes a writer's mark; empty ones and repetitions are left out.
    pub(super) fn trace(
        &mut self,
        field: impl Into<String>,
        written: impl Into<String>,
        offset_bytes: impl Into<Option<u64>>,
    ) {
        let trace = Trace {
            field: field.into(),
            written: written.into(),
            offset_bytes: offset_bytes.into(),
        };
        let known = |t: &Trace| t.field == trace.field && t.written == trace.written;
        if self.traces.len() < TRACES_MAX
            && !trace.written.is_empty()
            && !self.traces.iter().any(known)
        {
            self.traces.push(trace);
        }
    }

    /// Notes a time; the same field with the same value is noted once.
    pub(super) fn time(&mut self, reading: TimeReading) {
        if self.times.len() < TIMES_MAX && !self.times.contains(&reading) {
            self.times.push(reading);
        }
    }

    /// Copies everything into `m`. What a decoder has already measured of a
    /// track stays; what it left open is filled in.
    pub fn apply(self, m: &mut Measurements) {
        m.kind = self.kind;
        m.container = Some(self.container);
        for track in self.tracks {
            match m.tracks.iter_mut().find(|t| t.index == track.index) {
                Some(known) => fill(known, track),
                None => m.tracks.push(track),
            }
        }
        m.times.extend(self.times);
        m.traces.extend(self.traces);
        let device = &mut m.device;
        device.make = device.make.take().or(self.device.make);
        device.model = device.model.take().or(self.device.model);
        device.serial = device.serial.take().or(self.device.serial);
        device.software = device.software.take().or(self.device.software);
        m.instruments.insert("container".to_owned(), super::VERSION);
    }
}

fn fill(known: &mut Track, read: Track) {
    known.handler = read.handler.or(known.handler.take());
    known.timescale_hz = read.timescale_hz.or(known.timescale_hz);
    known.edits = read.edits;
    known.sample_table = read.sample_table;
    known.duration_s = read.duration_s.or(known.duration_s);
    known.width_px = known.width_px.or(read.width_px);
    known.height_px = known.height_px.or(read.height_px);
    known.sample_rate_hz = known.sample_rate_hz.or(read.sample_rate_hz);
    known.channels = known.channels.or(read.channels);
    known.language = known.language.take().or(read.language);
    if known.codec.is_empty() {
        known.codec = read.codec;
    }
    if known.medium.is_empty() {
        known.medium = read.medium;
    }
}

/// Puts the outline's end into the report's words.
pub(super) fn ended(container: &mut Container, end: super::walk::End) {
    use super::walk::End;
    let (complete, why): (Option<bool>, Option<Text>) = match end {
        End::Whole => (Some(true), None),
        End::Cut(why) => (Some(false), Some(why)),
        End::Unmarked => (None, None),
    };
    container.complete = complete;
    container.incomplete_why = why;
}
