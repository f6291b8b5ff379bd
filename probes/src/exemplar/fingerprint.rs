//! What one file shows of its model's habits: pure, from stored measurements.

mod photo;

use std::collections::{BTreeMap, BTreeSet};

use super::feature::Feature;
use crate::measure::bitstream::{Bitstream, IdrHabit};
use crate::measurements::{Container, Device, Kind, Measurements, Track};

/// Fields in which a muxer or an encoder signs.
const WRITER_FIELDS: &[&str] = &[
    "ilst.©too",
    "udta.©too",
    "udta.©enc",
    "keys.encoder",
    "mkv.MuxingApp",
    "mkv.WritingApp",
    "mkv.tag.ENCODER",
    "avi.ISFT",
    "ts.provider",
    "stsd.compressor",
];
/// Fields of names that are looked for in the first part of the media data
/// only, so that a large first picture pushes them out of sight.
const STREAM_FIELDS: &[&str] = &["stream.muxer", "stream.encoder", "h264.sei", "hevc.sei"];
/// Tags that a recorder writes in one file and not in the next: place, title,
/// what a person adds, and what only some scenes have.
const PASSING_TAGS: &[&str] = &[
    "location", "gps", "©xyz", "loci", "titl", "title", "©nam", "©cmt",
];
/// Characters kept of a writer's name.
const WRITER_CHARS: usize = 60;
/// Groups of pictures from which their usual length is told, and the share of
/// them that must have it (research/forensics.md 2c).
const GROUPS_MIN: u64 = 5;
const GROUPS_SHARE: f64 = 0.9;
/// Steps between IDR pictures from which their numbering is told.
const IDR_STEPS_MIN: u64 = 5;
/// Shortest recording whose two times can be held against its length.
const TIMED_MIN_S: f64 = 5.0;
/// Seconds by which they may miss it: both are whole seconds, and a recorder
/// closes its file a moment later.
const TIMES_SLACK_S: f64 = 3.0;
/// What stands for a feature that the file could have and has not.
pub const NONE: &str = "-";

/// What one file shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Maker and model as written; `None` if the file does not name both.
    pub model: Option<Model>,
    /// In which of its modes it recorded: size, rate, codec, sound.
    pub mode: String,
    /// Its firmware, as written.
    pub software: Option<String>,
    /// The values of each feature that could be told.
    pub features: BTreeMap<Feature, BTreeSet<String>>,
}

/// A model of a recorder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Model {
    /// Maker.
    pub make: String,
    /// Model.
    pub model: String,
}

impl Model {
    /// The model that a file names. The maker may be silent: many recorders
    /// name only their model.
    fn of(device: &Device) -> Option<Self> {
        let text = |field: &Option<String>| field.as_deref().unwrap_or_default().trim().to_owned();
        let (make, model) = (text(&device.make), text(&device.model));
        (!model.is_empty()).then_some(Self { make, model })
    }

    /// True if both name one model, whatever the case of their letters.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        same(&self.make, &other.make) && same(&self.model, &other.model)
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.make.is_empty() || self.model.starts_with(&self.make) {
            f.write_str(&self.model)
        } else {
            write!(f, "{} {}", self.make, self.model)
        }
    }
}

impl Fingerprint {
    /// What `m` shows.
    pub fn of(m: &Measurements) -> Self {
        let mut print = Self {
            model: Model::of(&m.device),
            mode: mode(m),
            software: m.device.software.clone().filter(|s| !s.trim().is_empty()),
            features: BTreeMap::new(),
        };
        if let Some(container) = &m.container {
            print.container(container);
        }
        print.tags(m);
        match m.kind {
            Kind::Video | Kind::Audio => print.recording(m),
            Kind::Photo => print.photo(m),
            Kind::Other | Kind::Unreadable => {}
        }
        print
    }

    fn one(&mut self, feature: Feature, value: impl Into<String>) {
        self.many(feature, [value.into()]);
    }

    fn many(&mut self, feature: Feature, values: impl IntoIterator<Item = String>) {
        self.features.entry(feature).or_default().extend(values);
    }

    fn container(&mut self, c: &Container) {
        self.one(Feature::Format, c.format.clone());
        // A JPEG's segments are told by their names, up to the scan: what lies
        // behind comes and goes with a cut, a preview or a motion photo.
        if c.format == "jpeg" {
            return;
        }
        let mut order: Vec<&str> = Vec::new();
        for element in &c.elements {
            // Fragments, clusters and tables come as often as there are any;
            // data behind the end are told by another check.
            let id = element.id.as_str();
            if !order.contains(&id) {
                order.push(id);
            }
        }
        if !order.is_empty() {
            self.one(Feature::TopLevel, order.join(" "));
        }
    }

