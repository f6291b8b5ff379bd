//! Ground floor: media → measurements → findings.
//!
//! This crate knows nothing of shares, stores, ledgers or clocks. It reads one
//! file through one descriptor, measures it, and judges the measurements by
//! rules that are handed in. See `ARCHITECTURE.md` for the whole house.
//!
//! The modules are ranked: each may use only those listed before it.

// plain data
pub mod measurements;
pub mod media;
pub mod text;
pub mod time_series;
pub mod wording;
// bytes → measurements
pub mod bitstream;
pub mod container;
pub mod ffmpeg;
pub mod measure;
pub mod probe;
// measurements → findings; pure from here on
pub mod anchors;
pub mod capture;
pub mod check;
pub mod deadline;
pub mod exemplar;
pub mod judge;
pub mod makers;
pub mod registry;
pub mod segment;
pub mod writers;
