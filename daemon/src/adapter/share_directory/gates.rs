//! The gates that look into a waiting file: writer, structure, sidecar.

use std::ffi::CString;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::fd::AsFd;

use unbroken_probes::container::completeness;

use super::beneath::{self, Place};
use super::copy::digest_open;
use super::lease::Asked;
use super::{Inner, Stop};
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::share::{DigestChoice, EntryKind, Fingerprint, Gates, RelPath};

/// A sidecar is one line a file; this is room for a folder's worth (named guess).
const SIDECAR_BYTES_MAX: u64 = 64 * 1024;

/// Hex digits of SHA-256 and of SM3.
const DIGEST_DIGITS: usize = 64;

/// See [`crate::port::share::Share::gates`].
pub(super) fn gates(inner: &Inner, path: &RelPath, stop: &Stop) -> Result<Option<Gates>, Fault> {
    let at = |error| inner.trouble(path, error);
    let root = inner.root()?;
    let Some(place) = Place::find(root.as_fd(), path).map_err(at)? else {
        return Ok(None);
    };
    let Some(file) = open_regular(&place).map_err(at)? else {
        return Ok(None);
    };
    let size_bytes = rustix::fs::fstat(&file).map(|stat| beneath::fingerprint(&stat).size_bytes);
    let size_bytes = size_bytes.map_err(at)?;
    // Given back at once: a lease held for longer would make a writer wait.
    let writer = match inner.ask_lease(&file) {
        Asked::Held(_) => Some(false),
        Asked::Busy => Some(true),
        Asked::Unknown => None,
    };
    let name = String::from_utf8_lossy(path.name());
    let mut reader = BufReader::new(Stoppable { file: &file, stop });
    let structure = completeness(&mut reader, size_bytes, &name);
    // What was read of a file whose reading was broken off says nothing.
    stop.check()?;
    let sidecar = match writer {
        // It would only be read in vain.
        Some(true) => None,
        _ => sidecar(&place, size_bytes, stop)?,
    };
    Ok(Some(Gates {
        writer,
        structure,
        sidecar,
    }))
}

/// A file whose reading ends early when nobody waits for it any more.
struct Stoppable<'a> {
    file: &'a File,
    stop: &'a Stop,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stop.check().map_err(std::io::Error::other)?;
        self.file.read(buffer)
    }
}

impl Seek for Stoppable<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

/// See [`crate::port::share::Share::digests`].
pub(super) fn digests(
    inner: &Inner,
    path: &RelPath,
    expected: &Fingerprint,
    choice: DigestChoice,
    stop: &Stop,
) -> Result<Option<Digests>, Fault> {
    let at = |error| inner.trouble(path, error);
    let root = inner.root()?;
    let Some(place) = Place::find(root.as_fd(), path).map_err(at)? else {
        return Ok(None);
    };
    let Some(file) = open_regular(&place).map_err(at)? else {
        return Ok(None);
    };
    let is_expected = || rustix::fs::fstat(&file).map(|s| beneath::fingerprint(&s) == *expected);
    if !is_expected().map_err(at)? {
        return Ok(None);
    }
    let found = digest_open(&file, None, expected.size_bytes, choice.sm3, stop)
        .map_err(|fault| fault.while_doing(format!("reading {path} again")))?;
    Ok(found.filter(|_| is_expected().unwrap_or(false)))
}

/// The bytes of a small file; see [`crate::port::share::Share::read_small`].
pub(super) fn read_small(
    inner: &Inner,
    path: &RelPath,
    bytes_max: u64,
) -> Result<Option<Vec<u8>>, Fault> {
    let at = |error| inner.trouble(path, error);
    let root = inner.root()?;
    let Some(place) = Place::find(root.as_fd(), path).map_err(at)? else {
        return Ok(None);
    };
    match open_regular(&place).map_err(at)? {
        Some(file) => read_limited(&file, bytes_max)
            .map_err(|error| Fault::from(error).while_doing(format!("reading {path}"))),
        None => Ok(None),
    }
}

/// Opens it if it is a regular file with one name.
fn open_regular(place: &Place) -> rustix::io::Result<Option<File>> {
    let is_regular = |stat| beneath::kind(&stat) == Some(EntryKind::Regular);
    // Looked at first: opening a device can do something.
    if !place.stat()?.is_some_and(is_regular) {
        return Ok(None);
    }
    let Some(file) = place.open()? else {
        return Ok(None);
    };
    Ok(is_regular(rustix::fs::fstat(&file)?).then_some(file))
}

