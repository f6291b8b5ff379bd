//! Files made once and kept by what they are made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A folder of made files, each named by a digest of everything that it
/// follows from, so that a second run makes nothing anew.
pub struct Kitchen {
    dir: PathBuf,
}

impl Kitchen {
    /// Opens the folder, which may hold files of earlier runs.
    pub fn open(dir: &Path) -> Result<Self, String> {
        fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        Ok(Self {
            dir: dir.to_owned(),
        })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file that follows from `of`, if it was made before.
    pub fn kept(&self, of: &[&str], ending: &str) -> Option<PathBuf> {
        let path = self.dir.join(format!("{}.{ending}", name(of)));
        path.exists().then_some(path)
    }

    /// The file that follows from `of`; `make` writes it if it is not there.
    /// A file that stands is whole: it gets its name when it is done.
    pub fn made(
        &self,
        of: &[&str],
        ending: &str,
        make: impl FnOnce(&Path) -> Result<(), String>,
    ) -> Result<PathBuf, String> {
        if let Some(path) = self.kept(of, ending) {
            return Ok(path);
        }
        let name = name(of);
        let path = self.dir.join(format!("{name}.{ending}"));
        let unfinished = self.dir.join(format!("{name}.part.{ending}"));
        make(&unfinished)?;
        fs::rename(&unfinished, &path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }
}

/// Half a digest of everything that a file follows from.
fn name(of: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in of {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}

/// Does `work` for every item on as many threads as there are cores; answers in
/// the order of the items.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(Vec::with_capacity(items.len()));
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((place, item)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    items.get(place).map(|item| (place, item))
                } {
                    let answer = work(item);
                    if let Ok(mut answers) = answers.lock() {
                        answers.push((place, answer));
                    }
                }
            });
        }
    });
    let mut answers = answers
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_an_unfinished_one_never_stands() {
        let dir = tempfile::tempdir().unwrap();
        let kitchen = Kitchen::open(dir.path()).unwrap();
        let broken = kitchen.made(&["a", "b"], "txt", |to| {
            fs::write(to, "half").unwrap();
            Err("power".to_owned())
        });
        assert_eq!(broken.unwrap_err(), "power");
        assert_eq!(kitchen.kept(&["a", "b"], "txt"), None);
        let write =
            |text: &'static str| move |to: &Path| fs::write(to, text).map_err(|e| e.to_string());
        let first = kitchen.made(&["a", "b"], "txt", write("one")).unwrap();
        let again = kitchen.made(&["a", "b"], "txt", write("two")).unwrap();
        let other = kitchen.made(&["ab", ""], "txt", write("three")).unwrap();
        assert_eq!(
            (fs::read_to_string(&first).unwrap().as_str(), &first),
            ("one", &again)
        );
        assert_ne!(first, other);
    }

    #[test]
    fn answers_keep_the_order_of_their_items() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(
            in_parallel(&items, |n| n * 2),
            (0..200).step_by(2).collect::<Vec<_>>()
        );
    }
}
