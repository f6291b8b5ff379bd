//! The recipes for photos: one known fault, or one innocent peculiarity.

use super::source::PhotoSource;
use super::truth::Fault;

/// What a recipe is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Nothing was done.
    Untouched,
    /// How the picture looks: made at a fixed size, saved without metadata.
    Clarity,
    /// What was done to the file, at its own size.
    Edit,
}

/// What is said of a file before it is made.
pub struct Recipe {
    /// One row of the table.
    pub name: String,
    /// What it is about.
    pub group: Group,
    /// What is done; `None` for an innocent peculiarity.
    pub fault: Option<Fault>,
    /// The ending of the file's name.
    pub ending: &'static str,
    /// The name under which it comes in; `None`: the source's own.
    pub name_given: Option<&'static str>,
    /// How it is made.
    pub how: How,
}

/// How a file is made: pixels first, programs after.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Words for `pictures.py`, which writes the file.
    pub pixels: Option<String>,
    /// Programs with their arguments; `{in}` stands for the source, `{out}` for
    /// the file.
    pub tools: Vec<Vec<String>>,
}

impl How {
    fn pixels(words: impl Into<String>) -> Self {
        Self {
            pixels: Some(words.into()),
            tools: Vec::new(),
        }
    }

    fn tool(words: &str) -> Self {
        Self::default().then(words)
    }

    fn then(mut self, words: &str) -> Self {
        self.tools
            .push(words.split_whitespace().map(str::to_owned).collect());
        self
    }

    /// All that the file follows from, in words.
    pub fn words(&self) -> String {
        format!("{:?} {:?}", self.pixels, self.tools)
    }
}

impl Recipe {
    fn clarity(name: impl Into<String>, fault: Option<Fault>, words: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            group: Group::Clarity,
            fault,
            ending: "jpg",
            name_given: None,
            how: How::pixels(words),
        }
    }

    fn edit(name: impl Into<String>, fault: Fault, how: How) -> Self {
        Self {
            name: name.into(),
            group: Group::Edit,
            fault: Some(fault),
            ending: "jpg",
            name_given: None,
            how,
        }
    }

    /// The name under which the file of a source of this name comes in.
    pub fn given_name(&self, source: &str) -> String {
        self.name_given.unwrap_or(source).to_owned()
    }
}

/// Smaller pictures have no room for a blur that anyone would see.
const CLARITY_SIDE_MIN_PX: u32 = 800;

/// Every recipe for this source; those that edit a file where `is_edited`.
pub fn recipes(source: &PhotoSource, is_edited: bool) -> Vec<Recipe> {
    let mut all = Vec::new();
    if !source.is_jpeg() {
        return all;
    }
    if source.long_side_px() >= CLARITY_SIDE_MIN_PX && !source.is_soft {
        all.extend(clarity());
    }
    if source.untouched && is_edited {
        all.extend(saves());
        all.extend(reshapes());
        all.extend(forgeries());
        all.extend(metadata());
        all.extend(copies());
    }
    all
}

/// How the picture looks; sizes in thousandths of the long side.
fn clarity() -> Vec<Recipe> {
    let mut all = vec![
        Recipe::clarity("plain", None, "plain"),
        Recipe::clarity("sharp_subject_soft_background", None, "bokeh 10"),
        Recipe::clarity("gauss_1", Some(Fault::SlightlyBlurred), "gauss 1"),
        Recipe::clarity("smeared_lens", Some(Fault::Smeared), "smeared"),
        Recipe::clarity("heavy_denoise", Some(Fault::Denoised), "denoised"),
        Recipe::clarity(
            "enlarged_1.5_times",
            Some(Fault::SlightlyEnlarged),
            "enlarged 1.5",
        ),
        Recipe::clarity(
            "enlarged_2_times",
            Some(Fault::SlightlyEnlarged),
            "enlarged 2",
        ),
        Recipe::clarity("enlarged_3_times", Some(Fault::Enlarged), "enlarged 3"),
        Recipe::clarity("enlarged_6_times", Some(Fault::Enlarged), "enlarged 6"),
        Recipe::clarity("under_exposed_4ev", Some(Fault::Dark), "light -4"),
        Recipe::clarity("under_exposed_6ev", Some(Fault::Dark), "light -6"),
        Recipe::clarity("over_exposed_3ev", Some(Fault::Bright), "light 3"),
        Recipe::clarity("over_exposed_5ev", Some(Fault::Bright), "light 5"),
        Recipe::clarity("haze", Some(Fault::Hazy), "haze"),
        Recipe::clarity("noise_40_levels", Some(Fault::Noisy), "noise 40"),
    ];
    for size in [2, 4, 8] {
        all.push(Recipe::clarity(
            format!("gauss_{size}"),
            Some(Fault::Defocused),
            format!("gauss {size}"),
        ));
    }
    for size in [3, 6, 12] {
        all.push(Recipe::clarity(
            format!("defocus_{size:02}"),
            Some(Fault::Defocused),
            format!("defocus {size}"),
        ));
    }
    for size in [8, 16, 32] {
        for angle_deg in [0, 45, 90, 135] {
            all.push(Recipe::clarity(
                format!("motion_{size:02}_{angle_deg:03}deg"),
                Some(Fault::Shaken(angle_deg)),
                format!("motion {size} {angle_deg}"),
            ));
        }
    }
    all
}

