//! Tries whether the probing child locks itself in on this machine.

use unbroken_config::Config;
use unbroken_config::keys::Sandbox;
use unbroken_probes::probe::Wants;

use super::place;
use crate::port::prober::Probe;

/// What was found.
pub(super) enum Lock {
    /// The child locks itself in.
    InForce,
    /// The config says that it shall not.
    Off,
    /// It should and cannot.
    Broken(String),
}

/// Probes a file of one byte: the child either locks itself in or says why not.
pub(super) async fn try_lock(config: &Config) -> Result<Lock, String> {
    let prober = place::prober(config)?;
    let folder = std::env::temp_dir();
    let file = folder.join(format!("unbroken-sandbox-{}", std::process::id()));
    std::fs::write(&file, b"?").map_err(|e| format!("{}: {e}", file.display()))?;
    let wants = Wants {
        name: "sandbox".to_owned(),
        still_long_side_px: 0,
        stills_count: 0,
        depth: unbroken_probes::probe::Depth::Full,
    };
    let probe = prober.probe(&file, &wants).await;
    let _ = std::fs::remove_file(&file);
    Ok(match probe {
        Ok(Probe::Measured(_)) => match config.probe.sandbox {
            Sandbox::On => Lock::InForce,
            Sandbox::Off => Lock::Off,
        },
        Ok(Probe::Broke { why } | Probe::Stopped { why } | Probe::Killed { why }) => {
            Lock::Broken(why)
        }
        Err(fault) => Lock::Broken(fault.to_string()),
    })
}
