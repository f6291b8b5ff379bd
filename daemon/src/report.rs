//! What we say of a file: the report object, its page, and the receipt.

pub mod object;
pub mod page;
pub mod receipt;
pub mod words;
