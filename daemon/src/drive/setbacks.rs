//! What the drive remembers of files that it could not take further and of which
//! the ledger does not know: because the ledger itself failed, or a step broke
//! down. Without that memory they would be taken up again at once, for ever.

use std::collections::HashMap;
use std::time::Duration;

use crate::port::ledger::FileId;

/// The longest pause, however often it went wrong.
const PAUSE_MAX: Duration = Duration::from_secs(60);

#[derive(Clone, Copy)]
struct Setback {
    times: u32,
    /// Monotonic time before which the file is left alone.
    until: Duration,
}

/// Files that rest after a setback. Lives as long as the process: after a start
/// everything is tried anew.
#[derive(Default)]
pub(super) struct Setbacks {
    files: HashMap<FileId, Setback>,
}

impl Setbacks {
    /// Notes a setback: pauses of 1 s, 2 s, 4 s … up to a minute. Says how many
    /// there were in a row.
    pub(super) fn note(&mut self, id: FileId, now: Duration) -> u32 {
        let times = self
            .files
            .get(&id)
            .map_or(1, |before| before.times.saturating_add(1));
        let pause = Duration::from_secs(1_u64 << times.saturating_sub(1).min(6)).min(PAUSE_MAX);
        let until = now.saturating_add(pause);
        self.files.insert(id, Setback { times, until });
        times
    }

    /// The file went on.
    pub(super) fn forget(&mut self, id: FileId) {
        self.files.remove(&id);
    }

    /// Whether the file is still to be left alone.
    pub(super) fn rests(&self, id: FileId, now: Duration) -> bool {
        self.files.get(&id).is_some_and(|file| now < file.until)
    }

    /// How many rest now.
    pub(super) fn resting(&self, now: Duration) -> usize {
        self.files.values().filter(|file| now < file.until).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_end_with_success() {
        let mut setbacks = Setbacks::default();
        let id = FileId(7);
        let mut now = Duration::ZERO;
        for pause_s in [1, 2, 4, 8, 16, 32, 60, 60] {
            setbacks.note(id, now);
            let last = now + Duration::from_secs(pause_s) - Duration::from_millis(1);
            assert!(setbacks.rests(id, last), "{pause_s}");
            assert_eq!(setbacks.resting(last), 1);
            now += Duration::from_secs(pause_s);
            assert!(!setbacks.rests(id, now), "{pause_s}");
            assert_eq!(setbacks.resting(now), 0);
        }
        assert!(!setbacks.rests(FileId(8), Duration::ZERO));
        assert_eq!(setbacks.note(id, now), 9);
        setbacks.forget(id);
        assert_eq!(setbacks.note(id, now), 1);
    }
}
