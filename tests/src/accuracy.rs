//! How often the checks are right: cases whose truth is known by construction,
//! held against what the checks say and against what other tools say.
//!
//! From untouched sources each recipe makes a file with one known fault, or one
//! innocent peculiarity. Half of the sources serve to tune, the other half to
//! report, so that no figure is taken from what a limit was chosen on.

pub mod found;
pub mod kitchen;
pub mod page;
pub mod peer;
pub mod photo;
pub mod python;
pub mod recipe;
pub mod reuse;
pub mod score;
pub mod source;
pub mod speed;
pub mod table;
pub mod truth;
pub mod video;
pub mod views;
