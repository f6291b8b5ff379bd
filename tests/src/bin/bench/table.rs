//! What a run prints: where it ran, a Markdown table, and the goals.

/// Begins a run: what it measures and where.
pub fn head(title: &str) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    println!("### {title}\n");
    println!(
        "unbroken {}, {cores} cores, load {} when it began\n",
        env!("CARGO_PKG_VERSION"),
        load.join(" ")
    );
    if cfg!(debug_assertions) {
        println!("**A debug build: these figures mean nothing.**\n");
    }
}

/// A table; every row has as many cells as there are columns.
pub fn print(columns: &[&str], rows: &[Vec<String>]) {
    println!("| {} |", columns.join(" | "));
    println!("|{}", "---|".repeat(columns.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!();
}

/// One goal: what was found, what is allowed at most.
pub fn goal(what: &str, found: f64, at_most: f64, unit: &str) {
    let kept = if found <= at_most { "kept" } else { "missed" };
    println!("- {what}: {found:.2}{unit}, goal at most {at_most:.2}{unit}: **{kept}**");
}