    fn tags(&mut self, m: &Measurements) {
        let mut places = BTreeSet::from([NONE.to_owned()]);
        let mut names = BTreeSet::from([NONE.to_owned()]);
        for trace in &m.traces {
            let field = trace.field.as_str();
            let Some((place, _)) = field.split_once('.') else {
                continue;
            };
            let lower = field.to_lowercase();
            let is_tag = matches!(
                place,
                "keys" | "udta" | "ilst" | "xmp" | "exif" | "avi" | "mkv"
            );
            if is_tag && !PASSING_TAGS.iter().any(|passing| lower.contains(passing)) {
                places.insert(place.to_owned());
                names.insert(field.to_owned());
            }
        }
        self.many(Feature::TagPlaces, places);
        self.many(Feature::TagNames, names);
        self.one(Feature::Writers, writers(m));
        let in_stream = m
            .traces
            .iter()
            .filter(|t| STREAM_FIELDS.contains(&t.field.as_str()));
        let in_stream = in_stream.map(|t| signed(&t.field, &t.written));
        self.many(Feature::StreamNames, in_stream.chain([NONE.to_owned()]));
    }

    fn recording(&mut self, m: &Measurements) {
        for trace in &m.traces {
            match trace.field.as_str() {
                "ftyp" => self.one(Feature::Brands, trace.written.clone()),
                "mvhd" => self.movie_header(&trace.written, m),
                _ => {}
            }
        }
        let timed = |medium: &str| m.tracks.iter().find(|t| t.medium == medium);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for track in &m.tracks {
            *counts.entry(track.medium.as_str()).or_default() += 1;
        }
        let numbered = counts
            .iter()
            .flat_map(|(medium, count)| (1..=*count).map(move |n| format!("{medium} {n}")));
        self.many(Feature::Tracks, numbered);
        if let Some(first) = m.tracks.first() {
            self.one(Feature::FirstTrack, first.medium.clone());
        }
        let has_tables = m.tracks.iter().any(|t| t.sample_table.is_some());
        for track in [timed("video"), timed("audio")].into_iter().flatten() {
            let medium = &track.medium;
            if has_tables {
                let name = track.handler.as_deref().unwrap_or(NONE);
                self.many(Feature::Handlers, [format!("{medium}: {name}")]);
                self.many(
                    Feature::EditLists,
                    [format!("{medium}: {}", edit_habit(track))],
                );
            }
            if let Some(hz) = track.timescale_hz {
                self.many(Feature::MediaTimescales, [format!("{medium}: {hz}")]);
            }
        }
        if let Some(video) = timed("video") {
            let words = [
                Some(video.codec.as_str()),
                video.profile.as_deref(),
                video.pixel_format.as_deref(),
            ];
            self.one(
                Feature::Coding,
                words.into_iter().flatten().collect::<Vec<_>>().join(" "),
            );
        }
        if let Some(audio) = timed("audio") {
            let profile = audio.profile.as_deref().unwrap_or_default();
            let rate = audio.sample_rate_hz.unwrap_or(0);
            let channels = audio.channels.unwrap_or(0);
            self.one(
                Feature::Sound,
                format!("{} {profile} {rate} Hz {channels} ch", audio.codec),
            );
        }
        if let Some(bitstream) = &m.bitstream {
            self.bitstream(bitstream);
        }
    }

    /// `timescale 600, creation 3800000000, modification 3800000010`.
    fn movie_header(&mut self, written: &str, m: &Measurements) {
        let number = |name: &str| -> Option<u64> {
            let (_, rest) = written.split_once(name)?;
            let digits = rest
                .trim_start()
                .split(|c: char| !c.is_ascii_digit())
                .next()?;
            digits.parse().ok()
        };
        let (Some(timescale), Some(creation), Some(modification)) = (
            number("timescale"),
            number("creation"),
            number("modification"),
        ) else {
            return;
        };
        self.one(Feature::MovieTimescale, timescale.to_string());
        self.one(
            Feature::TimesWritten,
            if creation == 0 { "no" } else { "yes" },
        );
        let duration_s = m.container.as_ref().and_then(|c| c.duration_s);
        let (Some(duration_s), true) = (duration_s.filter(|d| *d >= TIMED_MIN_S), creation > 0)
        else {
            return;
        };
        let between_s = modification as f64 - creation as f64;
        let is_at_end = (between_s - duration_s).abs() <= TIMES_SLACK_S;
        let model = if between_s.abs() <= 1.0 {
            "both the same"
        } else if is_at_end {
            "apart by the length of the recording"
        } else {
            "apart by another time"
        };
        self.one(Feature::TimeModel, model);
    }

