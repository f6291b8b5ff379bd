//! The attic: sees everything, is seen by nothing. What several tests share.

pub mod running;
