//! `unbroken config check|schema|explain`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::EXIT_UNUSABLE;

/// Look at the config
#[derive(clap::Subcommand)]
pub(super) enum ConfigCommand {
    /// Say whether a config file can be used, and what is wrong with it
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print the JSON Schema, for completion in editors
    Schema,
    /// Print the shipped config with every key explained
    Default,
    /// Say what a key means, its unit, default and range
    Explain {
        /// The key: `settle.quiet_s`
        key: String,
    },
}

pub(super) fn main(command: &ConfigCommand) -> ExitCode {
    match command {
        ConfigCommand::Check { file } => match unbroken_config::load(file) {
            Ok(config) => {
                println!("{}: 可用 usable, rules {}", file.display(), config.hash());
                ExitCode::SUCCESS
            }
            Err(errors) => {
                eprintln!("{errors}");
                ExitCode::from(EXIT_UNUSABLE)
            }
        },
        ConfigCommand::Schema => {
            println!("{:#}", unbroken_config::schema());
            ExitCode::SUCCESS
        }
        ConfigCommand::Default => {
            print!("{}", unbroken_config::default_toml());
            ExitCode::SUCCESS
        }
        ConfigCommand::Explain { key } => match unbroken_config::explain(key) {
            Some(text) => {
                println!("{text}");
                ExitCode::SUCCESS
            }
            None => {
                let meant = unbroken_config::nearest_key(key)
                    .map_or(String::new(), |near| format!("; did you mean {near}?"));
                eprintln!(
                    "unbroken: no key {key}{meant}; `unbroken config default` prints them all"
                );
                ExitCode::from(EXIT_UNUSABLE)
            }
        },
    }
}
