//! The steps of a file's life: one a file, each told what it needs, each to be
//! repeated without harm.

mod alike;
pub mod judge;
pub mod name;
pub mod probe;
pub mod release;
pub mod report;
pub mod settle;
pub mod stage;
pub mod store;
pub mod watch;

use serde_json::Value;

use crate::life::Event;
use crate::port::ledger::Change;

#[cfg(test)]
mod tests;

/// What a step says has happened.
#[derive(Debug)]
pub struct Happened {
    /// The event.
    pub event: Event,
    /// What the ledger is to write with it.
    pub change: Change,
    /// What the chain is to say of it.
    pub detail: Value,
}

impl Happened {
    /// An event that changes nothing but the state.
    pub fn just(event: Event, detail: Value) -> Self {
        Self {
            event,
            change: Change::default(),
            detail,
        }
    }
}
