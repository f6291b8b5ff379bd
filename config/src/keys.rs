//! The table of keys: every section, key, default, range, unit and its words
//! in both languages. Struct, reader, documentation, schema and `explain` are
//! all made from it.

mod custody;
mod intake;
mod judging;
mod service;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use custody::{Ledger, ObjectLock, Release, Retry, S3, Stage, State, Store, StoreKind};
pub use intake::{Intake, Mount, Settle, Share, Special, Watch};
pub use judging::{
    Calendar, Deadline, DeadlineClock, Device, MaxLevel, Naming, Quirk, Reference, Report,
    SoftClock, Time, VerdictWeights, Weight,
};
pub use service::{Limits, Log, LogFormat, Probe, Sandbox, Web};

/// A span of time in seconds, as keys that end in `_s` hold it.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub f64);

impl Seconds {
    /// As a duration. Ranges are checked on reading; a value that no duration
    /// can hold, which only code can make, is taken as the nearest that can.
    pub fn duration(self) -> Duration {
        Duration::try_from_secs_f64(self.0).unwrap_or(if self.0 > 0.0 {
            Duration::MAX
        } else {
            Duration::ZERO
        })
    }
}

pub(crate) fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

/// Kind of keys in seconds.
pub(crate) const fn seconds(min: f64, max: f64) -> crate::form::Kind {
    crate::form::Kind::Number { min, max }
}

/// Kind of whole numbers.
pub(crate) const fn whole(min: i64, max: i64) -> crate::form::Kind {
    crate::form::Kind::Integer { min, max }
}

/// A day in seconds, the upper end of most waits.
pub(crate) const DAY_S: f64 = 86_400.0;

/// A bound for sizes: 16 TiB, the largest file of ext4 with 4 KiB blocks.
pub(crate) const MAX_BYTES: i64 = 16 << 40;
