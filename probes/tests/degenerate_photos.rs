//! What must hold for every photo, however little there is to see in it: no number
//! is ever NaN, and what cannot be measured never passes.

// The helpers of a test may fail it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Seek, Write};

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use proptest::prelude::*;
use unbroken_probes::check::Context;
use unbroken_probes::judge::{Rules, Verdict, judge};
use unbroken_probes::measurements::Measurements;
use unbroken_probes::probe::{Depth, Wants, probe};

/// What the pixels of a made-up picture hold.
#[derive(Clone, Copy, Debug)]
enum Content {
    /// One level.
    Flat(u8),
    /// Any level anywhere.
    Noise { middle: u8, spread: u8 },
    /// Two levels, changing every so many pixels across and down.
    Stripes {
        period: (u32, u32),
        levels: (u8, u8),
    },
    /// Two halves.
    Halves(u8, u8),
    /// From one level to another over the picture.
    Ramp(u8, u8),
}

impl Content {
    fn level(self, x: u32, y: u32, width: u32) -> u8 {
        match self {
            Self::Flat(level) => level,
            Self::Noise { middle, spread } => {
                // A hash of the place.
                let mut bits = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77);
                bits = (bits ^ (bits >> 15)).wrapping_mul(0x2c1b_3c6d);
                bits = (bits ^ (bits >> 12)).wrapping_mul(0x297a_2d39);
                let share = f32::from((bits >> 16) as u16) / f32::from(u16::MAX) - 0.5;
                (f32::from(middle) + f32::from(spread) * share) as u8
            }
            Self::Stripes { period, levels } => {
                let is_odd = (x / period.0 + y / period.1) % 2 == 1;
                if is_odd { levels.1 } else { levels.0 }
            }
            Self::Halves(left, right) => {
                if x < width / 2 {
                    left
                } else {
                    right
                }
            }
            Self::Ramp(from, to) => {
                let share = x as f32 / width.max(2) as f32;
                (f32::from(from) * (1.0 - share) + f32::from(to) * share) as u8
            }
        }
    }

    /// Too little to judge a photo by.
    fn is_hopeless(self) -> bool {
        matches!(self, Self::Flat(_) | Self::Noise { .. } | Self::Ramp(..))
    }
}

fn file(width: u32, height: u32, content: Content, format: ImageFormat) -> Vec<u8> {
    let picture = GrayImage::from_fn(width, height, |x, y| Luma([content.level(x, y, width)]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture)
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

fn measured(bytes: &[u8]) -> Measurements {
    let wants = Wants {
        name: "a.png".to_owned(),
        still_long_side_px: 0,
        stills_count: 0,
        depth: Depth::Full,
    };
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    probe(&mut file, &wants).measurements
}

/// JSON knows no NaN and no infinity: a number that is one does not come back.
fn assert_all_finite(m: &Measurements) {
    let text = serde_json::to_string(m).unwrap();
    let back: Measurements = serde_json::from_str(&text).unwrap();
    assert_eq!(&back, m);
}

fn quality(m: &Measurements) -> Verdict {
    judge(m, &Rules::default(), &Context::default())
        .outcome
        .quality
}

#[test]
fn a_large_picture_with_nothing_in_it_never_passes() {
    // Large enough that its size alone is no reason.
    for content in [
        Content::Flat(0),
        Content::Flat(128),
        Content::Flat(255),
        Content::Noise {
            middle: 128,
            spread: 8,
        },
        Content::Noise {
            middle: 128,
            spread: 60,
        },
        Content::Noise {
            middle: 128,
            spread: 255,
        },
        Content::Halves(0, 255),
        Content::Halves(100, 110),
        Content::Ramp(0, 255),
    ] {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let m = measured(&file(1400, 1000, content, format));
            assert_all_finite(&m);
            let photo = m.photo.as_ref().unwrap();
            assert!(photo.sharpness.is_some() && photo.exposure.is_some());
            assert_ne!(quality(&m), Verdict::Pass, "{content:?} as {format:?}");
        }
    }
}

#[test]
fn the_narrowest_pictures_are_measured_and_never_pass() {
    for (width, height) in [
        (1, 1),
        (1, 65_535),
        (65_535, 1),
        (2, 3000),
        (5, 7),
        (16, 16),
    ] {
        for content in [
            Content::Flat(0),
            Content::Noise {
                middle: 128,
                spread: 255,
            },
            Content::Stripes {
                period: (1, 1),
                levels: (0, 255),
            },
        ] {
            let m = measured(&file(width, height, content, ImageFormat::Png));
            assert_all_finite(&m);
            assert_ne!(quality(&m), Verdict::Pass, "{width}×{height}, {content:?}");
        }
    }
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        any::<u8>().prop_map(Content::Flat),
        any::<(u8, u8)>().prop_map(|(middle, spread)| Content::Noise { middle, spread }),
        ((1..40_u32, 1..40_u32), any::<(u8, u8)>())
            .prop_map(|(period, levels)| Content::Stripes { period, levels }),
        any::<(u8, u8)>().prop_map(|(a, b)| Content::Halves(a, b)),
        any::<(u8, u8)>().prop_map(|(a, b)| Content::Ramp(a, b)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_number_of_any_picture_is_nan(
        width in 1..700_u32,
        height in 1..700_u32,
        content in content(),
        is_jpeg in any::<bool>(),
    ) {
        let format = if is_jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
        let m = measured(&file(width, height, content, format));
        assert_all_finite(&m);
        if content.is_hopeless() {
            prop_assert_ne!(quality(&m), Verdict::Pass);
        }
    }
}