    fn bitstream(&mut self, b: &Bitstream) {
        for (kind, feature) in [
            ("sps", Feature::Sps),
            ("pps", Feature::Pps),
            ("vps", Feature::Vps),
        ] {
            let sets = b.parameter_sets.iter().filter(|s| s.kind == kind);
            let sets: Vec<String> = sets.map(|s| s.content_hex.clone()).collect();
            if !sets.is_empty() {
                self.many(feature, sets);
            }
        }
        let all: u64 = b.groups.iter().map(|g| g.count).sum();
        let usual = b.groups.iter().max_by_key(|g| g.count);
        if let Some(usual) = usual.filter(|_| all >= GROUPS_MIN) {
            if usual.count as f64 >= GROUPS_SHARE * all as f64 {
                self.one(Feature::GroupLength, usual.pictures.to_string());
            }
            let has_b = usual.pattern.contains('B');
            self.one(
                Feature::GroupPattern,
                if has_b { "with B" } else { "without B" },
            );
        }
        if !b.messages.is_empty() {
            let kinds = b.messages.iter().map(|m| m.kind.to_string());
            self.many(Feature::StreamMessages, kinds);
        }
        let habit = match b.idr_habit {
            IdrHabit::Unknown => return,
            IdrHabit::Constant => "constant",
            IdrHabit::Alternating => "alternating",
            IdrHabit::Counting => "counting",
        };
        if b.idr_steps >= IDR_STEPS_MIN {
            self.one(Feature::IdrNumbers, habit);
        }
    }
}

/// The mode that tells sizes, rates and lenses apart, as far as the file says.
fn mode(m: &Measurements) -> String {
    let sizes = |w: Option<u32>, h: Option<u32>| match (w, h) {
        (Some(w), Some(h)) => format!("{}x{}", w.max(h), w.min(h)),
        _ => "unknown size".to_owned(),
    };
    match m.kind {
        Kind::Photo => {
            let photo = m.photo.as_ref();
            let size = sizes(
                photo.and_then(|p| p.width_px),
                photo.and_then(|p| p.height_px),
            );
            format!("photo {size}")
        }
        Kind::Video | Kind::Audio => {
            let has_sound = m.tracks.iter().any(|t| t.medium == "audio");
            let sound = if has_sound { "with sound" } else { "silent" };
            let video = m
                .tracks
                .iter()
                .filter(|t| t.medium == "video")
                .max_by_key(|t| {
                    u64::from(t.width_px.unwrap_or(0)) * u64::from(t.height_px.unwrap_or(0))
                });
            let Some(video) = video else {
                return format!("recording {sound}");
            };
            let size = sizes(video.width_px, video.height_px);
            let step_s = m
                .timing
                .iter()
                .find(|t| t.track == video.index)
                .and_then(|t| t.step_median_s);
            let rate = step_s.map_or("unknown rate", rate_class);
            format!("video {} {size} {rate} {sound}", video.codec)
        }
        Kind::Other | Kind::Unreadable => "unreadable".to_owned(),
    }
}

/// Rates that a recorder offers; its light and its zone (25, 30) lie between.
fn rate_class(step_s: f64) -> &'static str {
    match 1.0 / step_s {
        fps if fps < 20.0 => "below 20 fps",
        fps if fps < 27.0 => "24 or 25 fps",
        fps if fps < 40.0 => "30 fps",
        fps if fps < 80.0 => "50 or 60 fps",
        fps if fps < 160.0 => "100 or 120 fps",
        _ => "above 160 fps",
    }
}

/// How the edit list of a track is written, without its numbers.
fn edit_habit(track: &Track) -> &'static str {
    let shown = || track.edits.iter().filter_map(|e| e.media_time_s);
    let is_blank_first = track
        .edits
        .first()
        .is_some_and(|e| e.media_time_s.is_none());
    match (shown().count(), is_blank_first, shown().next()) {
        (0, false, _) => "none",
        (_, true, _) => "blank first",
        (1, _, Some(at)) if at <= 0.0 => "one from the start",
        (1, ..) => "one behind a delay",
        _ => "several",
    }
}

