//! The system's clock.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::port::clock::Clock;

/// The system's clock; the one place that reads it.
#[derive(Debug)]
pub struct OsClock {
    started: Instant,
}

impl OsClock {
    /// Starts counting monotonic time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this adapter is the door through which time enters"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for OsClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait::async_trait]
impl Clock for OsClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this adapter is the door through which time enters"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
