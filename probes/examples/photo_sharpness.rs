//! Sharpness figures of pictures, one JSON line each, with `--blur` also of
//! copies blurred by recipe.
//!
//! `photo_sharpness [--blur] FILE_OR_FOLDER...`
//!
//! Each line: the file, the recipe (`none`, or kind, size in pixels of the
//! decision scale, direction), the half of the sources that it belongs to (by
//! its name, so that limits are tuned on `tune` and reported on `report`), the
//! edge width of the sharpest 15 % and 50 % of the tiles with detail, the
//! summary under the default limits, and the milliseconds of the measurement.

use std::error::Error;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageReader};
use serde_json::json;
use unbroken_probes::measure::decision_scale::{self, Gray};
use unbroken_probes::measure::sharpness::{self, BlurKind, SharpLimits};
use unbroken_probes::media::LumaView;

/// Quality at which blurred copies are saved, like a camera's own files.
const SAVED_QUALITY: u8 = 88;

fn main() -> Result<(), Box<dyn Error>> {
    let mut blur = false;
    let mut files = Vec::new();
    for argument in std::env::args().skip(1) {
        if argument == "--blur" {
            blur = true;
        } else {
            collect(Path::new(&argument), &mut files)?;
        }
    }
    files.sort();
    for file in &files {
        match open(file) {
            Ok(picture) => {
                report(file, "none", &picture);
                if blur {
                    for recipe in recipes() {
                        let blurred = saved(&recipe.apply(&picture))?;
                        report(file, &recipe.name, &blurred);
                    }
                }
            }
            Err(why) => eprintln!("{}: {why}", file.display()),
        }
    }
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else {
        let name = path.to_string_lossy().to_lowercase();
        if [".jpg", ".jpeg", ".png"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            files.push(path.to_owned());
        }
    }
    Ok(())
}

/// The luma of a picture file at the decision scale.
fn open(file: &Path) -> Result<Gray, Box<dyn Error>> {
    let luma = ImageReader::open(file)?
        .with_guessed_format()?
        .decode()?
        .into_luma8();
    let view = LumaView::new(&luma, luma.width(), luma.height(), luma.width() as usize)
        .ok_or("an empty picture")?;
    Ok(decision_scale::reduce(view))
}

