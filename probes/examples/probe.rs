//! Probes and judges the files named on the command line, one line each:
//! kind, verdict, wall time and findings; `--json` prints the measurements.

use std::fs::File;

use unbroken_probes::check::Context;
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::probe::{Wants, probe};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|a| a == "--json");
    for path in arguments.iter().filter(|a| !a.starts_with("--")) {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                println!("{path}: {error}");
                continue;
            }
        };
        let wants = Wants {
            name: path.clone(),
            still_long_side_px: 320,
            stills_count: 6,
            depth: unbroken_probes::probe::Depth::Full,
        };
        let probed = probe(&mut file, &wants);
        let m = &probed.measurements;
        if json {
            match serde_json::to_string_pretty(m) {
                Ok(text) => println!("{text}"),
                Err(error) => println!("{path}: {error}"),
            }
            continue;
        }
        let judged = judge(m, &Rules::default(), &Context::default());
        println!(
            "{path}: {:?} {:?} stills={} pictures={} errors={} end={}",
            m.kind,
            judged.verdict,
            probed.stills.len(),
            m.decoding.frames,
            m.decoding.errors,
            m.decoding.reached_end
        );
        for f in &judged.findings {
            println!(
                "    {:?} {:?} {}: {}",
                f.level, f.strength, f.code, f.text.en
            );
        }
        for n in &m.not_run {
            println!("    not run {}: {}", n.instrument, n.why);
        }
        for n in &judged.not_run {
            println!("    not run {}: {}", n.code, n.why.en);
        }
    }
}
