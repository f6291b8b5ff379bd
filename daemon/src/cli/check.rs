//! `unbroken check`: probes and judges in place, stores nothing.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use unbroken_config::Config;
use unbroken_probes::judge::{Rules, Verdict, judge};
use unbroken_probes::probe::{Depth, Wants};

use super::{ConfigArgument, EXIT_UNUSABLE, place};
use crate::adapter::digester::digest_reader;
use crate::cases::readable_name;
use crate::port::prober::{Probe, Prober};
use crate::report::object::{Parts, Report, report};
use crate::report::words;
use crate::step::judge::context_in_place;
use crate::step::probe::{broken, stopped};

/// Probe and judge files or folders in place; stores nothing
#[derive(clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    config: ConfigArgument,
    /// One object a line for every input, in input order: a report, or why there
    /// can be none
    #[arg(long)]
    json: bool,
    /// How far to look: `structure` reads containers, tables, times, parameters and
    /// metadata and decodes nothing
    #[arg(long, value_enum, default_value_t = How::Full)]
    depth: How,
    /// Files at once; as many as there are cores by default
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Files, or folders with all that is in them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// [`Depth`] as a word of the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
enum How {
    Full,
    Structure,
}

impl From<How> for Depth {
    fn from(how: How) -> Self {
        match how {
            How::Full => Self::Full,
            How::Structure => Self::Structure,
        }
    }
}

/// Schema of the answer to an input of which no report can be made.
const UNUSABLE_SCHEMA: &str = "unbroken.unusable/1";

/// One input: a file to check, or why it cannot be.
type Input = Result<PathBuf, Unusable>;

/// An input that could not be used.
pub(super) struct Unusable {
    pub(super) path: PathBuf,
    pub(super) why: String,
}

impl Unusable {
    fn new(path: &Path, why: impl std::fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }

    fn as_json(&self) -> Value {
        let name = self.path.file_name().unwrap_or_default();
        json!({
            "schema": UNUSABLE_SCHEMA,
            "file": {
                "name": name.to_string_lossy(),
                "name_hex": hex::encode(name.as_bytes()),
                "path": self.path.display().to_string(),
            },
            "error": self.why,
        })
    }
}

impl Check {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = Arc::new(place::config(self.config.config.as_deref())?);
        let mut exit = Exit::default();
        let take = |answer: Result<Report, Unusable>| {
            exit.take(&answer);
            print(&answer, self.json)
        };
        each(&self.paths, self.jobs, self.depth.into(), &config, take).await?;
        Ok(exit.code())
    }
}

/// Probes and judges everything in `paths` by `config`, several at once, and
/// hands each answer over in the order of the inputs.
pub(super) async fn each(
    paths: &[PathBuf],
    jobs: Option<usize>,
    depth: Depth,
    config: &Arc<Config>,
    mut take: impl FnMut(Result<Report, Unusable>) -> Result<(), String>,
) -> Result<(), String> {
    let prober = place::prober(config)?;
    let rules = Arc::new(config.rules());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let turns = Arc::new(Semaphore::new(jobs.unwrap_or(cores).max(1)));
    let mut pending: VecDeque<Pending> = VecDeque::new();
    let mut inputs = paths.iter().flat_map(|path| files_beneath(path)).fuse();
    loop {
        // Enough are started to keep every job busy while the oldest, whose
        // answer comes first, still works.
        while pending.len() < 4 * cores.max(jobs.unwrap_or(0)) {
            let Some(input) = inputs.next() else { break };
            pending.push_back(start(input, depth, config, &rules, &prober, &turns));
        }
        let Some(oldest) = pending.pop_front() else {
            return Ok(());
        };
        let answer = match oldest.answer.await {
            Ok(answer) => answer,
            Err(error) => Err(Unusable::new(
                &oldest.path,
                format!("its check broke down ({error}); this is a fault of the program"),
            )),
        };
        take(answer)?;
    }
}

/// An input under way.
struct Pending {
    path: PathBuf,
    answer: JoinHandle<Result<Report, Unusable>>,
}

fn start(
    input: Input,
    depth: Depth,
    config: &Arc<Config>,
    rules: &Arc<Rules>,
    prober: &Arc<dyn Prober>,
    jobs: &Arc<Semaphore>,
) -> Pending {
    let path = match &input {
        Ok(path) | Err(Unusable { path, .. }) => path.clone(),
    };
    let (config, rules, prober, jobs) =
        (config.clone(), rules.clone(), prober.clone(), jobs.clone());
    let answer = tokio::spawn(async move {
        let path = input?;
        let turn = jobs.acquire().await;
        let _turn = turn.map_err(|e| Unusable::new(&path, e))?;
        check(&path, depth, &config, &rules, prober.as_ref()).await
    });
    Pending { path, answer }
}

