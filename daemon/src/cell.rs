//! The child's side of probing: a process that is given one read-only
//! descriptor, locks itself in, measures, and writes the result to its
//! standard output. It knows no path, no share, no network.

pub mod sandbox;
pub mod wire;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use unbroken_probes::probe::{Wants, probe};

use sandbox::{Bounds, Lockdown};

/// Exit code of a child that could not lock itself in: our fault, never the
/// file's.
pub const EXIT_NO_SANDBOX: u8 = 70;
/// Exit code of a child that could not hand over its result.
pub const EXIT_NO_RESULT: u8 = 71;

/// The subcommand under which the binary runs as a child.
pub const SUBCOMMAND: &str = "probe-child";

/// What the parent tells the child.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Orders {
    /// What to measure and to keep.
    pub wants: Wants,
    /// Memory and CPU time.
    pub bounds: Bounds,
    /// Whether to lock in.
    pub lockdown: Lockdown,
}

/// Runs the child: the file is standard input, the result goes to standard
/// output. Returns the exit code.
pub fn run(orders: &str) -> u8 {
    let orders: Orders = match serde_json::from_str(orders) {
        Ok(orders) => orders,
        Err(error) => {
            complain(&format!("orders cannot be read: {error}"));
            return EXIT_NO_SANDBOX;
        }
    };
    let mut file = match io::stdin().as_fd().try_clone_to_owned() {
        Ok(fd) => File::from(fd),
        Err(error) => {
            complain(&format!("standard input is no file: {error}"));
            return EXIT_NO_SANDBOX;
        }
    };
    if let Err(why) = sandbox::enter(&orders.bounds, orders.lockdown) {
        complain(&why);
        return EXIT_NO_SANDBOX;
    }
    // A file that our own lockdown keeps us from reading must never be called
    // unreadable.
    if let Err(error) = file.metadata().and_then(|_| file.read_at(&mut [0], 0)) {
        complain(&format!(
            "the file cannot be read behind the lockdown: {error}"
        ));
        return EXIT_NO_SANDBOX;
    }
    let probed = probe(&mut file, &orders.wants);
    match wire::write(&mut io::stdout().lock(), &probed) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("the result cannot be handed over: {error}"));
            EXIT_NO_RESULT
        }
    }
}

fn complain(why: &str) {
    // There is nobody else to tell if even this fails.
    let _ = writeln!(io::stderr(), "{why}");
}
