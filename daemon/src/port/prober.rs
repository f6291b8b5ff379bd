//! Measuring a file, out of harm's way.

use std::path::Path;

use unbroken_probes::probe::{Probed, Wants};

use super::fault::Fault;

/// How a probe ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// It was measured.
    Measured(Box<Probed>),
    /// It broke the prober: a finding about the file, not a fault of ours.
    Broke {
        /// What happened, for the report: `crashed with SIGSEGV`.
        why: String,
    },
    /// A limit of ours stopped it: CPU time, wall time, memory, or size of the
    /// result. It says nothing against the file.
    Stopped {
        /// Which limit, for the report: `took longer than 600 s`, `asked for
        /// more than 2048 MiB`.
        why: String,
    },
    /// Somebody else killed it: an admin, or the system for want of memory.
    /// It may well work later.
    Killed {
        /// What is known, for the report.
        why: String,
    },
}

/// Measures one file at a time, as often in parallel as it is called.
#[async_trait::async_trait]
pub trait Prober: Send + Sync {
    /// Measures the file at `path`. `Err` only for failures of ours (no
    /// process could be started), never for what a file does.
    async fn probe(&self, path: &Path, wants: &Wants) -> Result<Probe, Fault>;
}
