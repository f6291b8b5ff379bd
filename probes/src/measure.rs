//! The instruments: one subject a file.

pub mod audio;
pub mod photo;
pub mod timing;
pub mod video;
