//! Places at which the kill test ends the daemon without warning. In a build
//! without the feature `kill-points` they are nothing at all.

/// Reached `place`: `before-store`, `after-store`, `committed-store` …
#[cfg(not(feature = "kill-points"))]
#[inline]
pub fn reach(_place: &str, _effect: &str) {}

/// Kills this process at the n-th time that the place named in
/// `UNBROKEN_KILL_AT` (`before-store#3`) is reached.
#[cfg(feature = "kill-points")]
pub fn reach(place: &str, effect: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static PLAN: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    let plan = PLAN.get_or_init(|| {
        let plan = std::env::var("UNBROKEN_KILL_AT").ok()?;
        let (at, count) = plan.split_once('#')?;
        Some((at.to_owned(), AtomicU32::new(count.parse().ok()?)))
    });
    let Some((at, left)) = plan else { return };
    if *at == format!("{place}-{effect}") && left.fetch_sub(1, Ordering::AcqRel) == 1 {
        let me = rustix::process::getpid();
        let _ = rustix::process::kill_process(me, rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}
