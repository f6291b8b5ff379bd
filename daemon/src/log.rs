//! Logs: for people on a terminal, JSON otherwise. Every line says its units in
//! its field names; a failure is logged once, where it is handled.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use unbroken_config::keys::{Log, LogFormat};

/// Starts logging to standard error.
pub fn start(config: &Log) {
    let (filter, unusable) = match EnvFilter::try_new(&config.filter) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let terminal = std::io::stderr().is_terminal();
    let as_json = match config.format {
        LogFormat::Auto => !terminal,
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    // A second start (tests in one process) keeps the first.
    let _ = if as_json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(terminal).try_init()
    };
    if let Some(error) = unusable {
        let filter = &config.filter;
        tracing::error!(filter, %error, "log.filter cannot be used; \"info\" is in force instead");
    }
}
