//! What the files of one model have in common, learnt from files that the
//! admin vouches for: a box order or a parameter set that says nothing by
//! itself says much where a hundred files of the same model have another
//! (research/forensics.md 0.8 and 4.3).
//!
//! Pure: reading and writing the file is for others.

mod feature;
mod fingerprint;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use feature::{Feature, Weight};
pub use fingerprint::{Fingerprint, Model, NONE};

use crate::measurements::{Measurements, Trace};

/// The version of the file of exemplars.
pub const SCHEMA: &str = "unbroken.exemplars/1";

/// Values kept of one feature in one mode. A feature that has more is no
/// habit, and one with two is none either.
const VALUES_MAX: usize = 20;

/// Everything learnt, by model and mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemplars {
    schema: String,
    /// One entry for each mode of each model.
    pub entries: Vec<Entry>,
}

impl Default for Exemplars {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            entries: Vec::new(),
        }
    }
}

/// What the vouched files of one model in one mode show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Maker, as first written; empty if the files name none.
    pub make: String,
    /// Model, as first written.
    pub model: String,
    /// Size, rate, codec, sound.
    pub mode: String,
    /// Digests of the files learnt from, so that none counts twice.
    pub contents: BTreeSet<String>,
    /// Firmwares met.
    #[serde(default)]
    pub software: BTreeSet<String>,
    /// What they show.
    pub features: BTreeMap<Feature, Values>,
}

/// The values of one feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// Files in which the feature could be told.
    pub files: u64,
    /// In how many of them each value was met; at most 20 values.
    pub met: BTreeMap<String, u64>,
}

impl Values {
    /// The values that every file had.
    pub fn constant(&self) -> impl Iterator<Item = &str> {
        self.met
            .iter()
            .filter(|(_, n)| **n == self.files)
            .map(|(value, _)| value.as_str())
    }

    fn learn(&mut self, values: &BTreeSet<String>) {
        self.files += 1;
        for value in values {
            let has_room = self.met.len() < VALUES_MAX;
            match self.met.get_mut(value) {
                Some(n) => *n += 1,
                None if has_room => {
                    self.met.insert(value.clone(), 1);
                }
                None => {}
            }
        }
    }
}

/// What became of a file that was to be learnt from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learnt {
    /// It was learnt from.
    New(Model),
    /// The same content was learnt from before.
    Known(Model),
    /// It names no model, so that nothing can be learnt from it.
    Nameless,
}

/// A feature in which a file differs from all vouched files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub feature: Feature,
    /// What every vouched file has and this one has not.
    pub expected: Vec<String>,
    /// What this file has instead.
    pub found: Vec<String>,
    /// Vouched files in which the feature could be told.
    pub files: u64,
}

/// A file held against the exemplars of its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The file names no model.
    Nameless,
    /// Nothing was learnt of its model.
    NewModel(Model),
    /// Nothing was learnt of this mode of its model.
    NewMode(Model, String),
    /// Held against the files of its own mode.
    Compared {
        /// Its model.
        model: Model,
        /// Vouched files of this mode.
        files: u64,
        /// False if it names a firmware that none of them has.
        is_known_software: bool,
        /// Where it differs, the weightier first.
        differences: Vec<Difference>,
    },
}

/// Why a file of exemplars cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExemplarError {
    /// It is no such file.
    #[error("line {line}, column {column}: {why}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        why: String,
    },
    /// It was written by another version.
    #[error("it is of the version `{0}`; this program knows `{SCHEMA}`")]
    Version(String),
}

