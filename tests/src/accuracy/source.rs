//! The recordings that cases are made from.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Uncut recordings of real cameras, by their place in the data folder; its
/// README is their ground truth. Cases are made from those of at least
/// [`LENGTH_MIN_S`]; all count as untouched, apart from the ones that a
/// program wrote after the camera.
const SOURCES: [(&str, bool); 17] = [
    ("opencv-samples/vtest.avi", true),
    // Written by Lavf and coded by x264: uncut, and so for a person to see.
    ("opencv-samples/tree.avi", false),
    ("opencv-samples/box.mp4", false),
    ("opencv-samples/cup.mp4", true),
    ("gopro/karma.mp4", true),
    ("udacity/solidWhiteRight.mp4", false),
    ("mapillary/tests/data/videos/sample-5s.mp4", false),
    ("mapillary/tests/data/videos/sample-5s_h265.mp4", false),
    ("nom-exif/testdata/meta.mov", true),
    ("nom-exif/testdata/meta.mp4", true),
    ("nom-exif/testdata/sony-a7-xavc.MP4", true),
    ("androidx-media/mp4/dolbyVision-hdr.MOV", true),
    ("androidx-media/mp4/hlg10-color-test.mp4", true),
    ("androidx-media/mp4/portrait_4k60.mp4", true),
    ("androidx-media/mp4/h265_with_metadata_track.mp4", true),
    ("androidx-media/mp4/sample_edit_list.mp4", true),
    ("androidx-media/mp4/pixel7_videoOnly_cleaned.mp4", false),
];

/// Shorter recordings serve as untouched ones only.
pub const LENGTH_MIN_S: f64 = 4.0;
/// Below this mean level a sound track holds nothing but rounding at 16 bits.
const SILENT_DB: f64 = -85.0;

/// Which half of the sources one belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Limits may be chosen on it.
    Tune,
    /// Figures are reported on it.
    Report,
}

/// One recording, and what a recipe must know of it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// Its name without the folders, for tables.
    pub name: String,
    /// BLAKE3 of its bytes, in hex.
    pub digest: String,
    /// Tuned on or reported on; follows from the digest alone.
    pub half: Half,
    /// True if no program wrote it after the camera.
    pub untouched: bool,
    /// Where anyone finds it again.
    pub origin: String,
    /// Length of the main moving picture in seconds.
    pub duration_s: f64,
    /// Pictures a second, on average.
    pub rate_fps: f64,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// FFmpeg's name for the coding of its pictures.
    pub codec: String,
    /// True if it has a sound track.
    pub has_sound: bool,
    /// True if there is something to hear on it: some apps write silence.
    pub is_audible: bool,
    /// The key pictures in order.
    pub keys: Vec<Key>,
}

/// A picture coded without reference to others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// Number of its packet among those of the pictures, from 0.
    pub packet: u64,
    /// When it is shown, in seconds from the first picture.
    pub at_s: f64,
}

impl Source {
    /// Reads what a recipe must know, or says what is wrong with the file.
    pub fn read(path: &Path, untouched: bool) -> Result<Self, String> {
        let name = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let told = |what: String| format!("{name}: {what}");
        let bytes = std::fs::read(path).map_err(|e| told(e.to_string()))?;
        let digest = blake3::hash(&bytes);
        let facts = ffprobe(path).map_err(told)?;
        let streams = facts["streams"].as_array().cloned().unwrap_or_default();
        let picture = streams
            .iter()
            .find(|s| s["codec_type"] == "video")
            .ok_or_else(|| told("no moving picture in it".to_owned()))?;
        let has_sound = streams.iter().any(|s| s["codec_type"] == "audio");
        let is_audible = has_sound && mean_volume_db(path).is_some_and(|db| db > SILENT_DB);
        let size = |key: &str| picture[key].as_u64().and_then(|n| u32::try_from(n).ok());
        let index = picture["index"].as_u64();
        let packets = facts["packets"].as_array().cloned().unwrap_or_default();
        let mut times_s = Vec::new();
        let mut keys = Vec::new();
        let pictures = packets
            .iter()
            .filter(|p| p["stream_index"].as_u64() == index);
        for (number, packet) in (0..).zip(pictures) {
            let time = packet["pts_time"].as_str().or(packet["dts_time"].as_str());
            let Some(at_s) = time.and_then(|t| t.parse::<f64>().ok()) else {
                continue;
            };
            times_s.push(at_s);
            if packet["flags"].as_str().is_some_and(|f| f.contains('K')) {
                keys.push(Key {
                    packet: number,
                    at_s,
                });
            }
        }
        let (first_s, last_s) = (
            times_s.iter().copied().fold(f64::INFINITY, f64::min),
            times_s.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        );
        let span_s = last_s - first_s;
        if times_s.len() < 2 || span_s <= 0.0 {
            return Err(told("fewer than two pictures with a time".to_owned()));
        }
        let rate_fps = (times_s.len() - 1) as f64 / span_s;
        keys.iter_mut().for_each(|key| key.at_s -= first_s);
        Ok(Self {
            path: path.to_owned(),
            name: name.clone(),
            digest: digest.to_hex().to_string(),
            half: half(digest.as_bytes()),
            untouched,
            origin: String::new(),
            duration_s: span_s + 1.0 / rate_fps,
            rate_fps,
            width_px: size("width").ok_or_else(|| told("no width".to_owned()))?,
            height_px: size("height").ok_or_else(|| told("no height".to_owned()))?,
            codec: picture["codec_name"].as_str().unwrap_or("").to_owned(),
            has_sound,
            is_audible,
            keys,
        })
    }

