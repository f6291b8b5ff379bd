//! Photos: a scene with detail at every scale, sharp or blurred by a known
//! amount, as JPEG.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageError, Rgb, RgbImage};

/// A scene of shelves, plates and grain: the same for the same seed.
pub fn scene(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let wall = random.colour(120, 200);
    let mut picture = RgbImage::from_pixel(width, height, wall);
    for _ in 0..90 {
        let w = random.below(width / 5) + 8;
        let h = random.below(height / 5) + 8;
        let (x, y) = (random.below(width), random.below(height));
        let colour = random.colour(20, 235);
        let stripes = random.below(3) == 0;
        for py in y..(y + h).min(height) {
            for px in x..(x + w).min(width) {
                let dark = stripes && (px / 3 + py / 7) % 2 == 0;
                picture.put_pixel(px, py, if dark { Rgb([18, 18, 22]) } else { colour });
            }
        }
    }
    for pixel in picture.pixels_mut() {
        let grain = random.below(9) as i16 - 4;
        for channel in &mut pixel.0 {
            *channel = (i16::from(*channel) + grain).clamp(0, 255) as u8;
        }
    }
    picture
}

/// The picture blurred as an unfocused lens does, by a Gaussian.
pub fn blurred(picture: &RgbImage, sigma_px: f32) -> RgbImage {
    image::imageops::blur(picture, sigma_px)
}

/// The picture as JPEG.
pub fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    DynamicImage::ImageRgb8(picture.clone()).write_with_encoder(encoder)?;
    Ok(bytes)
}

/// A small generator (xorshift64*): the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to below `limit`; 0 if `limit` is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        (self.next_u64() >> 33)
            .checked_rem(u64::from(limit))
            .unwrap_or(0) as u32
    }

    fn colour(&mut self, low: u32, high: u32) -> Rgb<u8> {
        let mut channel = || (low + self.below(high - low)) as u8;
        Rgb([channel(), channel(), channel()])
    }
}
