//! The only door through which time enters.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Two faces: the time of day, which can jump, and a monotonic count, which
/// cannot. Latencies against the world use the first, waiting the second.
#[async_trait::async_trait]
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> DateTime<Utc>;
    /// Time since some fixed instant of this process; never goes back.
    fn monotonic(&self) -> Duration;
    /// Returns after `duration` has passed on the monotonic face.
    async fn sleep(&self, duration: Duration);
}
