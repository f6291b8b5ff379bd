//! `unbroken doctor`: whether this machine and its store keep what custody
//! relies on.

use std::process::ExitCode;

use super::sandbox::{Lock, try_lock};
use super::{ConfigArgument, place};

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

async fn sandbox(config: &unbroken_config::Config) -> Result<bool, String> {
    Ok(match try_lock(config).await? {
        Lock::InForce => {
            println!("sandbox: the prober's child locks itself in");
            true
        }
        Lock::Off => {
            println!(
                "sandbox: NOT in force, as probe.sandbox = \"off\" says; every report says so"
            );
            true
        }
        Lock::Broken(why) => {
            println!("sandbox: BROKEN: {why}");
            false
        }
    })
}
