//! What a piece of work took: wall time, and processor time, which a busy
//! machine falsifies less.

use std::process::{Command, Stdio};

use unbroken::adapter::os_clock::OsClock;
use unbroken::port::clock::Clock;

/// Ticks of `/proc/PID/stat` a second; the same on every Linux that we build for.
const TICKS_PER_S: f64 = 100.0;

/// What one piece of work took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// From start to end, s.
    pub wall_s: f64,
    /// Processor time of this process and of the children it has waited for, s.
    pub cpu_s: f64,
}

impl std::ops::Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            wall_s: self.wall_s + other.wall_s,
            cpu_s: self.cpu_s + other.cpu_s,
        }
    }
}

/// Does the work and says what it took.
pub fn spent<T>(work: impl FnOnce() -> Result<T, String>) -> Result<(T, Spent), String> {
    let clock = OsClock::new();
    let (cpu_s, start) = (cpu_s()?, clock.monotonic());
    let result = work()?;
    let wall_s = clock.monotonic().saturating_sub(start).as_secs_f64();
    let cpu_s = self::cpu_s()? - cpu_s;
    Ok((result, Spent { wall_s, cpu_s }))
}

/// Processor time of the calling thread so far, s, to the nanosecond (Documentation of
/// the kernel, scheduler/sched-stats).
pub fn thread_cpu_s() -> Result<f64, String> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")
        .map_err(|e| format!("/proc/thread-self/schedstat: {e}"))?;
    let spent_ns = stat
        .split_whitespace()
        .next()
        .and_then(|ns| ns.parse().ok());
    spent_ns
        .map(|ns: u64| ns as f64 / 1e9)
        .ok_or_else(|| "/proc/thread-self/schedstat does not say the processor time".to_owned())
}

/// Runs a tool to its end and gives its output; it must succeed.
pub fn tool(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|e| format!("{name} cannot be started: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaints = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}: {}", output.status, complaints.trim()))
}

/// The value in the middle of an uneven count; of an even one, the upper of two.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Processor time of this process and its children so far: fields 14 to 17 of
/// proc(5) stat, counted behind the name, which may hold anything.
fn cpu_s() -> Result<f64, String> {
    let stat = std::fs::read_to_string("/proc/self/stat").map_err(|e| format!("/proc: {e}"))?;
    let (_, behind) = stat.rsplit_once(')').unwrap_or_default();
    let ticks: Vec<f64> = behind
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    if ticks.len() != 4 {
        return Err("/proc/self/stat does not say the processor time".to_owned());
    }
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_S)
}
