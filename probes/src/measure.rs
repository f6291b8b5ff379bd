//! The instruments: one subject a file.

pub mod audio;
mod baseline_jpeg;
pub mod bitstream;
pub mod clocks;
pub mod copy_move;
mod dct;
pub mod decision_scale;
pub mod decoding;
pub mod error_level;
pub mod exposure;
pub mod first_save;
pub mod group_rhythm;
mod heif_decoding;
mod histogram;
pub mod jpeg_grid;
pub mod jpeg_tables;
pub(crate) mod kernels;
pub mod legibility;
pub mod likeness;
pub mod metadata;
pub mod moire;
pub mod motion;
pub mod noise;
pub mod photo;
pub mod picture_decoding;
pub mod pixels;
#[cfg(test)]
pub(crate) mod recipe;
pub mod resolution;
pub mod rolloff;
pub mod series;
pub mod sharpness;
pub mod spectrum;
pub mod thumbnail;
pub mod timing;
pub mod video;
pub(crate) mod wide;