impl Exemplars {
    /// Reads what [`Exemplars::to_text`] wrote.
    pub fn parse(text: &str) -> Result<Self, ExemplarError> {
        let malformed = |error: serde_json::Error| ExemplarError::Malformed {
            line: error.line(),
            column: error.column(),
            why: error.to_string(),
        };
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let head: Head = serde_json::from_str(text).map_err(malformed)?;
        if head.schema != SCHEMA {
            return Err(ExemplarError::Version(head.schema));
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// The same as text that a person can read and compare.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// True if nothing was learnt.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Learns from a vouched file whose content has the digest `content`.
    pub fn learn(&mut self, content: &str, m: &Measurements) -> Learnt {
        let print = Fingerprint::of(m);
        let Some(model) = print.model else {
            return Learnt::Nameless;
        };
        if self.entries.iter().any(|e| e.contents.contains(content)) {
            return Learnt::Known(model);
        }
        let at = self
            .entries
            .iter()
            .position(|e| e.is_of(&model, &print.mode));
        let index = at.unwrap_or_else(|| {
            self.entries.push(Entry {
                make: model.make.clone(),
                model: model.model.clone(),
                mode: print.mode.clone(),
                ..Entry::default()
            });
            self.entries.len() - 1
        });
        if let Some(entry) = self.entries.get_mut(index) {
            entry.contents.insert(content.to_owned());
            entry.software.extend(print.software);
            for (feature, values) in &print.features {
                entry.features.entry(*feature).or_default().learn(values);
            }
        }
        self.entries
            .sort_by(|a, b| (a.model(), &a.mode).cmp(&(b.model(), &b.mode)));
        Learnt::New(model)
    }

    /// Holds a file against the exemplars of its model and mode.
    pub fn compare(&self, m: &Measurements) -> Comparison {
        let print = Fingerprint::of(m);
        let Some(model) = print.model.clone() else {
            return Comparison::Nameless;
        };
        let mut of_model = self
            .entries
            .iter()
            .filter(|e| e.model().is_same(&model))
            .peekable();
        if of_model.peek().is_none() {
            return Comparison::NewModel(model);
        }
        let Some(entry) = of_model.find(|e| e.mode == print.mode) else {
            return Comparison::NewMode(model, print.mode);
        };
        Comparison::Compared {
            files: entry.contents.len() as u64,
            is_known_software: print
                .software
                .as_ref()
                .is_none_or(|software| entry.software.contains(software)),
            differences: entry.differences(&print),
            model,
        }
    }

    /// True if every vouched file of this file's model in some mode bears the
    /// same name of a muxer or encoder as `trace`.
    pub fn vouch_for(&self, m: &Measurements, trace: &Trace) -> bool {
        self.vouch_for_name(m, &fingerprint::signed(&trace.field, &trace.written))
    }

    /// The same of a text that the encoder left in the coded pictures.
    pub fn vouch_for_note(&self, m: &Measurements, written: &str) -> bool {
        self.vouch_for_name(m, &fingerprint::signed("note", written))
    }

    fn vouch_for_name(&self, m: &Measurements, name: &str) -> bool {
        let writers = self.constant(m, Feature::Writers);
        writers
            .iter()
            .any(|all| all.split("; ").any(|one| one == name))
            || self.constant(m, Feature::StreamNames).contains(&name)
    }

    /// True if every vouched file of this file's model in some mode has this
    /// file type box.
    pub fn vouch_for_file_type(&self, m: &Measurements, written: &str) -> bool {
        self.constant(m, Feature::Brands).contains(&written)
    }

    /// True if the vouched files of this file's model have something in common
    /// in `feature`, and this file has it too.
    pub fn vouch_for_feature(&self, m: &Measurements, feature: Feature) -> bool {
        if self.is_empty() {
            return false;
        }
        let expected = self.constant(m, feature);
        let print = Fingerprint::of(m);
        let found = print.features.get(&feature);
        !expected.is_empty()
            && found.is_some_and(|found| expected.iter().all(|value| found.contains(*value)))
    }

    /// The constant values of a feature in any mode of this file's model.
    fn constant(&self, m: &Measurements, feature: Feature) -> Vec<&str> {
        let model = match Fingerprint::of(m).model {
            Some(model) if !self.is_empty() => model,
            _ => return Vec::new(),
        };
        self.entries
            .iter()
            .filter(|e| e.model().is_same(&model))
            .filter_map(|e| e.features.get(&feature))
            .flat_map(Values::constant)
            .collect()
    }
}

impl Entry {
    /// Whose files these are.
    pub fn model(&self) -> Model {
        Model {
            make: self.make.clone(),
            model: self.model.clone(),
        }
    }

    fn is_of(&self, model: &Model, mode: &str) -> bool {
        self.mode == mode && self.model().is_same(model)
    }

    /// What every vouched file has and this one has not. What could not be told
    /// of this file is not held against it.
    fn differences(&self, print: &Fingerprint) -> Vec<Difference> {
        let mut differences: Vec<Difference> = self
            .features
            .iter()
            .filter_map(|(feature, values)| {
                let found = print.features.get(feature)?;
                let expected: Vec<String> = values
                    .constant()
                    .filter(|value| !found.contains(*value))
                    .map(str::to_owned)
                    .collect();
                let others = found
                    .iter()
                    .filter(|value| !values.met.contains_key(*value));
                (!expected.is_empty()).then(|| Difference {
                    feature: *feature,
                    expected,
                    found: others.cloned().collect(),
                    files: values.files,
                })
            })
            .collect();
        differences.sort_by_key(|d| d.feature.weight() == Weight::Habit);
        differences
    }
}

#[cfg(test)]
mod tests;
