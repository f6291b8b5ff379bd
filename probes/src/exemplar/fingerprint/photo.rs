//! What a photo shows: tables, segments, the way in which EXIF is written.

use super::{Fingerprint, NONE, fnv};
use crate::exemplar::feature::Feature;
use crate::measure::jpeg_tables::JpegTables;
use crate::measure::metadata::layout::ExifLayout;
use crate::measurements::{Exif, JpegParts, Measurements};

/// Tags of EXIF that come with a position, a caption or an owner's name.
const PASSING_EXIF_TAGS: &[&str] = &["8825", "010e", "013b", "8298", "9286", "a430", "9c9"];
impl Fingerprint {
    pub(super) fn photo(&mut self, m: &Measurements) {
        for trace in m.traces.iter().filter(|t| t.field == "ftyp") {
            self.one(Feature::Brands, trace.written.clone());
        }
        if let Some(jpeg) = m.photo.as_ref().and_then(|p| p.jpeg.as_ref()) {
            self.jpeg(jpeg);
        }
        if let Some(parts) = m.container.as_ref().and_then(|c| c.jpeg.as_ref()) {
            self.jpeg_parts(parts);
        }
        match &m.exif {
            Some(exif) => self.exif(exif),
            None => self.one(Feature::ExifBlock, NONE),
        }
        if let Some(small) = m.photo.as_ref().and_then(|p| p.thumbnail.as_ref()) {
            let sides = (small.width_px, small.height_px);
            let (long, short) = (sides.0.max(sides.1), sides.0.min(sides.1));
            self.one(Feature::ThumbnailSize, format!("{long}x{short}"));
        }
    }

    fn jpeg_parts(&mut self, parts: &JpegParts) {
        let jfif = match &parts.jfif {
            Some(jfif) if jfif.is_before_exif => format!("JFIF {} first", jfif.version),
            Some(jfif) => format!("JFIF {} behind EXIF", jfif.version),
            None => "no JFIF".to_owned(),
        };
        let coding: Vec<&str> = parts.coding().collect();
        self.one(Feature::JpegOrder, format!("{jfif}, {}", coding.join(" ")));
        let named = |names: &[&str]| -> Vec<String> {
            let order = parts.order.iter().filter(|n| n.starts_with("APP"));
            let kept = order.filter(|n| !names.iter().any(|passing| n.contains(passing)));
            kept.cloned().collect()
        };
        // What comes with a depth map, a motion photo or a signature.
        let passing = ["XMP", "MPF", "GainMap", "JUMBF", "ICC"];
        self.one(Feature::JpegMakersSegments, named(&passing).join(" "));
        let profile = parts.profile.as_ref().map(|p| {
            let name = p.description.as_deref().unwrap_or("without a name");
            format!("{} {name}", p.creator)
        });
        self.one(
            Feature::ColourProfile,
            profile.unwrap_or_else(|| NONE.to_owned()),
        );
    }

    fn exif(&mut self, exif: &Exif) {
        let order = if exif.little_endian { "II" } else { "MM" };
        let version = exif.version.as_deref().unwrap_or(NONE);
        self.one(Feature::ExifBlock, format!("{order} {version}"));
        let presence = |is_there: bool| if is_there { "present" } else { NONE };
        self.one(
            Feature::MakerNote,
            presence(exif.maker_note_bytes.is_some()),
        );
        self.one(
            Feature::EmbeddedThumbnail,
            presence(exif.thumbnail.is_some()),
        );
        if let Some(notes) = &exif.maker_note {
            let form = notes.form.as_deref().unwrap_or("unknown");
            self.many(Feature::NotesForm, [form.to_owned()]);
            if let Some(moved) = notes.moved_bytes {
                let place = if moved == 0 { "in place" } else { "moved" };
                self.many(Feature::NotesForm, [place.to_owned()]);
            }
        }
        if let Some(layout) = &exif.layout {
            self.exif_layout(layout);
        }
    }

    /// A position comes and goes with the satellites, and with it its parts.
    fn exif_layout(&mut self, layout: &ExifLayout) {
        let order = layout.order.iter().filter(|part| !part.starts_with("GPS"));
        let order: Vec<&str> = order.map(String::as_str).collect();
        self.one(Feature::ExifOrder, order.join(", "));
        let manner = |is: bool, yes: &str, no: &str| if is { yes } else { no }.to_owned();
        self.many(
            Feature::ExifManner,
            [
                manner(layout.gap_bytes > 0, "gaps", "no gaps"),
                manner(layout.tail_bytes > 0, "a tail", "no tail"),
                manner(layout.odd_parts > 0, "odd places", "even places"),
                manner(
                    layout.values_out_of_order > 0,
                    "values mixed",
                    "values in order",
                ),
                manner(layout.unlinked_directories > 0, "no links", "links"),
                manner(
                    layout.directories.iter().all(|d| d.is_sorted),
                    "tags sorted",
                    "tags mixed",
                ),
                manner(
                    layout.padding_tag_bytes.is_some(),
                    "Windows' room",
                    "no Windows' room",
                ),
                format!("first directory at {}", layout.first_directory_offset_bytes),
            ],
        );
        for directory in layout.directories.iter().filter(|d| d.name != "GPS") {
            let tags = directory.tags.iter();
            let kept = tags.filter(|t| !PASSING_EXIF_TAGS.iter().any(|tag| t.starts_with(tag)));
            let named = kept.map(|tag| format!("{} {tag}", directory.name));
            self.many(Feature::ExifTags, named);
        }
    }

    fn jpeg(&mut self, jpeg: &JpegTables) {
        let values = jpeg.quantisation.iter().flatten();
        let digest = fnv(values.flat_map(|v| v.to_be_bytes()));
        let segments = jpeg.quantisation_segments;
        self.one(
            Feature::JpegQuantisation,
            format!("{digest:016x} in {segments}"),
        );
        self.one(Feature::JpegSampling, jpeg.sampling.join(" "));
        let number = |n: Option<u8>| n.map_or(NONE.to_owned(), |n| n.to_string());
        let huffman = match jpeg.standard_huffman {
            Some(true) => "standard",
            Some(false) => "own",
            None => NONE,
        };
        let restart = jpeg
            .restart_interval
            .map_or(NONE.to_owned(), |n| n.to_string());
        self.one(
            Feature::JpegCoding,
            format!(
                "frame {}, Huffman {huffman}, restart {restart}",
                number(jpeg.frame_type)
            ),
        );
    }
}
