//! Photos and clips made by recipe, so that their truth is known by
//! construction and no binary file has to be kept.

pub mod clip;
pub mod demo;
pub mod exif;
pub mod photo;
