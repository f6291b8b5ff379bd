//! The same cases through other tools. Each is asked once for its figures by
//! picture, so that every threshold can be tried without asking again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use unbroken_probes::measurements::Span;

use super::kitchen::{Kitchen, in_parallel};
use super::python;
use super::truth::Fault;

/// Counts as part of every kept answer of figures.
const EDITION: &str = "2";
/// Counts as part of every kept answer of stretches.
const STRETCHES_EDITION: &str = "1";
/// The versions that the figures are taken with.
const PYTHON_PACKAGES: [&str; 2] = ["scenedetect==0.7.2", "opencv-python-headless==5.0.0.93"];
/// Asks PySceneDetect; prints a line of JSON a file.
const SCRIPT: &str = include_str!("pyscenedetect.py");
/// Noise limits that freezedetect is tried at; 0.001 is its default.
const FREEZE_NOISE: [f64; 4] = [0.0003, 0.001, 0.003, 0.01];
/// Pixel limits that blackdetect is tried at; 0.1 is its default.
const BLACK_PIXEL: [f64; 3] = [0.06, 0.1, 0.16];
/// Shortest stretch that the tools are asked for, in seconds.
const STRETCH_MIN_S: f64 = 0.4;

/// A figure at an instant: seconds, value; `None` where the tool gave no number.
type Series = Vec<(f64, Option<f64>)>;

/// What the other tools measured in one file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    scdet: Series,
    blur: Series,
    content: Series,
    adaptive: Series,
    #[serde(skip)]
    stretches: Stretches,
}

/// What the filters say that name stretches, by the number of their limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Stretches {
    freezes: BTreeMap<usize, Vec<Span>>,
    blacks: BTreeMap<usize, Vec<Span>>,
}

/// Another tool with the thresholds that it is tried at.
pub struct Peer {
    /// What people call it.
    pub name: &'static str,
    /// The faults that it is for.
    pub faults: &'static [Fault],
    /// Its settings by name; two numbers whose meaning it knows.
    pub settings: Vec<(String, [f64; 2])>,
    /// Which of the settings is the shipped one; `None`: it only measures.
    pub default: Option<usize>,
    /// What it says of a file at a setting.
    pub says: fn(&Seen, [f64; 2]) -> Vec<Span>,
}

const CUTS: &[Fault] = &[
    Fault::HardCut,
    Fault::JumpCut,
    Fault::StillJump,
    Fault::Inserted,
];

/// All of them.
pub fn peers() -> Vec<Peer> {
    let single = |values: &[f64]| -> Vec<(String, [f64; 2])> {
        values.iter().map(|v| (format!("{v}"), [*v, 0.0])).collect()
    };
    let paired = |first: &[f64], lengths_s: &[f64]| -> Vec<(String, [f64; 2])> {
        (0u32..)
            .zip(first)
            .flat_map(|(n, v)| {
                lengths_s
                    .iter()
                    .map(move |d| (format!("{v}, d={d} s"), [f64::from(n), *d]))
            })
            .collect()
    };
    vec![
        Peer {
            name: "ffmpeg scdet",
            faults: CUTS,
            settings: single(&[1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 13.0, 17.0, 22.0, 30.0]),
            default: Some(6),
            says: |seen, [limit, _]| instants(&seen.scdet, limit, 0.0),
        },
        Peer {
            name: "PySceneDetect Content",
            faults: CUTS,
            settings: single(&[5.0, 8.0, 12.0, 16.0, 20.0, 27.0, 35.0, 45.0]),
            default: Some(5),
            // Its shortest scene is 0.6 s.
            says: |seen, [limit, _]| instants(&seen.content, limit, 0.6),
        },
        Peer {
            name: "PySceneDetect Adaptive",
            faults: CUTS,
            settings: single(&[1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0]),
            default: Some(3),
            says: |seen, [limit, _]| instants(&seen.adaptive, limit, 0.6),
        },
        Peer {
            name: "ffmpeg freezedetect",
            faults: &[Fault::Frozen],
            settings: paired(&FREEZE_NOISE, &[2.0, 1.0, 0.5]),
            default: Some(3),
            says: |seen, [which, length_s]| stretches(&seen.stretches.freezes, which, length_s),
        },
        Peer {
            name: "ffmpeg blackdetect",
            faults: &[Fault::Black, Fault::Covered],
            settings: paired(&BLACK_PIXEL, &[2.0, 1.0, 0.5]),
            default: Some(3),
            says: |seen, [which, length_s]| stretches(&seen.stretches.blacks, which, length_s),
        },
        Peer {
            name: "ffmpeg blurdetect",
            faults: &[Fault::Blurred],
            settings: single(&[4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0]),
            default: None,
            says: |seen, [limit, _]| blurred(&seen.blur, limit),
        },
    ]
}

