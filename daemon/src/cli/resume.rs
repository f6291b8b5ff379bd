//! `unbroken resume`: lets held files go on.

use std::process::ExitCode;

use super::{ConfigArgument, place};
use crate::adapter::os_clock::OsClock;
use crate::port::clock::Clock;
use crate::port::ledger::FileId;

/// Let held files go on after their trouble was mended
#[derive(clap::Args)]
pub(super) struct Resume {
    #[command(flatten)]
    config: ConfigArgument,
    /// The file, `F00000012` or `12`; all held files if none is named
    #[arg(value_name = "FILE")]
    file: Option<String>,
}

impl Resume {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = place::config(self.config.config.as_deref())?;
        let file =
            match self.file.as_deref() {
                None => None,
                Some(word) => Some(word.trim_start_matches('F').parse().map(FileId).map_err(
                    |_| format!("{word} is no number of a file; it looks like F00000012"),
                )?),
            };
        // Another process may run the daemon on this ledger: it sees the file
        // at its next look.
        let ledger = place::ledger_beside(&config).await?;
        let resumed = ledger
            .resume(file, OsClock::new().now())
            .await
            .map_err(|e| e.to_string())?;
        println!("{resumed} files go on");
        Ok(ExitCode::SUCCESS)
    }
}
