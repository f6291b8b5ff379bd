//! Coded syntax of H.264 and HEVC, read as evidence and never decoded.
//!
//! Only headers are looked at: parameter sets, the first bytes of each
//! slice, and the messages that encoders leave beside the pictures. All of it
//! may be hostile; a reader that runs out of bits says `None`, and whatever is
//! kept has a limit.

pub mod bits;
pub mod h264;
pub mod hevc;
pub mod nal;
pub mod sei;
