//! `unbroken calibrate`: learns from files that the admin vouches for what the
//! files of each model have in common, and says which checks speak on them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use unbroken_config::Config;
use unbroken_probes::check::Level;
use unbroken_probes::exemplar::{Entry, Exemplars, Learnt, NONE};
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measurements::Kind;
use unbroken_probes::probe::Depth;

use super::check::each;
use super::{ConfigArgument, EXIT_UNUSABLE, place};
use crate::report::object::Report;
use crate::step::judge::context_in_place;

/// Where the exemplars go if neither the command nor the config says.
const OUT_DEFAULT: &str = "exemplars.json";
/// Longest value shown, in characters: a parameter set in hex is long.
const VALUE_CHARS: usize = 72;

/// Learn what original files of each model have in common
#[derive(clap::Args)]
pub(super) struct Calibrate {
    #[command(flatten)]
    config: ConfigArgument,
    /// File of exemplars, written or added to; by default the one of
    /// reference.exemplars, else exemplars.json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Files at once; as many as there are cores by default
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// A folder with original files, as the devices wrote them
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// What came of one run.
#[derive(Default)]
struct Tally {
    /// New files and files known before, by the model's name.
    by_model: BTreeMap<String, (u64, u64)>,
    /// Files that name no model, or are no recording.
    left_out: Vec<String>,
    unusable: u64,
    /// Files on which each check speaks, and what it said first.
    alarms: BTreeMap<String, (u64, String)>,
    judged: u64,
}

impl Calibrate {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = Arc::new(place::config(self.config.config.as_deref())?);
        let out = self.out_path(&config);
        let mut exemplars = existing(&out)?;
        let mut tally = Tally::default();
        // Vouched files are some hundreds; their measurements are kept so that
        // each can be judged by what was learnt from all.
        let mut learnt: Vec<Report> = Vec::new();
        let paths = [self.dir.clone()];
        each(&paths, self.jobs, Depth::Full, &config, |answer| {
            match answer {
                Err(unusable) => {
                    tally.unusable += 1;
                    eprintln!("unbroken: {}: {}", unusable.path.display(), unusable.why);
                }
                Ok(report) => {
                    if tally.learn(&mut exemplars, &report) {
                        learnt.push(report);
                    }
                }
            }
            Ok(())
        })
        .await?;
        let rules = Rules {
            exemplars: Arc::new(exemplars.clone()),
            ..config.rules()
        };
        for report in &learnt {
            tally.judge(report, &rules, &config);
        }
        write(&out, &exemplars)?;
        let told = tell(&tally, &exemplars, &out);
        std::io::stdout()
            .lock()
            .write_all(told.as_bytes())
            .map_err(|e| format!("standard output: {e}"))?;
        let code = if tally.unusable > 0 { EXIT_UNUSABLE } else { 0 };
        Ok(ExitCode::from(code))
    }

    fn out_path(&self, config: &Config) -> PathBuf {
        let configured = Some(&config.reference.exemplars).filter(|p| !p.as_os_str().is_empty());
        let named = self.out.as_ref().or(configured);
        named.cloned().unwrap_or_else(|| PathBuf::from(OUT_DEFAULT))
    }
}

impl Tally {
    /// True if the file was or had been learnt from.
    fn learn(&mut self, exemplars: &mut Exemplars, report: &Report) -> bool {
        let m = &report.measurements;
        let is_recording = matches!(m.kind, Kind::Photo | Kind::Video | Kind::Audio);
        let learnt = if is_recording {
            exemplars.learn(&report.file.blake3, m)
        } else {
            Learnt::Nameless
        };
        let (model, is_new) = match learnt {
            Learnt::New(model) => (model, true),
            Learnt::Known(model) => (model, false),
            Learnt::Nameless => {
                self.left_out.push(report.file.path.clone());
                return false;
            }
        };
        let counts = self.by_model.entry(model.to_string()).or_default();
        if is_new {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
        true
    }

    /// Notes the checks that speak on a file which is known to be honest.
    fn judge(&mut self, report: &Report, rules: &Rules, config: &Config) {
        let mut context = context_in_place(config, report.file.name.as_bytes());
        context.name.clone_from(&report.file.name);
        let judgement = judge(&report.measurements, rules, &context);
        self.judged += 1;
        let mut counted: Vec<String> = Vec::new();
        for finding in judgement
            .findings
            .iter()
            .filter(|f| f.level >= Level::Attention)
        {
            if counted.contains(&finding.code) {
                continue;
            }
            counted.push(finding.code.clone());
            let first = || format!("{}: {}", report.file.name, finding.text.zh);
            let entry = self
                .alarms
                .entry(finding.code.clone())
                .or_insert_with(|| (0, first()));
            entry.0 += 1;
        }
    }
}

/// The exemplars that stand in the file already; none if there is no file.
fn existing(path: &Path) -> Result<Exemplars, String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Exemplars::default()),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
        Ok(text) => Exemplars::parse(&text).map_err(|why| {
            format!(
                "{}: {why}. It is left as it is; name another file with --out, or remove it",
                path.display()
            )
        }),
    }
}

