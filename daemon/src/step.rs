//! The steps of a file's life: one a file, each told what it needs, each to be
//! repeated without harm.

pub mod watch;
