//! Second floor: does things, in order, over time.
//!
//! alone chooses adapters; everything else speaks to ports.

// contracts
pub mod chain;
pub mod life;
pub mod port;
// the probing child's side, alone in its process
pub mod cell;
// pure: what is meant, what is said
pub mod adapter;
pub mod cases;
pub mod report;
// the life of a file
pub mod drive;
pub mod house;
pub mod intake;
pub mod kill_point;
pub mod step;
// beside it
pub mod deadlines;
pub mod log;
pub mod receipts;
pub mod reconciliation;
pub mod sweep;
// from outside
