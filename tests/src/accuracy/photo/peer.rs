//! The same photos through other tools.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::worker::Worker;
use crate::accuracy::kitchen::{Kitchen, in_parallel};

/// Asks OpenCV; a line of JSON a photo.
const SCRIPT: &str = include_str!("peers.py");
/// Counts as part of every kept answer.
const EDITION: &str = "1";
/// Photos that one run of Python is asked about, since starting it takes longer
/// than a photo.
const FILES_AT_ONCE: usize = 32;

/// What the other tools measured in one photo; `None` where one gave no number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    laplacian: Option<f64>,
    laplacian_1024: Option<f64>,
    tenengrad: Option<f64>,
    tenengrad_1024: Option<f64>,
    /// The ELA score.
    pub error_levels: Option<f64>,
    #[serde(default)]
    blurdetect: Option<f64>,
    #[serde(default)]
    blurdetect_1024: Option<f64>,
}

/// Another tool's number for how sharp a photo is.
pub struct Peer {
    /// What people call it.
    pub name: &'static str,
    /// Larger for sharper.
    pub sharpness: fn(&Seen) -> Option<f64>,
}

/// All that say how sharp a photo is.
pub static PEERS: [Peer; 6] = [
    Peer {
        name: "variance of Laplacian",
        sharpness: |seen| seen.laplacian,
    },
    Peer {
        name: "the same at 1024 px",
        sharpness: |seen| seen.laplacian_1024,
    },
    Peer {
        name: "Tenengrad",
        sharpness: |seen| seen.tenengrad,
    },
    Peer {
        name: "the same at 1024 px",
        sharpness: |seen| seen.tenengrad_1024,
    },
    Peer {
        name: "ffmpeg blurdetect",
        sharpness: |seen| seen.blurdetect.map(|blur| -blur),
    },
    Peer {
        name: "the same at 1024 px",
        sharpness: |seen| seen.blurdetect_1024.map(|blur| -blur),
    },
];

/// Asks all tools about the files; earlier answers are taken again. One answer a
/// file, in order.
pub fn ask(kitchen: &Kitchen, python: &Path, files: &[&Path]) -> Vec<Result<Seen, String>> {
    let groups: Vec<&[&Path]> = files.chunks(FILES_AT_ONCE).collect();
    in_parallel(&groups, |group| {
        let mut worker = None;
        group
            .iter()
            .map(|file| ask_one(kitchen, python, &mut worker, file))
            .collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect()
}

fn ask_one(
    kitchen: &Kitchen,
    python: &Path,
    worker: &mut Option<Worker>,
    file: &Path,
) -> Result<Seen, String> {
    let path = file.to_str().ok_or("the path is no UTF-8")?;
    let kept = kitchen.made(&["photo peers", EDITION, SCRIPT, path], "json", |to| {
        let worker = match worker {
            Some(worker) => worker,
            none => none.insert(Worker::start(python, SCRIPT)?),
        };
        let seen: Option<Seen> = worker.ask(path)?;
        let seen = Seen {
            blurdetect: blurdetect(path, "")?,
            blurdetect_1024: blurdetect(
                path,
                "scale='if(gte(iw,ih),min(iw,1024),-2)':'if(gte(iw,ih),-2,min(ih,1024))':flags=area,",
            )?,
            ..seen.ok_or("OpenCV cannot decode it")?
        };
        let text = serde_json::to_string(&seen).map_err(|e| e.to_string())?;
        fs::write(to, text).map_err(|e| e.to_string())
    })?;
    let text = fs::read_to_string(&kept).map_err(|e| e.to_string())?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", kept.display()))
}

/// ffmpeg's figure, larger for more blur; `None` where it finds no edge.
fn blurdetect(path: &str, before: &str) -> Result<Option<f64>, String> {
    let filters = format!("{before}blurdetect,metadata=print:file=-");
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-threads", "1", "-i", path])
        .args(["-frames:v", "1", "-vf", &filters, "-f", "null", "-"])
        .output()
        .map_err(|e| format!("ffmpeg cannot be started: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = text.lines().find_map(|l| l.strip_prefix("lavfi.blur="));
    Ok(value
        .and_then(|v| v.trim().parse::<f64>().ok())
        .filter(|v| v.is_finite()))
}
