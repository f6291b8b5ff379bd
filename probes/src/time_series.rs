//! Everything that was measured over time, kept as compact columns beside the
//! object: a time axis can be drawn, and a later opinion formed, without
//! decoding the recording again.
//!
//! Three clocks run through a recording: pictures as shown, packets as stored,
//! and sound by the twentieth of a second. Each has one row an event and a few
//! columns. Values are whole numbers of a stated step, stored as differences of
//! varying length and deflated (`unbroken.series/1`).

mod file;
mod rows;

use crate::media::Packet;

pub use file::{BYTES_MAX, BadSeries, SCHEMA, budget_bytes};
pub use rows::{Clock, Column, Merge};

/// The columns of one recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeSeries {
    /// What runs through the recording, at most one of a name.
    pub clocks: Vec<Clock>,
}

impl TimeSeries {
    /// The clock of this name: `picture`, `packet`, `sound`.
    pub fn clock(&self, name: &str) -> Option<&Clock> {
        self.clocks.iter().find(|c| c.name == name)
    }
}

/// What is known of one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PictureRow {
    /// Mean brightness, in grey levels with black at 16.
    pub brightness_levels: Option<f64>,
    /// Mean difference from the picture before, in grey levels.
    pub difference_levels: Option<f64>,
    /// Share of its blocks that are not found in the picture before.
    pub unforetold_ratio: Option<f64>,
}

/// Writes down what the instruments see while the recording runs.
#[derive(Debug)]
pub struct Recorder {
    pictures: Clock,
    packets: Clock,
    sound: Clock,
}

impl Default for Recorder {
    fn default() -> Self {
        let column = Column::new;
        Self {
            pictures: Clock::new(
                "picture",
                vec![
                    column("brightness", "level", 0.25, Merge::Mean),
                    column("difference", "level", 1.0 / 64.0, Merge::Mean),
                    column("unforetold", "ratio", 0.005, Merge::Most),
                ],
            ),
            packets: Clock::new(
                "packet",
                vec![
                    column("size", "byte", 1.0, Merge::Sum),
                    column("key", "count", 1.0, Merge::Sum),
                ],
            ),
            sound: Clock::new("sound", vec![column("level", "dBFS", 0.1, Merge::Mean)]),
        }
    }
}

impl Recorder {
    /// A picture, shown `at_s` seconds from the first.
    pub fn picture(&mut self, at_s: f64, row: PictureRow) {
        self.pictures.push(
            at_s,
            &[
                row.brightness_levels,
                row.difference_levels,
                row.unforetold_ratio,
            ],
        );
    }

    /// A packet of the moving picture, to be shown `at_s` seconds from the first.
    pub fn packet(&mut self, at_s: f64, packet: &Packet) {
        let key = f64::from(u8::from(packet.key));
        self.packets
            .push(at_s, &[Some(packet.size_bytes as f64), Some(key)]);
    }

    /// A twentieth of a second of sound, from `at_s` on.
    pub fn sound(&mut self, at_s: f64, level_dbfs: f64) {
        self.sound.push(at_s, &[Some(level_dbfs)]);
    }

    /// What this one recorded of packets and sound, and another one of pictures.
    pub fn with_pictures_of(self, other: Self) -> Self {
        Self {
            pictures: other.pictures,
            ..self
        }
    }

    /// The columns; a clock without rows is left out.
    pub fn finish(self) -> TimeSeries {
        let clocks = [self.pictures, self.packets, self.sound].into_iter();
        TimeSeries {
            clocks: clocks.filter(|c| !c.at_steps.is_empty()).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
