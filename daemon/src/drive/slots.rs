//! How many files may be in one effect at once. Each effect has slots of its own,
//! given in the order of asking, so that slow effects do not keep others waiting.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::life::Effect;

/// Copies out of the share at once. Named guess: one disk reads no faster for more.
const STAGE: usize = 2;

/// Objects stored and read back at once. Named guess: enough to fill a line to a
/// store some milliseconds away.
const STORE: usize = 4;

/// The slots of every effect that is worth bounding.
pub(super) struct Slots {
    stage: Semaphore,
    probe: Semaphore,
    store: Semaphore,
}

impl Slots {
    /// With so many probes at once; 0 for as many as there are cores.
    pub(super) fn new(probe_jobs: u64) -> Self {
        let probe = match usize::try_from(probe_jobs) {
            Ok(0) => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            Ok(jobs) => jobs.min(Semaphore::MAX_PERMITS),
            Err(_) => Semaphore::MAX_PERMITS,
        };
        Self {
            stage: Semaphore::new(STAGE),
            probe: Semaphore::new(probe),
            store: Semaphore::new(STORE),
        }
    }

    /// Waits for a slot. `None` for effects that need none.
    pub(super) async fn of(&self, effect: Effect) -> Option<SemaphorePermit<'_>> {
        let slots = match effect {
            Effect::Stage => &self.stage,
            Effect::Probe => &self.probe,
            Effect::Store | Effect::Report => &self.store,
            _ => return None,
        };
        // They are never closed.
        slots.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_busy_effect_keeps_no_other_waiting() {
        let slots = Slots::new(1);
        let probing = slots.of(Effect::Probe).await;
        assert!(probing.is_some());
        let mut second = std::pin::pin!(slots.of(Effect::Probe));
        tokio::select! {
            biased;
            _ = &mut second => panic!("two probes at once"),
            () = std::future::ready(()) => {}
        }
        assert!(slots.of(Effect::Stage).await.is_some());
        assert!(slots.of(Effect::Store).await.is_some());
        assert!(slots.of(Effect::Judge).await.is_none());
        drop(probing);
        assert!(second.await.is_some());
    }
}
