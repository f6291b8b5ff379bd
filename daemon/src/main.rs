//! The one binary `unbroken`.

use std::process::ExitCode;

fn main() -> ExitCode {
    unbroken::cli::main()
}
