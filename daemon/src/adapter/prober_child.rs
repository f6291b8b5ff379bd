//! Probing in a child process of this same binary: a crash, a hang or a flood
//! of the decoder is a finding about the file, and the daemon goes on.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use unbroken_probes::probe::Wants;

use crate::cell::sandbox::{Bounds, Lockdown};
use crate::cell::{EXIT_NO_RESULT, EXIT_NO_SANDBOX, Orders, SUBCOMMAND, wire};
use crate::port::fault::Fault;
use crate::port::prober::{Probe, Prober};

/// Most bytes of a child's complaints that are kept.
const COMPLAINTS_BYTES_MAX: u64 = 16 << 10;

/// How children are started and bounded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The binary; this program itself.
    pub program: PathBuf,
    /// Memory and CPU time.
    pub bounds: Bounds,
    /// Wall time, after which the child is killed.
    pub wall: Duration,
    /// Whether children lock themselves in.
    pub lockdown: Lockdown,
    /// How often a file may crash its child before that is what we say of it.
    pub attempts: u32,
}

/// Probes in child processes.
#[derive(Debug)]
pub struct ChildProber {
    settings: Settings,
}

/// How one child ended.
enum End {
    Result(Box<unbroken_probes::probe::Probed>),
    Crashed(String),
    Stopped(String),
    Killed(String),
}

/// A child and all that it started, as one process group, killed when this is
/// dropped: at our limit, or when the probe is given up.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn kill(&self) {
        if let Some(id) = self.0 {
            // It may have ended meanwhile.
            let _ = rustix::process::kill_process_group(id, Signal::KILL);
        }
    }

    /// The child was waited for: its number may go to another process.
    fn ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

impl ChildProber {
    /// A prober with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    async fn attempt(&self, path: &Path, wants: &Wants) -> Result<End, Fault> {
        let ours = |what: &str, e: &dyn std::fmt::Display| {
            Fault::Fleeting(format!("{what} for probing {}: {e}", path.display()))
        };
        let file = std::fs::File::open(path).map_err(|e| ours("the copy cannot be opened", &e))?;
        let orders = Orders {
            wants: wants.clone(),
            bounds: self.settings.bounds,
            lockdown: self.settings.lockdown,
        };
        let orders = serde_json::to_string(&orders).map_err(|e| ours("no orders", &e))?;
        let mut child = Command::new(&self.settings.program)
            .arg(SUBCOMMAND)
            .arg(orders)
            .env_clear()
            .current_dir("/")
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| ours("no child process could be started", &e))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(ours("no pipe", &"the child has no output"));
        };
        let mut group = Group::of(&child);
        let limit = wire::RESULT_BYTES_MAX as u64;
        let run = async {
            let (result, complaints) = tokio::join!(
                read_capped(stdout, limit + 1),
                read_capped(stderr, COMPLAINTS_BYTES_MAX),
            );
            let overflow = result
                .as_ref()
                .is_ok_and(|bytes| bytes.len() as u64 > limit);
            if overflow {
                group.kill();
            }
            (result, complaints, child.wait().await, overflow)
        };
        let Ok((result, complaints, status, overflow)) =
            tokio::time::timeout(self.settings.wall, run).await
        else {
            let wall_s = self.settings.wall.as_secs();
            return Ok(End::Stopped(format!(
                "took longer than {wall_s} s and was stopped"
            )));
        };
        group.ended();
        let status = status.map_err(|e| ours("the child's end was not told", &e))?;
        let complaints = complaints.unwrap_or_default();
        let complaints = String::from_utf8_lossy(&complaints);
        if overflow {
            return Ok(End::Stopped(format!(
                "its result was larger than {limit} bytes"
            )));
        }
        if status.success() {
            let bytes = result.map_err(|e| ours("the child's result was not read", &e))?;
            return Ok(match wire::read(&bytes) {
                Ok(probed) => End::Result(Box::new(probed)),
                Err(why) => End::Crashed(why),
            });
        }
        self.explain(status, complaints.trim())
    }

    /// Tells our own failures from what the file did to its child.
    fn explain(&self, status: ExitStatus, complaints: &str) -> Result<End, Fault> {
        let bounds = &self.settings.bounds;
        if status.code() == Some(i32::from(EXIT_NO_SANDBOX)) {
            return Err(Fault::Final(format!(
                "the prober could not lock itself in: {complaints}. Run on a kernel with seccomp, \
                 or set `probe.sandbox = \"off\"` knowing that every report will say so"
            )));
        }
        let last = complaints.lines().last().unwrap_or("").to_owned();
        Ok(match status.signal() {
            Some(libc::SIGXCPU) => {
                End::Stopped(format!("used more than {} s of CPU time", bounds.cpu_s))
            }
            Some(libc::SIGKILL) => End::Killed(
                "was killed from outside: by a person, or by the system for want of memory"
                    .to_owned(),
            ),
            // Rust and FFmpeg abort when an allocation is refused.
            Some(libc::SIGABRT) if complaints.contains("memory allocation") => {
                End::Stopped(format!(
                    "asked for more than {} bytes of memory",
                    bounds.memory_bytes
                ))
            }
            Some(signal) => End::Crashed(format!("crashed with signal {signal}. {last}")),
            None if status.code() == Some(i32::from(EXIT_NO_RESULT)) => {
                End::Crashed(format!("its result could not be handed over. {last}"))
            }
            None => End::Crashed(format!("ended with {status}. {last}")),
        })
    }
}

#[async_trait::async_trait]
impl Prober for ChildProber {
    async fn probe(&self, path: &Path, wants: &Wants) -> Result<Probe, Fault> {
        let mut why = String::new();
        for attempt in 1..=self.settings.attempts.max(1) {
            match self.attempt(path, wants).await? {
                End::Result(probed) => return Ok(Probe::Measured(probed)),
                // A limit is met again at every attempt; a crash may be chance.
                End::Stopped(why) => return Ok(Probe::Stopped { why }),
                End::Killed(why) => return Ok(Probe::Killed { why }),
                End::Crashed(reason) => {
                    tracing::warn!(attempt, reason, "the prober's child crashed");
                    why = reason;
                }
            }
        }
        Ok(Probe::Broke { why })
    }
}

async fn read_capped(from: impl AsyncRead + Unpin, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(bytes_max).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