/// The same picture after a camera has saved it as JPEG.
fn saved(picture: &Gray) -> Result<Gray, Box<dyn Error>> {
    let mut jpeg = Vec::new();
    let image = GrayImage::from_raw(picture.width_px, picture.height_px, picture.data.clone())
        .ok_or("size and data do not agree")?;
    JpegEncoder::new_with_quality(&mut jpeg, SAVED_QUALITY).encode_image(&image)?;
    let again = image::load_from_memory(&jpeg)?.into_luma8();
    Ok(Gray {
        width_px: again.width(),
        height_px: again.height(),
        data: again.into_raw(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example that times itself; nothing is judged by it"
)]
fn report(file: &Path, recipe: &str, picture: &Gray) {
    let Some(view) = picture.view() else { return };
    let started = std::time::Instant::now();
    let found = sharpness::measure(view);
    let took_ms = started.elapsed().as_secs_f64() * 1e3;
    let limits = SharpLimits {
        edge_width_px: 3.0,
        blur_ratio: 0.40,
    };
    let summary = found.summary(limits);
    let kind = match summary.kind {
        BlurKind::Unclear => "unclear".to_owned(),
        BlurKind::Defocus => "defocus".to_owned(),
        BlurKind::Motion { angle_deg } => format!("motion {angle_deg:.0}"),
    };
    println!(
        "{}",
        json!({
            "file": file, "recipe": recipe, "half": half(file),
            "width15_px": found.width_of_sharpest_px(0.15),
            "width50_px": found.width_of_sharpest_px(0.5),
            "textured": summary.textured, "vague": summary.vague, "sharp": summary.sharp,
            "sharp_share": summary.sharp_share, "group": summary.group,
            "square": summary.square, "kind": kind, "noise_levels": found.noise_levels,
            "edge_width_px": found.edge_width_px, "blur_ratio": found.blur_ratio,
            "blur_direction_ratio": found.blur_direction_ratio,
            "blur_angle_deg": found.blur_angle_deg,
            "size": [found.width_px, found.height_px], "ms": took_ms,
        })
    );
}

/// FNV-1a of the file's name decides the half.
fn half(file: &Path) -> &'static str {
    let name = file.file_name().unwrap_or_default().as_encoded_bytes();
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    if (hash >> 7) & 1 == 0 {
        "tune"
    } else {
        "report"
    }
}

struct Recipe {
    name: String,
    /// Offsets and weights, summing to 1.
    kernel: Vec<(i32, i32, f32)>,
}

fn recipes() -> Vec<Recipe> {
    let mut recipes = Vec::new();
    for sigma_px in [1.5, 2.0, 3.0, 5.0] {
        let reach = (3.0_f32 * sigma_px).ceil();
        recipes.push(Recipe::new(format!("gauss {sigma_px}"), reach, |x, y| {
            (-(x * x + y * y) / (2.0 * sigma_px * sigma_px)).exp()
        }));
    }
    for radius_px in [2.5_f32, 4.0, 8.0] {
        recipes.push(Recipe::new(
            format!("defocus {radius_px}"),
            radius_px + 1.0,
            |x, y| (radius_px + 0.5 - x.hypot(y)).clamp(0.0, 1.0),
        ));
    }
    for length_px in [9.0_f32, 15.0, 30.0] {
        for angle_deg in [0.0_f32, 30.0, 45.0, 90.0, 135.0] {
            let (sin, cos) = angle_deg.to_radians().sin_cos();
            recipes.push(Recipe::new(
                format!("motion {length_px} {angle_deg}"),
                length_px / 2.0 + 1.0,
                |x, y| {
                    let (along, across) = (x * cos - y * sin, x * sin + y * cos);
                    let inside = (length_px / 2.0 + 0.5 - along.abs()).clamp(0.0, 1.0);
                    inside * (1.0 - across.abs()).clamp(0.0, 1.0)
                },
            ));
        }
    }
    recipes
}

impl Recipe {
    fn new(name: String, reach: f32, weight: impl Fn(f32, f32) -> f32) -> Self {
        let reach = reach.ceil() as i32;
        let mut kernel: Vec<(i32, i32, f32)> = (-reach..=reach)
            .flat_map(|y| (-reach..=reach).map(move |x| (x, y)))
            .map(|(x, y)| (x, y, weight(x as f32, y as f32)))
            .filter(|(_, _, w)| *w > 1e-4)
            .collect();
        let sum: f32 = kernel.iter().map(|(_, _, w)| w).sum();
        kernel.iter_mut().for_each(|(_, _, w)| *w /= sum);
        Self { name, kernel }
    }

    /// The blurred picture; at the borders the outermost pixels go on.
    fn apply(&self, picture: &Gray) -> Gray {
        let (width, height) = (picture.width_px as usize, picture.height_px as usize);
        let mut data = Vec::with_capacity(picture.data.len());
        let mut sums = vec![0.0_f32; width];
        for y in 0..height as i32 {
            sums.fill(0.5);
            for &(dx, dy, w) in &self.kernel {
                let row = (y + dy).clamp(0, height as i32 - 1) as usize * width;
                let row = &picture.data[row..row + width];
                let (first, last) = (f32::from(row[0]), f32::from(row[width - 1]));
                let shift = dx.unsigned_abs() as usize;
                let inside = width.saturating_sub(shift);
                let (left, right) = if dx >= 0 { (0, shift) } else { (shift, 0) };
                for (sum, px) in sums
                    .iter_mut()
                    .skip(left)
                    .take(inside)
                    .zip(row.iter().skip(right))
                {
                    *sum += w * f32::from(*px);
                }
                if dx >= 0 {
                    sums.iter_mut()
                        .skip(inside)
                        .for_each(|sum| *sum += w * last);
                } else {
                    sums.iter_mut()
                        .take(shift)
                        .for_each(|sum| *sum += w * first);
                }
            }
            data.extend(sums.iter().map(|sum| *sum as u8));
        }
        Gray { data, ..*picture }
    }
}
