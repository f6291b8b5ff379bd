//! A reader that ends early: a hostile file cannot make a parser read more
//! than it was given.

use std::io::{Read, Result, Seek, SeekFrom};

/// Ends, as a file ends, after a number of bytes however often it seeks.
#[derive(Debug)]
pub(super) struct Budget<R> {
    inner: R,
    left_bytes: u64,
}

impl<R> Budget<R> {
    /// Lets `bytes` through.
    pub(super) fn new(inner: R, bytes: u64) -> Self {
        Self {
            inner,
            left_bytes: bytes,
        }
    }
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let read = self.inner.by_ref().take(self.left_bytes).read(buf)?;
        self.left_bytes = self.left_bytes.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Budget<R> {
    fn seek(&mut self, pos: SeekFrom) -> Result<u64> {
        self.inner.seek(pos)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn ends_when_the_budget_does_even_after_seeking() {
        let mut reader = Budget::new(Cursor::new([7u8; 100]), 10);
        let mut buf = [0u8; 6];
        reader.read_exact(&mut buf).unwrap();
        reader.seek(SeekFrom::Start(0)).unwrap();
        let mut rest = Vec::new();
        assert_eq!(reader.read_to_end(&mut rest).unwrap(), 4);
    }
}
