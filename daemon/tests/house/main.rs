//! The drive and its steps over a real ledger and a real store, with a clock
//! that runs as fast as it is asked to and a prober that does as it is told.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, a failure to set up is a failure"
)]

mod alike;
mod drive;
mod fixtures;
mod report;
mod siblings;