/// Every name of a muxer or encoder in the file, numbers left out.
fn writers(m: &Measurements) -> String {
    let traced = m
        .traces
        .iter()
        .filter(|t| is_writer(&t.field))
        .map(|t| signed(&t.field, &t.written));
    let noted = m
        .bitstream
        .iter()
        .flat_map(|b| b.encoder_texts.iter().map(|t| signed("note", &t.written)));
    let all: BTreeSet<String> = traced.chain(noted).collect();
    if all.is_empty() {
        NONE.to_owned()
    } else {
        all.into_iter().collect::<Vec<_>>().join("; ")
    }
}

fn is_writer(field: &str) -> bool {
    WRITER_FIELDS
        .iter()
        .any(|known| field.eq_ignore_ascii_case(known))
}

/// `ilst.©too Lavf#`: a name without its version and without the clock that
/// body cameras write into theirs.
pub(super) fn signed(field: &str, written: &str) -> String {
    let mut text = String::new();
    for c in written.chars().take(WRITER_CHARS) {
        match c {
            '0'..='9' | '.' | ':' | '-' if text.ends_with('#') => {}
            '0'..='9' => text.push('#'),
            ';' => text.push(','),
            c => text.push(c),
        }
    }
    format!("{field} {}", text.trim())
}

/// FNV-1a, 64 bits: a short name for equal contents, no proof of anything.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::{Edit, Trace};

    #[test]
    fn versions_and_clocks_are_left_out_of_names() {
        assert_eq!(signed("ilst.©too", "Lavf59.27.100"), "ilst.©too Lavf#");
        assert_eq!(
            signed("note", "cam 2026-04-12 10:11:12"),
            signed("note", "cam 2027-01-02 23:59:59")
        );
        assert_ne!(signed("note", "cam a"), signed("note", "cam b"));
    }

    #[test]
    fn a_model_is_the_same_whatever_the_case_of_its_letters() {
        let model = |make: &str, model: &str| {
            Model::of(&Device {
                make: Some(make.to_owned()),
                model: Some(model.to_owned()),
                ..Device::default()
            })
        };
        let named = model("SAMSUNG ", "SM-G991").unwrap();
        assert!(named.is_same(&model("samsung", "sm-g991").unwrap()));
        assert!(!named.is_same(&model("samsung", "SM-G992").unwrap()));
        assert_eq!(model("a", " "), None);
    }

    #[test]
    fn places_and_titles_are_no_habit() {
        let mut m = Measurements::default();
        let tags = |m: &Measurements| Fingerprint::of(m).features[&Feature::TagNames].clone();
        let plain = tags(&m);
        for field in ["keys.com.apple.quicktime.location.name", "udta.titl"] {
            m.traces.push(Trace {
                field: field.to_owned(),
                written: "x".to_owned(),
                offset_bytes: None,
            });
        }
        assert_eq!(tags(&m), plain);
    }

    #[test]
    fn times_are_held_against_the_length_of_long_recordings_only() {
        let print = |duration_s: f64, modified: u64| {
            let mut m = Measurements {
                kind: Kind::Video,
                container: Some(Container {
                    duration_s: Some(duration_s),
                    ..Container::default()
                }),
                ..Measurements::default()
            };
            m.traces.push(Trace {
                field: "mvhd".to_owned(),
                written: format!("timescale 600, creation 1000, modification {modified}"),
                offset_bytes: None,
            });
            let print = Fingerprint::of(&m);
            assert!(print.features[&Feature::MovieTimescale].contains("600"));
            print
                .features
                .get(&Feature::TimeModel)
                .and_then(|v| v.first().cloned())
        };
        assert_eq!(print(4.9, 1005), None);
        assert_eq!(
            print(60.0, 1061).unwrap(),
            "apart by the length of the recording"
        );
        assert_eq!(print(60.0, 1000).unwrap(), "both the same");
        assert_eq!(print(60.0, 9000).unwrap(), "apart by another time");
    }

    #[test]
    fn an_edit_list_is_told_by_its_pattern() {
        let habit = |edits: &[Option<f64>]| {
            edit_habit(&Track {
                edits: edits
                    .iter()
                    .map(|&media_time_s| Edit {
                        duration_s: 1.0,
                        media_time_s,
                        rate: 1.0,
                    })
                    .collect(),
                ..Track::default()
            })
        };
        assert_eq!(habit(&[]), "none");
        assert_eq!(habit(&[Some(0.0)]), "one from the start");
        assert_eq!(habit(&[Some(0.04)]), "one behind a delay");
        assert_eq!(habit(&[None, Some(0.0)]), "blank first");
        assert_eq!(habit(&[Some(0.0), Some(2.0)]), "several");
    }
}
