use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::*;
use crate::measure::picture_decoding::decode_jpeg;
use crate::measure::recipe::{scatter, stones};

/// Discs in colours that are halved, 75 × 41 pixels, with a restart marker after
/// every second unit; written by libjpeg.
const HALVED: &[u8] = include_bytes!("halved.jpg");

/// A JPEG with colours of their own, which are not halved.
fn jpeg(width_px: u32, height_px: u32, quality: u8) -> Vec<u8> {
    let scene = stones(width_px, height_px);
    let tinted = scene.data.iter().zip(0_i32..).flat_map(|(level, i)| {
        let tint = (90.0 * scatter(i / 700, i % 7, 3)) as u8;
        [
            *level,
            level.saturating_sub(tint),
            level.saturating_add(tint),
        ]
    });
    let rgb: Vec<u8> = tinted.collect();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .write_image(&rgb, width_px, height_px, ExtendedColorType::Rgb8)
        .unwrap();
    jpeg
}

/// What the other decoder makes of it must be the same, and whole.
fn assert_alike(planes: &Planes, bytes: &[u8]) {
    let other = decode_jpeg(bytes).unwrap();
    assert_eq!((&other.damage, other.whole_ratio), (&None, 1.0));
    assert!(other.pixels.luma().data == planes.luma.samples());
}

#[test]
fn luma_is_that_of_the_other_decoder_to_the_last_unit() {
    for (width, height, quality) in [
        (320, 240, 95),
        (97, 61, 50),
        (8, 8, 100),
        (1, 1, 75),
        (33, 17, 5),
    ] {
        let file = jpeg(width, height, quality);
        assert_alike(&decode(&file).unwrap(), &file);
    }
    assert_alike(&decode(HALVED).unwrap(), HALVED);
}

#[test]
fn tints_are_the_means_of_the_colours_in_blocks() {
    for (file, side_px) in [(jpeg(320, 240, 92), 8), (HALVED.to_vec(), 16)] {
        let tints = decode(&file).unwrap().tints;
        let whole = decode_jpeg(&file).unwrap().pixels;
        let (columns, rows) = (whole.width_px() / side_px, whole.height_px() / side_px);
        assert!(columns > 3 && rows > 1);
        for row in 0..rows {
            for column in 0..columns {
                let part = whole
                    .clone()
                    .cropped(column * side_px, row * side_px, side_px, side_px);
                let part = part.unwrap();
                let mean = |channel: usize| {
                    let levels = part.samples().iter().skip(channel).step_by(3);
                    levels.map(|v| u32::from(*v)).sum::<u32>() / (side_px * side_px)
                };
                let tint = &tints.row(row as usize)[column as usize * 3..][..3];
                for channel in [1, 2] {
                    let apart = mean(channel).abs_diff(u32::from(tint[channel]));
                    // Enlarging colours goes over the borders of blocks, and levels
                    // end at white.
                    assert!(apart <= 12, "{column} {row} {channel}: {apart}");
                }
            }
        }
    }
}

#[test]
fn what_is_damaged_is_left_to_the_other_decoder_or_read_alike() {
    for file in [jpeg(80, 48, 90), HALVED.to_vec()] {
        for end in 0..file.len() {
            assert!(decode(&file[..end]).is_none(), "{end}");
        }
        for at in 0..file.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut broken = file.clone();
                broken[at] ^= flip;
                // Sides of thousands of pixels have too little data, and that is seen.
                if let Some(planes) = decode(&broken) {
                    assert_alike(&planes, &broken);
                }
            }
        }
    }
}

#[test]
fn other_kinds_are_left_to_the_other_decoder() {
    let file = jpeg(64, 64, 90);
    let frame = file.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    let with = |at: usize, value: u8| {
        let mut changed = file.clone();
        changed[frame + at] = value;
        decode(&changed).is_none()
    };
    // Progressive; twelve bits; four components; luma sampled less than colours; red,
    // green and blue are told by their numbers.
    assert!(with(1, 0xC2) && with(4, 12) && with(9, 4) && with(14, 0x22));
    assert!(decode(b"").is_none() && decode(b"\xFF\xD8\xFF\xD9").is_none());
    let adobe = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";
    let rgb = [&file[..2], adobe, &file[2..]].concat();
    assert!(decode(&rgb).is_none());
}
