//! Copies of a photograph as people and their programs make them.

use image::DynamicImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;

/// What a copy went through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Recipe {
    /// Saved again at a quality, at a share of its size.
    Saved { quality: u8, scale: f32 },
    /// Long side in pixels, quality; then once more, as when it is sent on.
    SentTwice { side_px: u32, quality: u8 },
    /// Quarters clockwise; mirrored after that.
    Turned { quarters: u8, is_mirrored: bool },
    /// Shares cut off left, top, right and below.
    Cut([f32; 4]),
}

const fn saved_at(quality: u8, scale: f32) -> Recipe {
    Recipe::Saved { quality, scale }
}

const fn sent(side_px: u32, quality: u8) -> Recipe {
    Recipe::SentTwice { side_px, quality }
}

const fn turned(quarters: u8, is_mirrored: bool) -> Recipe {
    Recipe::Turned {
        quarters,
        is_mirrored,
    }
}

const fn cut(left: f32, top: f32, right: f32, below: f32) -> Recipe {
    Recipe::Cut([left, top, right, below])
}

/// Every recipe by the row of the table that it counts in.
pub(super) const RECIPES: [(&str, &[Recipe]); 7] = [
    (
        "saved again, quality 50 to 95",
        &[
            saved_at(50, 1.0),
            saved_at(60, 1.0),
            saved_at(75, 1.0),
            saved_at(85, 1.0),
            saved_at(95, 1.0),
        ],
    ),
    (
        "made smaller to 25 to 75 %, quality 50 to 95",
        &[
            saved_at(50, 0.25),
            saved_at(95, 0.25),
            saved_at(50, 0.5),
            saved_at(85, 0.5),
            saved_at(75, 0.75),
        ],
    ),
    (
        "sent on twice by a messenger",
        &[sent(1280, 70), sent(1080, 60)],
    ),
    (
        "turned by quarters or mirrored",
        &[
            turned(1, false),
            turned(2, false),
            turned(3, false),
            turned(0, true),
            turned(1, true),
        ],
    ),
    (
        "2 % of the area cut off",
        &[
            cut(0.005, 0.005, 0.005, 0.005),
            cut(0.02, 0.0, 0.0, 0.0),
            cut(0.0, 0.007, 0.013, 0.0),
        ],
    ),
    (
        "5 % of the area cut off",
        &[
            cut(0.0127, 0.0127, 0.0127, 0.0127),
            cut(0.0, 0.05, 0.0, 0.0),
            cut(0.025, 0.0, 0.0, 0.025),
            cut(0.013, 0.037, 0.0, 0.0),
        ],
    ),
    (
        "10 % of the area cut off",
        &[
            cut(0.0257, 0.0257, 0.0257, 0.0257),
            cut(0.0, 0.05, 0.0, 0.05),
            cut(0.1, 0.0, 0.0, 0.0),
            cut(0.0, 0.063, 0.037, 0.0),
        ],
    ),
];

pub(super) fn fitted(picture: &DynamicImage, side_px: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= side_px {
        return picture.clone();
    }
    picture.resize(side_px, side_px, FilterType::CatmullRom)
}

fn saved(picture: &DynamicImage, quality: u8) -> Option<Vec<u8>> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .encode_image(&picture.to_rgb8())
        .ok()?;
    Some(jpeg)
}

/// The copy as JPEG.
pub(super) fn made(picture: &DynamicImage, recipe: Recipe) -> Option<Vec<u8>> {
    let (width, height) = (picture.width(), picture.height());
    let of = |side: u32, share: f32| (side as f32 * share).round().max(1.0) as u32;
    match recipe {
        Recipe::Saved { quality, scale } => {
            let small =
                picture.resize_exact(of(width, scale), of(height, scale), FilterType::CatmullRom);
            saved(&small, quality)
        }
        Recipe::SentTwice { side_px, quality } => {
            let once = saved(&fitted(picture, side_px), quality)?;
            let again = image::load_from_memory(&once).ok()?;
            saved(&fitted(&again, side_px * 9 / 10), quality)
        }
        Recipe::Turned {
            quarters,
            is_mirrored,
        } => {
            let turned = match quarters {
                1 => picture.rotate90(),
                2 => picture.rotate180(),
                3 => picture.rotate270(),
                _ => picture.clone(),
            };
            let turned = if is_mirrored { turned.fliph() } else { turned };
            saved(&turned, 85)
        }
        Recipe::Cut([left, top, right, below]) => {
            let kept = picture.crop_imm(
                (width as f32 * left).round() as u32,
                (height as f32 * top).round() as u32,
                of(width, 1.0 - left - right),
                of(height, 1.0 - top - below),
            );
            saved(&kept, 85)
        }
    }
}
