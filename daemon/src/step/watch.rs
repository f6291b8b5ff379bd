//! What has changed in a share since the ledger last looked. Pure: two
//! pictures go in, their differences come out.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::port::ledger::FileId;
use crate::port::share::{Entry, Fingerprint, RelPath, Scan};

/// What the ledger knows to stand at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The file.
    pub id: FileId,
    /// Its outside when last looked at.
    pub fingerprint: Fingerprint,
    /// True if it was passed over because of its name.
    pub ignored: bool,
}

/// How a scan differs from what is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// At paths of which nothing is known.
    pub new: Vec<Entry>,
    /// At known paths, with another outside, or no longer on the ignore list.
    pub changed: Vec<Entry>,
    /// Known paths at which nothing stands, as far as the scan can tell.
    pub vanished: Vec<RelPath>,
}

/// Holds a scan against what is known. Time and memory grow with the scan,
/// not with the ledger's history; nothing is allocated for what has not changed.
pub fn reconcile(known: &HashMap<RelPath, Seen>, scan: Scan) -> Differences {
    let mut differences = Differences::default();
    // A mount point without its mount is an empty folder. That nothing at all is
    // there says nothing of what was there.
    let is_bare = scan.entries.is_empty() && scan.folders == 0;
    let mut found = 0_usize;
    let mut standing = Vec::with_capacity(scan.entries.len());
    for entry in scan.entries {
        match known.get(&entry.path) {
            None => differences.new.push(entry),
            Some(seen) => {
                found += 1;
                standing.push(seen.id);
                if seen.fingerprint != entry.fingerprint || (seen.ignored && !entry.ignored) {
                    differences.changed.push(entry);
                }
            }
        }
    }
    if !is_bare && found < known.len() {
        standing.sort_unstable();
        let stands = |seen: &Seen| standing.binary_search(&seen.id).is_ok();
        differences.vanished = known
            .iter()
            .filter(|(path, seen)| !stands(seen) && !is_hidden(path, &scan.unread))
            .map(|(path, _)| path.clone())
            .collect();
    }
    differences
}

/// True if `path` lies in (or is) something that could not be read. A path that
/// was too long to be shown whole hides everything that begins like it.
fn is_hidden(path: &RelPath, unread: &[(PathBuf, String)]) -> bool {
    let begins = |folder: &PathBuf| path.as_bytes().starts_with(folder.as_os_str().as_bytes());
    unread.iter().any(|(folder, _)| begins(folder))
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
            temporary: false,
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
                        ignored: false,
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

    /// A folder that could not be read hides its files; none of them is called
    /// vanished, because 隐匿 and 毁损 are grave words. Elsewhere files still are.
    #[test]
    fn nothing_vanishes_where_the_share_could_not_be_read() {
        let known = known(&[("sub/a", 1), ("else", 1)]);
        for (unread, vanished) in [("sub", vec![path("else")]), ("", vec![])] {
            let scan = Scan {
                folders: 1,
                unread: vec![(unread.into(), "denied".to_owned())],
                ..Scan::default()
            };
            assert_eq!(reconcile(&known, scan).vanished, vanished, "{unread:?}");
        }
    }

    #[test]
    fn nothing_vanishes_from_a_share_that_is_bare() {
        assert_eq!(reconcile(&known(&[("a", 1)]), Scan::default()).vanished, []);
    }

    #[test]
    fn a_name_that_is_no_longer_ignored_is_a_change() {
        let mut known = known(&[("a", 1)]);
        let scan = |ignored| Scan {
            entries: vec![Entry {
                ignored,
                ..entry("a", 1)
            }],
            ..Scan::default()
        };
        known.values_mut().for_each(|seen| seen.ignored = true);
        assert_eq!(reconcile(&known, scan(true)), Differences::default());
        assert_eq!(reconcile(&known, scan(false)).changed, [entry("a", 1)]);
    }
}