/// Instants whose figure reaches the limit, at least `apart_s` from the last.
fn instants(series: &Series, limit: f64, apart_s: f64) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for (at_s, value) in series {
        let is_far = found.last().is_none_or(|last| at_s - last.end_s >= apart_s);
        if is_far && value.is_some_and(|v| v >= limit) {
            found.push(Span {
                start_s: *at_s,
                end_s: *at_s,
            });
        }
    }
    found
}

fn stretches(by_limit: &BTreeMap<usize, Vec<Span>>, which: f64, length_s: f64) -> Vec<Span> {
    by_limit
        .get(&(which as usize))
        .into_iter()
        .flatten()
        .filter(|span| span.duration_s() >= length_s)
        .copied()
        .collect()
}

/// Stretches of at least two seconds above the limit; a picture without an
/// edge, for which the filter gives no number, counts as above it.
fn blurred(series: &Series, limit: f64) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut since_s = None;
    for (at_s, value) in series {
        match (since_s, value.is_none_or(|v| v >= limit)) {
            (None, true) => since_s = Some((*at_s, *at_s)),
            (Some((start_s, _)), true) => since_s = Some((start_s, *at_s)),
            (Some((start_s, end_s)), false) => {
                found.push(Span { start_s, end_s });
                since_s = None;
            }
            (None, false) => {}
        }
    }
    found.extend(since_s.map(|(start_s, end_s)| Span { start_s, end_s }));
    found.retain(|span| span.duration_s() >= 2.0);
    found
}

/// Files that one run of Python is asked about, since starting it takes longer
/// than a short clip.
const FILES_AT_ONCE: usize = 16;

/// Asks all tools about the files; earlier answers are taken again. One answer a
/// file, in order.
pub fn ask(kitchen: &Kitchen, python: &Path, files: &[&Path]) -> Vec<Result<Seen, String>> {
    let groups: Vec<&[&Path]> = files.chunks(FILES_AT_ONCE).collect();
    in_parallel(&groups, |group| ask_group(kitchen, python, group))
        .into_iter()
        .flatten()
        .collect()
}

fn ask_group(kitchen: &Kitchen, python: &Path, files: &[&Path]) -> Vec<Result<Seen, String>> {
    let of = |file: &Path| {
        [
            "peers".to_owned(),
            EDITION.to_owned(),
            SCRIPT.to_owned(),
            file.to_string_lossy().into_owned(),
        ]
    };
    let kept = |file: &Path| {
        let of = of(file);
        kitchen.kept(&of.each_ref().map(String::as_str), "json")
    };
    let new: Vec<&Path> = files
        .iter()
        .copied()
        .filter(|f| kept(f).is_none())
        .collect();
    let answers = ask_python(python, &new);
    let mut answers = answers.into_iter();
    files
        .iter()
        .map(|file| {
            let kept = match kept(file) {
                Some(kept) => kept,
                None => {
                    let figures = answers.next().unwrap_or(Err("no answer".to_owned()))?;
                    let of = of(file);
                    kitchen.made(&of.each_ref().map(String::as_str), "json", |to| {
                        let filters = "scdet=t=0,blurdetect,metadata=print:file=-";
                        let mut seen = Seen {
                            content: figures.content,
                            adaptive: figures.adaptive,
                            ..Seen::default()
                        };
                        read_figures(&ask_ffmpeg(file, filters)?.0, &mut seen);
                        let text = serde_json::to_string(&seen).map_err(|e| e.to_string())?;
                        fs::write(to, text).map_err(|e| e.to_string())
                    })?
                }
            };
            Ok(Seen {
                stretches: stretches_in(kitchen, file)?,
                ..read_kept(&kept)?
            })
        })
        .collect()
}

