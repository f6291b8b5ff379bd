//! Accuracy and speed, by a command that anyone can run again:
//! `accuracy video DATA_DIR`, `accuracy photo DATA_DIR`,
//! `accuracy reuse DATA_DIR` and `accuracy speed`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use clap::{Parser, Subcommand};
use unbroken_probes::measurements::Span;
use unbroken_tests::accuracy::found::Found;
use unbroken_tests::accuracy::kitchen::{Kitchen, in_parallel};
use unbroken_tests::accuracy::peer::Seen;
use unbroken_tests::accuracy::photo::run::Wanted;
use unbroken_tests::accuracy::recipe::Bounds;
use unbroken_tests::accuracy::source::{Named, Source, named, sources};
use unbroken_tests::accuracy::table::{Judged, Run, page};
use unbroken_tests::accuracy::video::{Case, cases};
use unbroken_tests::accuracy::{peer, photo, reuse, speed};

/// How often the checks are right, and how fast
#[derive(Parser)]
struct Arguments {
    /// Made files and kept answers of other tools, which a second run takes again, and the list of cases
    #[arg(long, global = true, default_value = "target/accuracy")]
    work: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Cases made by recipe from recordings, through our checks and other tools
    Video {
        /// The folder of recordings whose truth its README tells
        data_dir: PathBuf,
        /// Where the page goes; to standard output without it
        #[arg(long)]
        out: Option<PathBuf>,
        /// Another untouched recording straight from a camera
        #[arg(long, value_name = "FILE")]
        source: Vec<PathBuf>,
        /// A list of further recordings, a line each: file, tab, `untouched` or `uncut` (a program wrote it after
        /// the camera), tab, where it comes from
        #[arg(long, value_name = "LIST")]
        sources: Vec<PathBuf>,
        /// Longest case, in seconds
        #[arg(long, default_value_t = 12.0)]
        seconds: f64,
        /// Longest side of pictures that are encoded anew, in pixels
        #[arg(long, default_value_t = 854)]
        side: u32,
        /// Only recipes whose names start so, besides the untouched source and its plain encode anew
        #[arg(long, value_name = "START")]
        only: Vec<String>,
        /// Leave the other tools out
        #[arg(long)]
        alone: bool,
    },
    /// Cases made by recipe from photos, through our checks and other tools
    Photo {
        /// The folder of photos whose truth its README tells
        data_dir: PathBuf,
        /// Where the page goes; to standard output without it
        #[arg(long)]
        out: Option<PathBuf>,
        /// A list of further photos, a line each: file, tab, `untouched` or `written` (a program wrote it after the
        /// camera), with `,soft` behind it if it is not sharp as it was taken, tab, where it comes from
        #[arg(long, value_name = "LIST")]
        sources: Vec<PathBuf>,
        /// Longest side of pictures whose clarity is what counts, in pixels
        #[arg(long, default_value_t = 1600)]
        side: u32,
        /// How many photos are edited, at most, one of each model before a second of any; about 150 MB each
        #[arg(long, value_name = "PHOTOS", default_value_t = usize::MAX, hide_default_value = true)]
        edited_max: usize,
        /// Leave the other tools out
        #[arg(long)]
        alone: bool,
    },
    /// Copies made by recipe from photographs, and whether they are known again
    Reuse {
        /// The folder of photographs
        data_dir: PathBuf,
        /// Where the page goes; to standard output without it
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Full analysis beside plain decoding and beside the filters
    Speed {
        /// A recording that the clips are made from; a made scene without it
        #[arg(long, value_name = "FILE")]
        source: Option<PathBuf>,
        /// Length of the clips, in seconds
        #[arg(long, default_value_t = 10)]
        seconds: u32,
        /// Threads that decode for `ffmpeg`
        #[arg(long, default_value_t = 1)]
        threads: u32,
        /// Rounds, of which the median counts
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// Where the page goes; to standard output without it
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("accuracy: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    let kitchen = Kitchen::open(&arguments.work)?;
    match arguments.what {
        What::Video {
            data_dir,
            out,
            source,
            sources,
            seconds,
            side,
            only,
            alone,
        } => {
            let mut more: Vec<Named> = source
                .into_iter()
                .map(|path| Named {
                    path,
                    untouched: true,
                    origin: String::new(),
                })
                .collect();
            for list in &sources {
                more.extend(named(list)?);
            }
            let bounds = Bounds {
                length_max_s: seconds,
                side_max_px: side,
            };
            write(
                out,
                &video(&kitchen, &data_dir, &more, bounds, &only, alone)?,
            )
        }
        What::Photo {
            data_dir,
            out,
            sources,
            side,
            edited_max,
            alone,
        } => {
            let wanted = Wanted {
                data_dir,
                lists: sources,
                bounds: photo::Bounds {
                    side_max_px: side,
                    edited_max,
                },
                alone,
                program: own_digest()?,
            };
            write(out, &photo::run::photo(&kitchen, &wanted)?)
        }
        What::Reuse { data_dir, out } => write(out, &reuse::page(&data_dir)?),
        What::Speed {
            source,
            seconds,
            threads,
            rounds,
            out,
        } => {
            let bounds = speed::Bounds {
                source,
                seconds,
                threads,
                rounds,
            };
            write(out, &speed::page(&kitchen, &bounds)?)
        }
    }
}

/// The page where it is wanted.
fn write(out: Option<PathBuf>, text: &str) -> Result<(), String> {
    match out {
        None => print!("{text}"),
        Some(to) => std::fs::write(&to, text).map_err(|e| format!("{}: {e}", to.display()))?,
    }
    Ok(())
}

/// Every case with its file and its truth, for who looks into a row; with what
/// was found once that is known.
fn list(to: &Path, sources: &[Source], cases: &[Case], judged: &[Judged]) -> Result<(), String> {
    let mut text = String::from("recipe\tsource\tfile\ttruth\tdiffer_levels\tfound\n");
    for case in cases {
        let source = sources.get(case.source).map_or("", |s| s.name.as_str());
        let span = |s: &Span| format!("{:.3}-{:.3}", s.start_s, s.end_s);
        let truth: Vec<String> = case
            .truth
            .iter()
            .map(|t| {
                let place = t.place.as_ref().map(span).unwrap_or_default();
                format!("{:?} {place}", t.fault)
            })
            .collect();
        let found = judged
            .iter()
            .filter(|one| one.case.file == case.file)
            .flat_map(|one| &one.found.findings)
            .map(|said| {
                let spans: Vec<String> = said.spans.iter().map(span).collect();
                let mark = if said.is_alarm { "!" } else { "" };
                format!("{}{mark} {}", said.code, spans.join(" "))
            });
        text.push_str(&format!(
            "{}\t{source}\t{}\t{}\t{}\t{}\n",
            case.recipe,
            case.file.display(),
            truth.join("; "),
            case.differ_levels
                .map_or(String::new(), |levels| format!("{levels:.2}")),
            found.collect::<Vec<_>>().join("; ")
        ));
    }
    std::fs::write(to, text).map_err(|e| format!("{}: {e}", to.display()))
}

/// Digest of this program, of which its answers are: another build is asked anew.
fn own_digest() -> Result<String, String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let bytes = std::fs::read(&program).map_err(|e| format!("{}: {e}", program.display()))?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}

fn video(
    kitchen: &Kitchen,
    data_dir: &Path,
    more: &[Named],
    bounds: Bounds,
    only: &[String],
    alone: bool,
) -> Result<String, String> {
    let (sources, mut left_out) = sources(data_dir, more);
    if sources.is_empty() {
        return Err(format!(
            "{}: no known recording in it; name some with --source or --sources",
            data_dir.display()
        ));
    }
    let places: Vec<usize> = (0..sources.len()).collect();
    let made = in_parallel(&places, |place| {
        cases(kitchen, bounds, &sources, *place, only)
    });
    let mut ready: Vec<Case> = Vec::new();
    for case in made.into_iter().flatten() {
        match case {
            Ok(case) => ready.push(case),
            Err(why) => left_out.push(why),
        }
    }
    eprintln!("{} cases", ready.len());
    let listed = kitchen.dir().join("cases.tsv");
    list(&listed, &sources, &ready, &[])?;
    let python = if alone {
        None
    } else {
        Some(peer::python(kitchen)?)
    };
    let pictures: Vec<&Path> = ready
        .iter()
        .filter(|case| case.pictures)
        .map(|case| case.file.as_path())
        .collect();
    let program = own_digest()?;
    // The other tools start many processes, which leave time for our checks.
    let (seen, found) = thread::scope(|scope| {
        let asked = scope
            .spawn(|| python.map_or(Vec::new(), |python| peer::ask(kitchen, &python, &pictures)));
        let found = in_parallel(&ready, |case| Found::kept(kitchen, &program, &case.file));
        (asked.join().unwrap_or_default(), found)
    });
    let mut seen_in: BTreeMap<&Path, Seen> = BTreeMap::new();
    for (file, answer) in pictures.iter().zip(seen) {
        match answer {
            Ok(seen) => {
                seen_in.insert(file, seen);
            }
            Err(why) => left_out.push(format!("{}: {why}", file.display())),
        }
    }
    let answers = ready.iter().zip(found).map(|(case, found)| {
        Ok::<_, String>(Judged {
            case: case.clone(),
            found: found?,
            seen: seen_in.get(case.file.as_path()).cloned(),
        })
    });
    let mut judged = Vec::new();
    for answer in answers {
        match answer {
            Ok(one) => judged.push(one),
            Err(why) => left_out.push(why),
        }
    }
    list(&listed, &sources, &ready, &judged)?;
    Ok(page(
        &Run {
            sources: &sources,
            bounds,
            judged: &judged,
            left_out: &left_out,
            only,
            alone,
        },
        &if alone { Vec::new() } else { peer::peers() },
    ))
}
