//! The ledger: the contract of the port, what only SQLite promises, and that
//! both hold under any sequence of calls and beside another process.

#![allow(
    clippy::unwrap_used,
    reason = "in a test, a failure to set up is a failure"
)]

mod against_chain;
mod beside;
mod contract;
mod custody;
mod fixtures;
mod likenesses;
mod stored_format;
