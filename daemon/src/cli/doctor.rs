//! `unbroken doctor`: whether this machine and its store keep what custody
//! relies on.

use std::process::ExitCode;

use unbroken_probes::probe::Wants;

use super::{ConfigArgument, place};
use crate::port::prober::Probe;

/// Say whether this machine and its store keep what custody relies on
#[derive(clap::Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    config: ConfigArgument,
    /// Try only the store
    #[arg(long)]
    store: bool,
}

impl Doctor {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = place::config(self.config.config.as_deref())?;
        let mut healthy = true;
        if !self.store {
            healthy &= sandbox(&config).await?;
        }
        // Before the first start there is no ledger, and any store will do.
        let ledger = match config.ledger_path().exists() {
            true => Some(place::ledger_beside(&config).await?),
            false => None,
        };
        let store = place::store(&config, ledger.as_deref()).await?;
        let abilities = store.doctor().await.map_err(|e| e.to_string())?;
        println!("store {}", store.id());
        for ability in &abilities {
            let mark = match (ability.kept, ability.required) {
                (true, _) => "kept   ",
                (false, true) => "BROKEN ",
                (false, false) => "absent ",
            };
            println!("  {mark} {:<24} {}", ability.name, ability.seen);
            healthy &= ability.kept || !ability.required;
        }
        if healthy {
            println!("sources may be released");
        } else {
            println!("sources are NOT released until every BROKEN line is mended");
        }
        Ok(if healthy {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

/// Probes a file of one byte: the child either locks itself in or says why not.
async fn sandbox(config: &unbroken_config::Config) -> Result<bool, String> {
    let prober = place::prober(config)?;
    let file = std::env::temp_dir().join(format!("unbroken-doctor-{}", std::process::id()));
    std::fs::write(&file, b"?").map_err(|e| format!("{}: {e}", file.display()))?;
    let wants = Wants {
        name: "doctor".to_owned(),
        still_long_side_px: 0,
        stills_count: 0,
    };
    let probe = prober.probe(&file, &wants).await;
    let _ = std::fs::remove_file(&file);
    Ok(match probe {
        Ok(Probe::Measured(_)) => {
            println!("sandbox: the prober's child locks itself in");
            true
        }
        Ok(Probe::Broke { why }) => {
            println!("sandbox: BROKEN: {why}");
            false
        }
        Err(fault) => {
            println!("sandbox: BROKEN: {fault}");
            false
        }
    })
}
