//! Drops the demo's set into a share.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use unbroken_recipe::demo::drop_into;

fn main() -> ExitCode {
    let Some(share) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: demo SHARE");
        return ExitCode::from(2);
    };
    match drop_into(&share, now()) {
        Ok(count) => {
            eprintln!("demo: {count} files dropped into {}", share.display());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("demo: {why}");
            ExitCode::from(1)
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the demo stands outside the house; it films now"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
