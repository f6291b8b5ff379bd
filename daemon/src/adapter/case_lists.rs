//! The lists of cases on disk, read again only when they have changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use unbroken_config::Config;
use unbroken_config::number::Number;

use crate::cases::{CASE_LIST_BYTES_MAX, CaseList, readable_name};

/// The lists as last read.
#[derive(Clone, Default)]
pub struct CaseLists {
    known: Arc<Mutex<HashMap<(PathBuf, String), Reading>>>,
}

/// One reading, and all that it depended on.
struct Reading {
    written: Option<SystemTime>,
    size_bytes: u64,
    patterns: Vec<Number>,
    list: Arc<CaseList>,
}

impl CaseLists {
    /// Every configured list. One that cannot be read or holds nothing says so
    /// in its `fault` and keeps no file from being stored. Blocks.
    pub fn read(&self, config: &Config) -> Vec<Arc<CaseList>> {
        config
            .number
            .iter()
            .filter(|row| !row.case_list.as_os_str().is_empty())
            .map(|row| {
                self.one(config, &row.kind, &row.case_list)
                    .unwrap_or_else(|error| {
                        let path = row.case_list.display();
                        tracing::warn!(%path, %error, "a list of cases cannot be read; its numbers are to be confirmed");
                        let why = format!("{path}: {error}");
                        Arc::new(CaseList::unread(&row.kind, &why))
                    })
            })
            .collect()
    }

    fn one(&self, config: &Config, kind: &str, path: &Path) -> std::io::Result<Arc<CaseList>> {
        let meta = std::fs::metadata(path)?;
        let (written, size_bytes) = (meta.modified().ok(), meta.len());
        let key = (path.to_owned(), kind.to_owned());
        let mut known = self
            .known
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let standing = known.get(&key).filter(|reading| {
            written.is_some()
                && reading.written == written
                && reading.size_bytes == size_bytes
                && reading.patterns == config.number
        });
        if let Some(reading) = standing {
            return Ok(reading.list.clone());
        }
        if size_bytes > CASE_LIST_BYTES_MAX {
            return Err(std::io::Error::other(
                "it is larger than a list of cases can be",
            ));
        }
        let text = readable_name(&std::fs::read(path)?).text;
        let list = Arc::new(CaseList::parse(config, kind, &text));
        known.insert(
            key,
            Reading {
                written,
                size_bytes,
                patterns: config.number.clone(),
                list: list.clone(),
            },
        );
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_once_and_again_when_it_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cases.csv");
        let mut config = Config::default();
        config.number[0].case_list.clone_from(&path);
        let lists = CaseLists::default();
        let missing = lists.read(&config);
        assert!(missing[0].fault.is_some());
        std::fs::write(&path, "YW2026040001\n").unwrap();
        let first = lists.read(&config);
        assert!(first[0].contains("YW2026040001"));
        assert!(Arc::ptr_eq(&first[0], &lists.read(&config)[0]));
        std::fs::write(&path, "YW2026040001\nYW2026040002\n").unwrap();
        assert!(lists.read(&config)[0].contains("YW2026040002"));
        // The same bytes read by other patterns are another list.
        config.number[0].pattern = r"[Xx](\d{10})".to_owned();
        assert!(lists.read(&config)[0].fault.is_some());
    }
}
