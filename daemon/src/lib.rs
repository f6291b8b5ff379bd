//! Second floor: does things, in order, over time.
//!
//! The modules are ranked, and each may use only those of its own or an earlier
//! group. `cli` alone chooses adapters; everything else speaks to ports.

// contracts
pub mod life;
pub mod port;

// pure: the chain of events, what looks alike, what is meant, what is said
pub mod chain;
pub mod likeness;
pub mod report;

pub mod cases;

// the probing child's side, alone in its process
pub mod cell;

// the world behind the ports
pub mod adapter;

// the life of a file
pub mod house;
pub mod kill_point;

pub mod step;

pub mod drive;
pub mod intake;

// beside it
pub mod deadlines;
pub mod log;
pub mod receipts;
pub mod reconciliation;
pub mod sweep;

pub mod web;

// from outside
pub mod cli;
