//! The wake-up: the system's file notifications, used as a hint only.
//!
//! They lose files that are written right after their folder was made, and drop
//! thousands when their queue overflows; they see nothing that other machines
//! write to a mounted share. So an event says "look now" and nothing else, and
//! without any event the next look comes by the timer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::beneath::shown;
use super::remove::RELEASING;

/// How long a burst of events is let pass before the look that it asks for: one
/// copied file makes several, one copied folder hundreds (named guess).
const BURST: Duration = Duration::from_millis(200);

/// Turns notifications into wake-ups.
pub(super) struct Waker {
    bell: Arc<Bell>,
    /// Kept alive; `None` if it could not be started or is not wanted.
    _watcher: Option<RecommendedWatcher>,
}

#[derive(Default)]
struct Bell {
    ring: Notify,
    events: AtomicU64,
}

impl Waker {
    /// Never rings: only the timer wakes.
    pub(super) fn silent() -> Self {
        Self {
            bell: Arc::default(),
            _watcher: None,
        }
    }

    /// Watches everything beneath `root` except `receipts`. If that fails, it is
    /// said once and the timer does the work.
    pub(super) fn start(root: &Path, receipts: &[u8]) -> Self {
        let bell = Arc::new(Bell::default());
        // Notifications carry the path that was watched as their prefix.
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let ours = root.join(shown(receipts));
        let handler = {
            let bell = bell.clone();
            move |event: notify::Result<Event>| bell.hear(&event, &ours)
        };
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(handler, config);
        let watcher = match watcher {
            Ok(mut watcher) => {
                if let Err(error) = watcher.watch(&root, RecursiveMode::Recursive) {
                    tracing::warn!(
                        share = %root.display(), %error,
                        "not every folder of the share can be watched; new files are found by the \
                         timed scan (raising fs.inotify.max_user_watches may help)"
                    );
                }
                // Whatever part of it works is kept.
                Some(watcher)
            }
            Err(error) => {
                tracing::warn!(
                    share = %root.display(), %error,
                    "the share cannot be watched; new files are found by the timed scan"
                );
                None
            }
        };
        Self {
            bell,
            _watcher: watcher,
        }
    }

    /// Returns after an event or after `at_most`.
    pub(super) async fn wake(&self, at_most: Duration) {
        let heard = tokio::time::timeout(at_most, self.bell.ring.notified()).await;
        if heard.is_ok() {
            tokio::time::sleep(BURST.min(at_most)).await;
        }
    }

    /// Events heard since the start.
    pub(super) fn events(&self) -> u64 {
        self.bell.events.load(Ordering::Relaxed)
    }
}

impl Bell {
    /// Runs in the watcher's thread and never waits. Errors, overflows and events
    /// without path ring too: they are the ones after which a look matters most.
    fn hear(&self, event: &notify::Result<Event>, ours: &Path) {
        if let Ok(event) = event
            && !event.need_rescan()
            && (is_reading(event.kind) || is_only_ours(&event.paths, ours))
        {
            return;
        }
        self.events.fetch_add(1, Ordering::Relaxed);
        self.ring.notify_one();
    }
}

/// Opening and reading change nothing; our own scan does both all the time.
fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access)
        if access != AccessKind::Close(AccessMode::Write))
}

/// True for what we do ourselves: receipts and removals.
fn is_only_ours(paths: &[PathBuf], ours: &Path) -> bool {
    let is_ours = |path: &PathBuf| {
        path.starts_with(ours)
            || path
                .components()
                .any(|part| part.as_os_str().as_encoded_bytes() == RELEASING)
    };
    !paths.is_empty() && paths.iter().all(is_ours)
}