async fn check(
    path: &Path,
    depth: Depth,
    config: &Config,
    rules: &Rules,
    prober: &dyn Prober,
) -> Result<Report, Unusable> {
    let unusable = |e: &dyn std::fmt::Display| Unusable::new(path, e);
    let name = path
        .file_name()
        .unwrap_or(OsStr::new(""))
        .as_bytes()
        .to_vec();
    let hashed = path.to_owned();
    let sm3 = config.stage.sm3;
    let digests = tokio::task::spawn_blocking(move || digest_reader(File::open(hashed)?, sm3));
    let wants = Wants {
        name: readable_name(&name).text,
        still_long_side_px: 0,
        stills_count: 0,
        depth,
    };
    let (digests, probe) = tokio::join!(digests, prober.probe(path, &wants));
    let digests = digests
        .map_err(|e| unusable(&e))?
        .map_err(|e| unusable(&e))?;
    let measurements = match probe.map_err(|e| unusable(&e))? {
        Probe::Measured(probed) => probed.measurements,
        Probe::Broke { why } => broken(&why, digests.size_bytes).measurements,
        Probe::Stopped { why } | Probe::Killed { why } => {
            stopped(&why, digests.size_bytes).measurements
        }
    };
    let mut context = context_in_place(config, &name);
    context.mtime = File::open(path)
        .and_then(|file| file.metadata())
        .and_then(|meta| meta.modified())
        .ok()
        .map(Into::into);
    let judgement = judge(&measurements, rules, &context);
    Ok(report(Parts {
        id: None,
        name: &name,
        name_read: readable_name(&name).text,
        path: path.display().to_string(),
        official: None,
        digests: &digests,
        made: None,
        rules: config.hash(),
        case: None,
        custody: None,
        series: None,
        measurements,
        judgement,
    }))
}

/// The files of one argument, folders in the order of their names. Links are
/// not followed beneath a folder; a link named itself is meant.
fn files_beneath(path: &Path) -> Box<dyn Iterator<Item = Input> + '_> {
    match std::fs::metadata(path) {
        Err(error) => Box::new(std::iter::once(Err(Unusable::new(path, error)))),
        Ok(meta) if meta.is_dir() => Box::new(Walk {
            stack: vec![path.to_owned()],
        }),
        Ok(meta) if meta.is_file() => Box::new(std::iter::once(Ok(path.to_owned()))),
        Ok(_) => Box::new(std::iter::once(Err(Unusable::new(
            path,
            "no regular file and no folder",
        )))),
    }
}

/// Walks a folder depth first.
struct Walk {
    stack: Vec<PathBuf>,
}

impl Iterator for Walk {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        while let Some(path) = self.stack.pop() {
            match std::fs::symlink_metadata(&path) {
                Err(error) => return Some(Err(Unusable::new(&path, error))),
                Ok(meta) if meta.is_file() => return Some(Ok(path)),
                Ok(meta) if meta.is_dir() => match std::fs::read_dir(&path) {
                    Err(error) => return Some(Err(Unusable::new(&path, error))),
                    Ok(entries) => {
                        let mut inside: Vec<PathBuf> = entries
                            .filter_map(|entry| entry.ok().map(|e| e.path()))
                            .collect();
                        inside.sort_unstable_by(|a, b| b.cmp(a));
                        self.stack.extend(inside);
                    }
                },
                Ok(_) => {}
            }
        }
        None
    }
}

fn print(answer: &Result<Report, Unusable>, as_json: bool) -> Result<(), String> {
    let text = match answer {
        Ok(report) if as_json => serde_json::to_string(report).map_err(|e| e.to_string())?,
        Ok(report) => words::summary(report),
        Err(unusable) => {
            eprintln!("unbroken: {}: {}", unusable.path.display(), unusable.why);
            if !as_json {
                return Ok(());
            }
            unusable.as_json().to_string()
        }
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").map_err(|e| format!("standard output: {e}"))
}

/// What the exit code will be.
#[derive(Default)]
struct Exit {
    unusable: bool,
    not_pass: bool,
}

impl Exit {
    fn take(&mut self, answer: &Result<Report, Unusable>) {
        match answer {
            Ok(report) => self.not_pass |= report.verdict != Verdict::Pass,
            Err(_) => self.unusable = true,
        }
    }

    fn code(&self) -> ExitCode {
        match (self.unusable, self.not_pass) {
            (true, _) => ExitCode::from(EXIT_UNUSABLE),
            (false, true) => ExitCode::from(1),
            (false, false) => ExitCode::SUCCESS,
        }
    }
}
