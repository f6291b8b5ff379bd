//! THE CELL: all unsafe code and all of FFmpeg. Bytes → plain data.
