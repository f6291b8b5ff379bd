//! The photos that cases are made from.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use unbroken_probes::probe::{Depth, Wants, probe};

use crate::accuracy::source::Half;

/// Photos of the data folder straight from a camera.
const KNOWN: &str = include_str!("known.tsv");

/// One photo, and what a recipe must know of it.
#[derive(Clone, Debug)]
pub struct PhotoSource {
    /// The file.
    pub path: PathBuf,
    /// Its name without the folders.
    pub name: String,
    /// BLAKE3 of its bytes, in hex.
    pub digest: String,
    /// Tuned on or reported on: all photos of one model together, so that
    /// nothing learnt of a model is reported on it.
    pub half: Half,
    /// True if no program wrote it after the camera.
    pub untouched: bool,
    /// True if it is not sharp as it was taken, to the eye.
    pub is_soft: bool,
    /// False if the file ends before its picture does: there is nothing to make
    /// cases from.
    pub is_whole: bool,
    /// Where anyone finds it again.
    pub origin: String,
    /// Make and model, as it names them; empty if it does not.
    pub model: String,
    /// Its format, as our structure reader names it.
    pub format: String,
    /// Width as coded, where it can be told without decoding.
    pub width_px: u32,
    /// Height as coded, likewise.
    pub height_px: u32,
}

impl PhotoSource {
    /// True if recipes can be made from it.
    pub fn is_jpeg(&self) -> bool {
        self.format == "jpeg" && self.is_whole
    }

    /// Longest side in pixels, 0 if unknown.
    pub fn long_side_px(&self) -> u32 {
        self.width_px.max(self.height_px)
    }

    fn read(named: &Named) -> Result<Self, String> {
        let path = &named.path;
        let name = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let told = |what: String| format!("{name}: {what}");
        let bytes = std::fs::read(path).map_err(|e| told(e.to_string()))?;
        let digest = blake3::hash(&bytes);
        let mut file = File::open(path).map_err(|e| told(e.to_string()))?;
        let wants = Wants {
            name: name.clone(),
            still_long_side_px: 0,
            stills_count: 0,
            depth: Depth::Structure,
        };
        let m = probe(&mut file, &wants).measurements;
        let words = [m.device.make, m.device.model];
        let model = words.iter().flatten().map(|w| w.trim().to_owned());
        let model = model.collect::<Vec<_>>().join(" ");
        // What names no model is split by its content.
        let split = if model.is_empty() {
            digest
        } else {
            blake3::hash(model.to_lowercase().as_bytes())
        };
        let (width_px, height_px) = image::image_dimensions(path).unwrap_or((0, 0));
        Ok(Self {
            path: path.clone(),
            digest: digest.to_hex().to_string(),
            half: half(split.as_bytes()),
            untouched: named.untouched,
            is_soft: named.is_soft,
            is_whole: m.container.as_ref().and_then(|c| c.complete) != Some(false),
            origin: named.origin.clone(),
            model,
            format: m.container.map(|c| c.format).unwrap_or_default(),
            width_px,
            height_px,
            name,
        })
    }
}

fn half(digest: &[u8; 32]) -> Half {
    if digest[0] & 1 == 0 {
        Half::Tune
    } else {
        Half::Report
    }
}

/// A photo that a list names.
#[derive(Clone, Debug, PartialEq)]
struct Named {
    path: PathBuf,
    untouched: bool,
    is_soft: bool,
    origin: String,
}

