//! Structure of files, read as evidence. Pure Rust, bounded, no decoding.
