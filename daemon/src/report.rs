//! What we say of a file: the report object, its page, and the receipt.

pub mod object;
