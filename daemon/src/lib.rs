//! Second floor: does things, in order, over time.
//!
//! The modules are ranked: each may use only those listed before it.

pub mod adapter;
pub mod cell;
pub mod life;
pub mod port;
pub mod report;
pub mod step;