    /// The ending of the file's name, which its container follows.
    pub fn ending(&self) -> &str {
        self.path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("mp4")
    }
}

/// By the first byte of the content's digest: a file keeps its half whatever
/// others there are.
pub(super) fn half(digest: &[u8; 32]) -> Half {
    if digest[0] & 1 == 0 {
        Half::Tune
    } else {
        Half::Report
    }
}

/// A recording that is named beside the known ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The file.
    pub path: PathBuf,
    /// True if no program wrote it after the camera.
    pub untouched: bool,
    /// Where anyone finds it again.
    pub origin: String,
}

/// Reads a list of recordings. Each line holds, parted by tabs: the file,
/// relative to the list; `untouched`, or `uncut` if a program wrote it after the
/// camera; where it comes from. Lines that start with `#` are left out.
pub fn named(list: &Path) -> Result<Vec<Named>, String> {
    let told = |what: &str| format!("{}: {what}", list.display());
    let text = std::fs::read_to_string(list).map_err(|e| told(&e.to_string()))?;
    let beside = list.parent().unwrap_or(Path::new(""));
    let lines = text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let file = columns.next().unwrap_or_default();
            let untouched = match columns.next() {
                Some("untouched") => true,
                Some("uncut") => false,
                _ => return Err(told(&format!("neither `untouched` nor `uncut`: {line}"))),
            };
            Ok(Named {
                path: beside.join(file),
                untouched,
                origin: columns.next().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// The known sources beneath `data_dir`, then those named beside them. What
/// cannot be read is told and left out.
pub fn sources(data_dir: &Path, more: &[Named]) -> (Vec<Source>, Vec<String>) {
    let known = SOURCES
        .iter()
        .map(|(place, untouched)| Named {
            path: data_dir.join(place),
            untouched: *untouched,
            origin: (*place).to_owned(),
        })
        .filter(|named| named.path.exists());
    let mut found = Vec::new();
    let mut left_out = Vec::new();
    for named in known.chain(more.iter().cloned()) {
        match Source::read(&named.path, named.untouched) {
            Ok(source) => found.push(Source {
                origin: named.origin,
                ..source
            }),
            Err(why) => left_out.push(why),
        }
    }
    (found, left_out)
}

/// The mean level of its sound against full scale, as FFmpeg's volumedetect has it.
fn mean_volume_db(path: &Path) -> Option<f64> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-i"])
        .arg(path)
        .args(["-map", "0:a:0", "-af", "volumedetect", "-f", "null", "-"])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let (_, after) = told.split_once("mean_volume:")?;
    after.split_whitespace().next()?.parse().ok()
}

fn ffprobe(path: &Path) -> Result<Value, String> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_entries"])
        .arg(
            "stream=index,codec_type,codec_name,width,height\
             :packet=stream_index,pts_time,dts_time,flags",
        )
        .arg(path)
        .output()
        .map_err(|e| format!("ffprobe cannot be started: {e}"))?;
    serde_json::from_slice(&output.stdout).map_err(|e| format!("ffprobe's answer: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_half_follows_from_the_content_alone() {
        let mut digest = [0xff_u8; 32];
        assert_eq!(half(&digest), Half::Report);
        digest[0] = 0xfe;
        assert_eq!(half(&digest), Half::Tune);
    }

    #[test]
    fn a_list_says_of_each_recording_whether_it_was_touched() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("more.tsv");
        std::fs::write(&list, "# mine\na.mp4\tuntouched\tmy phone\nb.mp4\tuncut\n").unwrap();
        let found = named(&list).unwrap();
        assert_eq!(
            found,
            [("a.mp4", true, "my phone"), ("b.mp4", false, "")].map(|(file, untouched, origin)| {
                Named {
                    path: dir.path().join(file),
                    untouched,
                    origin: origin.to_owned(),
                }
            })
        );
        std::fs::write(&list, "a.mp4\tperhaps\n").unwrap();
        assert!(named(&list).is_err());
    }
}