/// Decoded and saved again by common libraries and programs, metadata kept.
fn saves() -> Vec<Recipe> {
    const ALL_TAGS: &str =
        "exiftool -q -q -m -overwrite_original -TagsFromFile {in} -all:all -unsafe {out}";
    let mut all = Vec::new();
    for quality in [50, 60, 70, 75, 80, 85, 90, 95] {
        all.push(Recipe::edit(
            format!("save_pillow_q{quality}"),
            Fault::SavedAgain,
            How::pixels(format!("pillow {quality}")),
        ));
    }
    for quality in [75, 85, 95] {
        all.push(Recipe::edit(
            format!("save_imagemagick_q{quality}"),
            Fault::SavedAgain,
            How::tool(&format!("convert {{in}} -quality {quality} {{out}}")),
        ));
        all.push(Recipe::edit(
            format!("save_opencv_exiftool_q{quality}"),
            Fault::SavedAgain,
            How::pixels(format!("opencv {quality}")).then(ALL_TAGS),
        ));
    }
    for scale in [2, 6] {
        all.push(Recipe::edit(
            format!("save_ffmpeg_exiftool_{scale}"),
            Fault::SavedAgain,
            How::tool(&format!(
                "ffmpeg -nostdin -v error -y -noautorotate -i {{in}} -frames:v 1 -q:v {scale} {{out}}"
            ))
            .then(ALL_TAGS),
        ));
    }
    all
}

/// Another shape, metadata kept.
fn reshapes() -> Vec<Recipe> {
    let edit = Recipe::edit;
    vec![
        edit("crop_q92", Fault::Reshaped, How::pixels("crop 92")),
        edit("resize_q92", Fault::Reshaped, How::pixels("resize 92")),
        edit("rotate_q92", Fault::Reshaped, How::pixels("rotate 92")),
        edit(
            "rotate_lossless",
            Fault::ReshapedLosslessly,
            How::tool("jpegtran -copy all -trim -rotate 90 -outfile {out} {in}"),
        ),
        edit(
            "crop_lossless",
            Fault::ReshapedLosslessly,
            How::tool("jpegtran -copy all -crop 400x300+64+64 -outfile {out} {in}"),
        ),
    ]
}

/// Other content.
fn forgeries() -> Vec<Recipe> {
    let mut all = Vec::new();
    for side_px in [128, 256, 512] {
        for quality in [90, 95] {
            all.push(Recipe::edit(
                format!("splice_{side_px}px_q{quality}"),
                Fault::Spliced,
                How::pixels(format!("splice {side_px} {quality}")),
            ));
        }
    }
    all.push(Recipe::edit(
        "copy_move_q95",
        Fault::CopyMoved,
        How::pixels("move 0 95"),
    ));
    all.push(Recipe::edit(
        "copy_move_feathered_q95",
        Fault::CopyMoved,
        How::pixels("move 1 95"),
    ));
    all.push(Recipe::edit(
        "stale_thumbnail_q95",
        Fault::StaleThumbnail,
        How::pixels("stale 95"),
    ));
    all
}

/// Written values changed, pixels left alone.
fn metadata() -> Vec<Recipe> {
    let edited = |name: &str, arguments: &str| {
        Recipe::edit(
            name,
            Fault::MetadataEdited,
            How::tool(&format!("exiftool -q -q -m -o {{out}} {arguments} {{in}}")),
        )
    };
    vec![
        edited("edit_date_exiftool", "-AllDates-=72"),
        edited("edit_original_date_exiftool", "-DateTimeOriginal-=72"),
        edited(
            "edit_place_exiftool",
            "-GPSLatitude=31.2304 -GPSLatitudeRef=N -GPSLongitude=121.4737 -GPSLongitudeRef=E",
        ),
        edited("edit_model_exiftool", "-Model=NIKON"),
        Recipe::edit(
            "edit_date_exiv2",
            Fault::MetadataEdited,
            How::tool("cp {in} {out}").then("exiv2 -k -a -72 adjust {out}"),
        ),
        Recipe::edit(
            "stripped_exiftool",
            Fault::Stripped,
            How::tool("exiftool -q -q -m -o {out} -all= {in}"),
        ),
    ]
}

/// Copies that programs make for showing or sending.
fn copies() -> Vec<Recipe> {
    let mut all = Vec::new();
    for (side_px, quality) in [(1080, 70), (1280, 75), (1440, 80), (2560, 85)] {
        let how = || How::pixels(format!("messenger {side_px} {quality}"));
        all.push(Recipe {
            name_given: Some("mmexport1612345678901.jpg"),
            ..Recipe::edit(
                format!("messenger_{side_px}_named_by_it"),
                Fault::MessengerCopy,
                how(),
            )
        });
        all.push(Recipe {
            name_given: Some("photo.jpg"),
            ..Recipe::edit(
                format!("messenger_{side_px}_renamed"),
                Fault::MessengerCopy,
                how(),
            )
        });
    }
    for ending in ["png", "jpg"] {
        all.push(Recipe {
            ending,
            name_given: Some(if ending == "png" {
                "photo.png"
            } else {
                "photo.jpg"
            }),
            ..Recipe::edit(
                format!("screenshot_{ending}"),
                Fault::Screenshot,
                How::pixels("screenshot"),
            )
        });
    }
    all
}
