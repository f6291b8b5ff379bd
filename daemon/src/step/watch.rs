//! What has changed in a share since the ledger last looked. Pure: two
//! pictures go in, their differences come out.

use std::collections::HashMap;

use crate::port::ledger::FileId;
use crate::port::share::{Entry, Fingerprint, RelPath, Scan};

/// What the ledger knows to stand at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The file.
    pub id: FileId,
    /// Its outside when last looked at.
    pub fingerprint: Fingerprint,
    /// True once it was taken in, refused or ignored: something else at its
    /// path is another arrival.
    pub is_final: bool,
}

/// How a scan differs from what is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// At paths of which nothing is known.
    pub new: Vec<Entry>,
    /// At known paths, with another outside.
    pub changed: Vec<Entry>,
    /// Known paths at which nothing stands. Empty if any folder was unread.
    pub vanished: Vec<RelPath>,
}

/// Holds a scan against what is known. Time and memory grow with the scan,
/// not with the ledger's history; nothing is allocated for what has not changed.
pub fn reconcile(known: &HashMap<RelPath, Seen>, scan: Scan) -> Differences {
    let mut differences = Differences::default();
    let mut found = 0_usize;
    let mut standing = Vec::with_capacity(scan.entries.len());
    for entry in scan.entries {
        match known.get(&entry.path) {
            None => differences.new.push(entry),
            Some(seen) => {
                found += 1;
                standing.push(seen.id);
                if seen.fingerprint != entry.fingerprint {
                    differences.changed.push(entry);
                }
            }
        }
    }
    if scan.unread.is_empty() && found < known.len() {
        standing.sort_unstable();
        let stands = |seen: &Seen| standing.binary_search(&seen.id).is_ok();
        differences.vanished = known
            .iter()
            .filter(|(_, seen)| !stands(seen))
            .map(|(path, _)| path.clone())
            .collect();
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::share::EntryKind;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    fn fingerprint(size_bytes: u64) -> Fingerprint {
        Fingerprint {
            dev: 1,
            ino: 2,
            size_bytes,
            mtime_ns: 3,
            ctime_ns: 4,
            blocks: 5,
        }
    }

    fn entry(text: &str, size_bytes: u64) -> Entry {
        Entry {
            path: path(text),
            kind: EntryKind::Regular,
            fingerprint: fingerprint(size_bytes),
            ignored: false,
        }
    }

    fn known(rows: &[(&str, u64)]) -> HashMap<RelPath, Seen> {
        rows.iter()
            .enumerate()
            .map(|(i, (text, size))| {
                let id = FileId(i64::try_from(i).unwrap());
                (
                    path(text),
                    Seen {
                        id,
                        fingerprint: fingerprint(*size),
                        is_final: true,
                    },
                )
            })
            .collect()
    }

    #[test]
    fn what_stands_unchanged_is_not_mentioned() {
        let scan = Scan {
            entries: vec![entry("a", 1)],
            ..Scan::default()
        };
        assert_eq!(reconcile(&known(&[("a", 1)]), scan), Differences::default());
    }

    #[test]
    fn new_changed_and_vanished_are_told_apart() {
        let scan = Scan {
            entries: vec![entry("a", 2), entry("c", 1)],
            ..Scan::default()
        };
        let differences = reconcile(&known(&[("a", 1), ("b", 1)]), scan);
        assert_eq!(differences.new, [entry("c", 1)]);
        assert_eq!(differences.changed, [entry("a", 2)]);
        assert_eq!(differences.vanished, [path("b")]);
    }

    /// A folder that could not be read hides files; none of them is called
    /// vanished, because 隐匿 and 毁损 are grave words.
    #[test]
    fn nothing_vanishes_from_a_share_that_was_not_read_whole() {
        let scan = Scan {
            entries: Vec::new(),
            unread: vec![("sub".into(), "denied".to_owned())],
            ..Scan::default()
        };
        assert_eq!(reconcile(&known(&[("sub/a", 1)]), scan).vanished, []);
    }
}
