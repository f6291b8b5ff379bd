//! The command line: one file a subcommand.

mod calibrate;
mod check;
mod config;
mod doctor;
mod place;
mod rejudge;
mod reload;
mod resume;
mod run;
mod sandbox;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cell;

/// Exit code when an argument, a path or the config could not be used.
const EXIT_UNUSABLE: u8 = 2;

/// 全程 unbroken: takes in photos and videos of official on-site reviews and
/// proves that each is clear, continuous, unedited, on time and in safe custody.
#[derive(Parser)]
#[command(name = "unbroken", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon
    Run(run::Run),
    /// Probe and judge files or folders in place; stores nothing
    Check(check::Check),
    /// Learn what original files of each model have in common
    Calibrate(calibrate::Calibrate),
    /// Judge stored measurements again by the config in force
    Rejudge(rejudge::Rejudge),
    /// Read stored objects back and hold them against the ledger
    Verify(verify::Verify),
    /// Let held files go on after their trouble was mended
    Resume(resume::Resume),
    /// Look at the config
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Say whether this machine and its store keep what custody relies on
    Doctor(doctor::Doctor),
}

/// `--config FILE`, the same for every subcommand.
#[derive(clap::Args)]
struct ConfigArgument {
    /// Config file; embedded defaults if none is given
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the program.
pub fn main() -> ExitCode {
    // A probing child must not start threads or read anything before it has
    // locked itself in, so it is told apart before the arguments are parsed.
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == cell::SUBCOMMAND)
    {
        let orders = arguments
            .next()
            .and_then(|orders| orders.into_string().ok());
        return ExitCode::from(cell::run(&orders.unwrap_or_default()));
    }
    match Arguments::try_parse() {
        Ok(arguments) => dispatch(arguments.command),
        Err(error) => {
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { EXIT_UNUSABLE } else { 0 })
        }
    }
}

fn dispatch(command: Command) -> ExitCode {
    let result = match command {
        Command::Config(command) => return config::main(&command),
        Command::Check(command) => block_on(command.main()),
        Command::Calibrate(command) => block_on(command.main()),
        Command::Run(command) => block_on(command.main()),
        Command::Rejudge(command) => block_on(command.main()),
        Command::Verify(command) => block_on(command.main()),
        Command::Resume(command) => block_on(command.main()),
        Command::Doctor(command) => block_on(command.main()),
    };
    match result {
        Ok(code) => code,
        Err(why) => {
            eprintln!("unbroken: {why}");
            ExitCode::from(EXIT_UNUSABLE)
        }
    }
}

/// Runs a command to its end. What still blocks then (a copy on a disk that
/// hangs) is left behind: it keeps nothing that is not made again, and a stop
/// must not wait for it.
fn block_on(work: impl Future<Output = Result<ExitCode, String>>) -> Result<ExitCode, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("the runtime cannot start: {e}"))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stop_does_not_wait_for_what_blocks() {
        let (unblock, blocked) = mpsc::channel::<()>();
        let (tell, ended) = mpsc::channel();
        let command = std::thread::spawn(move || {
            let result = block_on(async {
                tokio::task::spawn_blocking(move || blocked.recv());
                Ok(ExitCode::SUCCESS)
            });
            tell.send(result.is_ok())
        });
        let patience = Duration::from_secs(30);
        assert_eq!(ended.recv_timeout(patience), Ok(true));
        drop(unblock);
        command.join().unwrap().unwrap();
    }
}