/// Writes the whole file beside and renames it, so that a daemon never reads
/// half of it.
fn write(path: &Path, exemplars: &Exemplars) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
    let text = exemplars.to_text().map_err(|e| wrong(e.into()))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = File::create(&beside).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)?;
    file.sync_all().map_err(wrong)?;
    std::fs::rename(&beside, path).map_err(wrong)
}

fn tell(tally: &Tally, exemplars: &Exemplars, out: &Path) -> String {
    let mut lines = Vec::new();
    for (name, (new, known)) in &tally.by_model {
        lines.push(format!(
            "{name}: 新学习 {new} 个文件,已学习过 {known} 个 / {new} files learnt, {known} learnt before"
        ));
        let of_model = |e: &&Entry| e.model().to_string().to_lowercase() == name.to_lowercase();
        for entry in exemplars.entries.iter().filter(of_model) {
            lines.extend(mode(entry));
        }
    }
    if !tally.left_out.is_empty() {
        let count = tally.left_out.len();
        lines.push(format!(
            "{count} 个文件未写明型号或不是记录,未学习 / {count} files name no model or are no recording; left out:"
        ));
        lines.extend(tally.left_out.iter().map(|path| format!("    {path}")));
    }
    let judged = tally.judged;
    if tally.alarms.is_empty() {
        lines.push(format!(
            "现行限值下,没有检查对这 {judged} 个文件提出异议 / at present limits no check speaks on these {judged} files"
        ));
    } else {
        lines.push(format!(
            "现行限值下对这 {judged} 个可信文件提出异议的检查(即误报) / checks that speak on these {judged} vouched \
             files at present limits (false alarms):"
        ));
        for (code, (count, first)) in &tally.alarms {
            lines.push(format!("    {code}: {count}/{judged}  {first}"));
        }
    }
    lines.push(format!(
        "已写入 {out},请在配置中写 [reference] exemplars = \"{out}\" / written to {out}; name it in the config",
        out = out.display()
    ));
    lines.join("\n") + "\n"
}

/// What is alike in all files of one mode, and what is not.
fn mode(entry: &Entry) -> Vec<String> {
    let mut lines = vec![format!(
        "  {} ({} 个文件 / files)",
        entry.mode,
        entry.contents.len()
    )];
    let mut varying = Vec::new();
    for (feature, values) in &entry.features {
        let title = feature.title();
        // What stands for “none of it” says nothing beside something.
        let has_more = values.constant().nth(1).is_some();
        let constant: Vec<String> = values
            .constant()
            .filter(|value| !has_more || *value != NONE)
            .map(shortened)
            .collect();
        if constant.is_empty() {
            varying.push(format!("{} {} ({})", title.zh, title.en, values.met.len()));
        } else {
            let told = constant.join(" | ");
            lines.push(format!("    = {} / {}: {told}", title.zh, title.en));
        }
    }
    if !varying.is_empty() {
        lines.push(format!("    ~ 各不相同 / varies: {}", varying.join("; ")));
    }
    lines
}

fn shortened(value: &str) -> String {
    let short: String = value.chars().take(VALUE_CHARS).collect();
    if short.len() < value.len() {
        short + "…"
    } else {
        short
    }
}
