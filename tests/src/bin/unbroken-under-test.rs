//! The real program, built with the kill points that the kill test needs.

use std::process::ExitCode;

fn main() -> ExitCode {
    unbroken::cli::main()
}
