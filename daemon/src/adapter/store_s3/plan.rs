//! What is to be sent, checked against its digests before anything is sent.

use std::fs::File;
use std::path::{Path, PathBuf};

use aws_smithy_types::base64;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::adapter::digester::{Buffers, CHUNK_BYTES, Digester, read_full};
use crate::adapter::store_directory::same_content;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::Source;

/// S3 takes 10,000 parts; we plan with fewer, so that no rounding reaches it.
const MAX_PARTS: u64 = 9_000;

/// A content that is what it was announced to be.
pub(super) enum Plan {
    /// Small enough to be sent in one piece.
    Whole(Bytes),
    /// Sent in parts, straight from the file.
    Parts(Parts),
}

/// A large file and its parts.
pub(super) struct Parts {
    pub(super) path: PathBuf,
    pub(super) part_bytes: u64,
    pub(super) parts: Vec<Part>,
}

/// One part of a large file.
pub(super) struct Part {
    /// From 1.
    pub(super) number: i32,
    pub(super) offset_bytes: u64,
    pub(super) length_bytes: u64,
    /// SHA-256, base64 as S3 wants it.
    pub(super) sha256: String,
}

/// The length of parts for a file: as set, longer for very large files.
pub(super) fn part_bytes(size_bytes: u64, set_bytes: u64) -> u64 {
    let least = size_bytes.div_ceil(MAX_PARTS);
    let mebibytes = least.div_ceil(1 << 20).saturating_mul(1 << 20);
    set_bytes.max(mebibytes)
}

/// Reads the source once. What differs from its digests is refused.
pub(super) fn plan(source: &Source, digests: &Digests, part_bytes: u64) -> Result<Plan, Fault> {
    let (plan, found) = match source {
        Source::Bytes(bytes) => {
            let mut digester = Digester::new(false);
            digester.update(bytes.clone());
            (Plan::Whole(bytes.clone()), digester.finish())
        }
        Source::File(path) => {
            read_file(path, digests.size_bytes, part_bytes).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Fault::Final(format!(
                    "the staged file {} is gone; stage it again",
                    path.display()
                )),
                _ => Fault::from(error).while_doing(format!("reading {}", path.display())),
            })?
        }
    };
    if same_content(&found, digests) {
        return Ok(plan);
    }
    Err(Fault::Final(format!(
        "the content to be stored is not the one that was announced: announced {} bytes with \
         SHA-256 {}, found {} bytes with {}; nothing was stored, stage the file again",
        digests.size_bytes, digests.sha256, found.size_bytes, found.sha256
    )))
}

fn read_file(
    path: &Path,
    announced_bytes: u64,
    part_bytes: u64,
) -> std::io::Result<(Plan, Digests)> {
    let mut file = File::open(path)?;
    let keep = announced_bytes <= part_bytes;
    let mut kept = Vec::new();
    let mut parts = Vec::new();
    let buffers = Buffers::default();
    let mut digester = Digester::new(false);
    let mut offset_bytes = 0_u64;
    loop {
        let mut hasher = Sha256::new();
        let mut length_bytes = 0_u64;
        while length_bytes < part_bytes {
            let mut buffer = buffers.take();
            let rest = part_bytes.saturating_sub(length_bytes);
            let wanted = usize::try_from(rest).map_or(CHUNK_BYTES, |rest| rest.min(CHUNK_BYTES));
            let space = buffer.space().get_mut(..wanted).unwrap_or_default();
            let filled = read_full(&mut file, space)?;
            if filled == 0 {
                break;
            }
            let chunk = buffer.share(filled);
            digester.update(chunk.clone());
            length_bytes = length_bytes.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
            if keep {
                kept.extend_from_slice(&chunk);
            } else {
                hasher.update(&chunk);
            }
        }
        // Past what was announced nothing has to be known: it will be refused.
        if length_bytes == 0 || offset_bytes > announced_bytes {
            break;
        }
        if !keep {
            parts.push(Part {
                number: i32::try_from(parts.len())
                    .unwrap_or(i32::MAX)
                    .saturating_add(1),
                offset_bytes,
                length_bytes,
                sha256: base64::encode(hasher.finalize()),
            });
        }
        offset_bytes = offset_bytes.saturating_add(length_bytes);
    }
    let plan = if keep {
        Plan::Whole(kept.into())
    } else {
        Plan::Parts(Parts {
            path: path.to_owned(),
            part_bytes,
            parts,
        })
    };
    Ok((plan, digester.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::digester::digest_reader;

    #[test]
    fn parts_grow_before_there_are_too_many() {
        let mebibyte = 1 << 20;
        assert_eq!(part_bytes(0, 5 * mebibyte), 5 * mebibyte);
        assert_eq!(part_bytes(9_000 * 5 * mebibyte, 5 * mebibyte), 5 * mebibyte);
        assert_eq!(
            part_bytes(9_000 * 5 * mebibyte + 1, 5 * mebibyte),
            6 * mebibyte
        );
        let largest = 5 << 40;
        assert!(u64::div_ceil(largest, part_bytes(largest, 5 * mebibyte)) <= MAX_PARTS);
    }

    #[test]
    fn parts_cover_the_file_at_and_around_their_length() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let length: usize = 3 << 20;
        for size in [
            length,
            length + 1,
            2 * length - 1,
            2 * length,
            2 * length + 1,
        ] {
            let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let digests = digest_reader(bytes.as_slice(), false).unwrap();
            let source = Source::File(path.clone());
            match plan(&source, &digests, length as u64).unwrap() {
                Plan::Whole(whole) => {
                    assert_eq!(size, length);
                    assert_eq!(whole, bytes);
                }
                Plan::Parts(parts) => {
                    assert_eq!(parts.parts.len(), size.div_ceil(length));
                    for (part, chunk) in parts.parts.iter().zip(bytes.chunks(length)) {
                        assert_eq!(part.length_bytes, chunk.len() as u64);
                        assert_eq!(part.sha256, base64::encode(Sha256::digest(chunk)));
                    }
                    let last = parts.parts.last().unwrap();
                    assert_eq!(last.offset_bytes + last.length_bytes, size as u64);
                }
            }
        }
    }
}
