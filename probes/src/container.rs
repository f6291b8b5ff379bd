//! Structure of files, read as evidence. Pure Rust, bounded, no decoding.

use crate::text::Text;

/// What a file's structure says about whether all of it has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// The structure ends where the file ends.
    Complete,
    /// Something that must be there is missing.
    Incomplete {
        /// What is missing.
        why: Text,
    },
    /// This format has no end that could be checked.
    NoEnd,
    /// There is not one byte.
    Empty,
}