/// Reads a list of photos. Each line holds, parted by tabs: the file, relative to
/// the list; `untouched`, or `written` if a program wrote it after the camera,
/// with `,soft` behind it if it is not sharp as it was taken; where it comes
/// from. Lines that start with `#` are left out.
fn named(text: &str, beside: &Path) -> Result<Vec<Named>, String> {
    let lines = text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let file = columns.next().unwrap_or_default();
            let (status, softness) = match columns.next().unwrap_or_default().split_once(',') {
                Some((status, word)) => (status.to_owned(), Some(word)),
                None => (line.split('\t').nth(1).unwrap_or_default().to_owned(), None),
            };
            let untouched = match (status.as_str(), softness) {
                ("untouched", None | Some("soft")) => true,
                ("written", None | Some("soft")) => false,
                _ => return Err(format!("neither `untouched` nor `written`: {line}")),
            };
            Ok(Named {
                path: beside.join(file),
                untouched,
                is_soft: softness.is_some(),
                origin: columns.next().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// The known photos beneath `data_dir`, then those of the lists. What cannot be
/// read is told and left out; what is there twice counts once.
pub fn sources(
    data_dir: &Path,
    lists: &[PathBuf],
) -> Result<(Vec<PhotoSource>, Vec<String>), String> {
    let mut all: Vec<Named> = named(KNOWN, data_dir)?
        .into_iter()
        .filter(|named| named.path.exists())
        .collect();
    for list in lists {
        let told = |what: String| format!("{}: {what}", list.display());
        let text = std::fs::read_to_string(list).map_err(|e| told(e.to_string()))?;
        let beside = list.parent().unwrap_or(Path::new(""));
        all.extend(named(&text, beside).map_err(told)?);
    }
    let mut found: Vec<PhotoSource> = Vec::new();
    let mut left_out = Vec::new();
    for named in &all {
        match PhotoSource::read(named) {
            Ok(source) if found.iter().any(|s| s.digest == source.digest) => {}
            Ok(source) => found.push(source),
            Err(why) => left_out.push(why),
        }
    }
    Ok((found, left_out))
}

/// The places of the photos that are edited, at most `max`: one of each model
/// before a second of any, models of many photos first, since those can be
/// exemplars to each other.
pub fn edited(sources: &[PhotoSource], max: usize) -> BTreeSet<usize> {
    let mut of_model: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, source) in sources.iter().enumerate() {
        if source.untouched && source.is_jpeg() {
            of_model.entry(&source.model).or_default().push(place);
        }
    }
    let mut models: Vec<Vec<usize>> = of_model.into_values().collect();
    models.sort_by_key(|places| Reverse(places.len()));
    let longest = models.first().map_or(0, Vec::len);
    let in_turns = (0..longest).flat_map(|turn| models.iter().filter_map(move |m| m.get(turn)));
    in_turns.copied().take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_what_each_photo_is() {
        let text = "# mine\na.jpg\tuntouched\tmy phone\nb.jpg\twritten,soft\n";
        let found = named(text, Path::new("x")).unwrap();
        let words: Vec<_> = found
            .iter()
            .map(|n| {
                (
                    n.path.to_str().unwrap(),
                    n.untouched,
                    n.is_soft,
                    n.origin.as_str(),
                )
            })
            .collect();
        assert_eq!(
            words,
            [
                ("x/a.jpg", true, false, "my phone"),
                ("x/b.jpg", false, true, "")
            ]
        );
        assert!(named("a.jpg\tperhaps\n", Path::new("")).is_err());
        assert!(named("a.jpg\tuntouched,hard\n", Path::new("")).is_err());
    }

    #[test]
    fn each_model_is_edited_before_a_second_photo_of_any() {
        let photo = |model: &str, untouched: bool| PhotoSource {
            path: PathBuf::new(),
            name: String::new(),
            digest: String::new(),
            half: Half::Tune,
            untouched,
            is_soft: false,
            is_whole: true,
            origin: String::new(),
            model: model.to_owned(),
            format: "jpeg".to_owned(),
            width_px: 4000,
            height_px: 3000,
        };
        let all = [
            photo("a", true),
            photo("b", true),
            photo("b", false),
            photo("b", true),
            photo("c", true),
        ];
        assert_eq!(edited(&all, 1), BTreeSet::from([1]));
        assert_eq!(edited(&all, 3), BTreeSet::from([0, 1, 4]));
        assert_eq!(edited(&all, 9), BTreeSet::from([0, 1, 3, 4]));
    }

    #[test]
    fn the_known_photos_are_well_named() {
        assert!(named(KNOWN, Path::new("")).unwrap().len() > 20);
    }
}