fn read_limited(file: &File, bytes_max: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
}

/// Which digest a sidecar holds, by the ending that is added to the file's name.
#[derive(Clone, Copy)]
enum Algorithm {
    Sha256,
    Sm3,
}

const SIDECARS: [(&str, Algorithm); 2] = [(".sha256", Algorithm::Sha256), (".sm3", Algorithm::Sm3)];

/// Compares the file with the sidecars beside it: `None` if there is none that
/// can be read as one. A sidecar that is no sidecar accuses nobody.
fn sidecar(place: &Place, size_bytes: u64, stop: &Stop) -> Result<Option<bool>, Fault> {
    let mut claims: Vec<(Algorithm, String)> = Vec::new();
    for (ending, algorithm) in SIDECARS {
        let mut name = place.name.as_bytes().to_vec();
        name.extend_from_slice(ending.as_bytes());
        let Ok(name) = CString::new(name) else {
            continue;
        };
        let beside = Place {
            folder: place.folder.try_clone()?,
            name,
        };
        let text = match open_regular(&beside) {
            Ok(Some(file)) => read_limited(&file, SIDECAR_BYTES_MAX)?.unwrap_or_default(),
            // A name that is too long with the ending has no sidecar.
            Ok(None) | Err(rustix::io::Errno::NAMETOOLONG) => continue,
            Err(error) => return Err(std::io::Error::from(error).into()),
        };
        if let Some(claim) = claimed(&text, place.name.as_bytes()) {
            claims.push((algorithm, claim));
        }
    }
    if claims.is_empty() {
        return Ok(None);
    }
    let Some(file) = open_regular(place).map_err(std::io::Error::from)? else {
        return Ok(None);
    };
    let Some(found) = digest_open(&file, None, size_bytes, true, stop)? else {
        return Ok(Some(false));
    };
    Ok(Some(claims.iter().all(|(algorithm, claim)| {
        agrees(&found, *algorithm, claim)
    })))
}

fn agrees(found: &Digests, algorithm: Algorithm, claim: &str) -> bool {
    match algorithm {
        Algorithm::Sha256 => found.sha256 == claim,
        Algorithm::Sm3 => found.sm3.as_deref() == Some(claim),
    }
}

/// The digest that a sidecar claims for `name`: `sha256sum` lines, BSD lines
/// (`SHA256 (name) = …`) or the digits alone. Of several lines the one counts
/// that mentions the name.
fn claimed(text: &[u8], name: &[u8]) -> Option<String> {
    let lines: Vec<(&[u8], String)> = text
        .split(|b| matches!(b, b'\n' | b'\r'))
        .filter_map(|line| Some((line, digest_in(line)?)))
        .collect();
    let mentions = |line: &[u8]| line.windows(name.len().max(1)).any(|window| window == name);
    match lines.as_slice() {
        [(_, only)] => Some(only.clone()),
        several => several
            .iter()
            .find(|(line, _)| mentions(line))
            .map(|(_, digest)| digest.clone()),
    }
}

/// The first word of exactly 64 hex digits.
fn digest_in(line: &[u8]) -> Option<String> {
    line.split(|b| !b.is_ascii_alphanumeric())
        .find(|word| word.len() == DIGEST_DIGITS && word.iter().all(u8::is_ascii_hexdigit))
        .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sidecar_forms() {
        let digest = "AB".repeat(32);
        let lower = digest.to_ascii_lowercase();
        let other = "0".repeat(64);
        for (text, expected) in [
            (digest.clone(), Some(&lower)),
            (format!("{digest}  a.mp4\n"), Some(&lower)),
            (format!("{digest} *a.mp4\r\n"), Some(&lower)),
            (format!("\u{feff}SHA256 (a.mp4) = {digest}"), Some(&lower)),
            (format!("{other}  b.mp4\n{digest}  a.mp4\n"), Some(&lower)),
            (format!("{other}  b.mp4\n{digest}  c.mp4\n"), None),
            (digest[1..].to_owned(), None),
            (format!("{digest}0"), None),
            (String::new(), None),
        ] {
            assert_eq!(
                claimed(text.as_bytes(), b"a.mp4").as_ref(),
                expected,
                "{text}"
            );
        }
    }
}