fn read_kept<T: serde::de::DeserializeOwned>(kept: &Path) -> Result<T, String> {
    let text = fs::read_to_string(kept).map_err(|e| format!("{}: {e}", kept.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", kept.display()))
}

/// Asks freezedetect and blackdetect, one limit of each a run: what they log does
/// not say which of several said it.
fn stretches_in(kitchen: &Kitchen, file: &Path) -> Result<Stretches, String> {
    let path = file.to_string_lossy();
    let of = ["stretches", STRETCHES_EDITION, path.as_ref()];
    let kept = kitchen.made(&of, "json", |to| {
        let mut all = Stretches::default();
        for n in 0..FREEZE_NOISE.len().max(BLACK_PIXEL.len()) {
            let freeze = FREEZE_NOISE.get(n);
            let freeze = freeze.map(|noise| format!("freezedetect=n={noise}:d={STRETCH_MIN_S}"));
            let black = BLACK_PIXEL.get(n);
            let black = black.map(|limit| format!("blackdetect=d={STRETCH_MIN_S}:pix_th={limit}"));
            let filters: Vec<String> = freeze.into_iter().chain(black).collect();
            let (_, log) = ask_ffmpeg(file, &filters.join(","))?;
            read_stretches(&log, n, &mut all);
        }
        let text = serde_json::to_string(&all).map_err(|e| e.to_string())?;
        fs::write(to, text).map_err(|e| e.to_string())
    })?;
    read_kept(&kept)
}

/// Runs the filters over the moving picture: what they print, and what they log.
fn ask_ffmpeg(file: &Path, filters: &str) -> Result<(String, String), String> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "info", "-i"])
        .arg(file)
        .args(["-an", "-vf", filters, "-f", "null", "-"])
        .output()
        .map_err(|e| format!("ffmpeg cannot be started: {e}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(&output.stdout), text(&output.stderr)))
}

fn read_figures(text: &str, seen: &mut Seen) {
    let mut at_s = 0.0;
    for line in text.lines() {
        if let Some((_, time)) = line.split_once("pts_time:") {
            at_s = time.trim().parse().unwrap_or(at_s);
        } else if let Some(score) = line.strip_prefix("lavfi.scd.score=") {
            seen.scdet.push((at_s, finite(score)));
        } else if let Some(blur) = line.strip_prefix("lavfi.blur=") {
            seen.blur.push((at_s, finite(blur)));
        }
    }
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|v: &f64| v.is_finite())
}

/// What the filters log; a freeze that lasts to the end gets no end from them,
/// so it lasts as long as the log's clock went.
fn read_stretches(log: &str, limit: usize, all: &mut Stretches) {
    let value = |line: &str, key: &str| {
        let (_, rest) = line.split_once(key)?;
        rest.split_whitespace().next()?.parse::<f64>().ok()
    };
    let freezes = all.freezes.entry(limit).or_default();
    let blacks = all.blacks.entry(limit).or_default();
    let mut is_open = false;
    for line in log.lines() {
        if let Some(start_s) = value(line, "freeze_start:") {
            freezes.push(Span {
                start_s,
                end_s: start_s,
            });
            is_open = true;
        } else if let (Some(end_s), Some(span)) = (value(line, "freeze_end:"), freezes.last_mut()) {
            span.end_s = end_s;
            is_open = false;
        } else if let (Some(start_s), Some(end_s)) =
            (value(line, "black_start:"), value(line, "black_end:"))
        {
            blacks.push(Span { start_s, end_s });
        }
    }
    if is_open
        && let Some(span) = freezes.last_mut()
        && let Some(end_s) = clock_s(log)
    {
        span.end_s = end_s.max(span.start_s);
    }
}

/// The last `time=HH:MM:SS.ss` of a log.
fn clock_s(log: &str) -> Option<f64> {
    let (_, last) = log.rsplit_once(" time=")?;
    let clock = last.split_whitespace().next()?;
    clock.split(':').try_fold(0.0, |sum, part| {
        Some(sum * 60.0 + part.parse::<f64>().ok()?)
    })
}

/// What the script prints of one file.
#[derive(Deserialize)]
struct Figures {
    content: Series,
    adaptive: Series,
}

/// One answer a file, in order. A file at which the script fails ends its run:
/// the rest is asked anew.
fn ask_python(python: &Path, files: &[&Path]) -> Vec<Result<Figures, String>> {
    let mut answers = Vec::with_capacity(files.len());
    while let Some(rest) = files.get(answers.len()..).filter(|rest| !rest.is_empty()) {
        let output = Command::new(python)
            .args(["-W", "ignore", "-c", SCRIPT])
            .args(rest)
            .stderr(Stdio::piped())
            .output();
        match output {
            Err(e) => answers.push(Err(format!("{}: {e}", python.display()))),
            Ok(output) => {
                let lines = String::from_utf8_lossy(&output.stdout).into_owned();
                answers.extend(lines.lines().map(|line| {
                    serde_json::from_str(line).map_err(|e| format!("PySceneDetect's answer: {e}"))
                }));
                if answers.len() < files.len() {
                    let why = String::from_utf8_lossy(&output.stderr);
                    answers.push(Err(why.trim().to_owned()));
                }
            }
        }
    }
    answers
}

/// A Python of its own with PySceneDetect in it, made in the kitchen's folder
/// at the first run.
pub fn python(kitchen: &Kitchen) -> Result<PathBuf, String> {
    python::environment(kitchen, "python", "scenedetect", &PYTHON_PACKAGES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_stretches_are_read_from_what_the_filters_print() {
        let mut seen = Seen::default();
        read_figures(
            "frame:0    pts:0       pts_time:0\nlavfi.scd.score=0.5\nlavfi.blur=-nan\n\
             frame:1    pts:512     pts_time:4.5\nlavfi.scd.score=12.5\nlavfi.blur=6.1\n",
            &mut seen,
        );
        assert_eq!(seen.scdet, [(0.0, Some(0.5)), (4.5, Some(12.5))]);
        assert_eq!(seen.blur, [(0.0, None), (4.5, Some(6.1))]);
        let mut all = Stretches::default();
        read_stretches(
            "[freezedetect @ 0x5] lavfi.freezedetect.freeze_start: 1\n\
             [freezedetect @ 0x5] lavfi.freezedetect.freeze_duration: 1.5\n\
             [freezedetect @ 0x5] lavfi.freezedetect.freeze_end: 2.5\n\
             [freezedetect @ 0x5] lavfi.freezedetect.freeze_start: 63\n\
             [blackdetect @ 0x6] black_start:2 black_end:4 black_duration:2\n\
             frame=   40 fps=0.0 Lsize=N/A time=00:01:08.50 bitrate=N/A speed= 220x\n",
            1,
            &mut all,
        );
        assert_eq!(stretches(&all.freezes, 1.0, 1.5).len(), 2);
        assert_eq!(stretches(&all.freezes, 1.0, 5.6).len(), 0);
        assert_eq!(stretches(&all.freezes, 1.0, 5.4).len(), 1);
        assert_eq!(stretches(&all.blacks, 1.0, 2.0).len(), 1);
        assert_eq!(stretches(&all.freezes, 0.0, 0.0).len(), 0);
    }

    #[test]
    fn thresholds_are_tried_on_kept_figures() {
        let series = vec![(1.0, Some(12.0)), (1.2, Some(30.0)), (3.0, Some(5.0))];
        assert_eq!(instants(&series, 10.0, 0.0).len(), 2);
        assert_eq!(instants(&series, 10.0, 0.6).len(), 1);
        assert_eq!(
            blurred(&vec![(0.0, None), (2.0, Some(9.0)), (2.5, Some(1.0))], 8.0).len(),
            1
        );
        assert_eq!(
            blurred(&vec![(0.0, None), (1.9, Some(9.0)), (2.5, Some(1.0))], 8.0).len(),
            0
        );
    }

    #[test]
    fn the_shipped_settings_are_among_those_tried() {
        let shipped: Vec<String> = peers()
            .iter()
            .filter_map(|p| Some(p.settings.get(p.default?)?.0.clone()))
            .collect();
        assert_eq!(shipped, ["10", "27", "3", "0.001, d=2 s", "0.1, d=2 s"]);
    }
}
