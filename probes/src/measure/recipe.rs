//! Pictures made by recipe, for tests.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use super::decision_scale::Gray;

/// A picture by formula, values cut to 0 to 255.
pub(crate) fn picture(width_px: u32, height_px: u32, f: impl Fn(f32, f32) -> f32) -> Gray {
    Gray {
        data: (0..height_px)
            .flat_map(|y| (0..width_px).map(move |x| (x, y)))
            .map(|(x, y)| f(x as f32, y as f32).round().clamp(0.0, 255.0) as u8)
            .collect(),
        width_px,
        height_px,
    }
}

/// The picture as a JPEG of this quality.
pub(crate) fn jpeg(of: &Gray, quality: u8) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .encode(&of.data, of.width_px, of.height_px, ExtendedColorType::L8)
        .unwrap();
    jpeg
}

/// A number between 0 and 1 that looks random, the same for the same place.
pub(crate) fn scatter(x: i32, y: i32, seed: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77) ^ seed;
    for _ in 0..2 {
        h ^= h >> 15;
        h = h.wrapping_mul(0x2C1B_3C6D);
        h ^= h >> 12;
    }
    (h >> 8) as f32 / (1 << 24) as f32
}

/// A wall of stones of many sizes and greys with hard edges: a dead-leaves
/// picture, whose statistics are those of natural scenes (Lee et al. 2001).
pub(crate) fn stones(width_px: u32, height_px: u32) -> Gray {
    let mut leaves = picture(width_px, height_px, |_, _| 128.0);
    let (w, h) = (width_px as i32, height_px as i32);
    let area = (w as f32 * h as f32).max(1.0);
    let count = (area / 90.0) as i32 + 1;
    for i in 0..count {
        // Radii between 3 and 60 px, the small ones more often.
        let radius = 3.0 / (1.0 - 0.95 * scatter(i, 3, 9)).sqrt();
        let (cx, cy) = (scatter(i, 0, 9) * w as f32, scatter(i, 1, 9) * h as f32);
        let grey = 30.0 + 195.0 * scatter(i, 2, 9);
        let reach = radius.ceil() as i32;
        for y in (cy as i32 - reach).max(0)..(cy as i32 + reach + 1).min(h) {
            for x in (cx as i32 - reach).max(0)..(cx as i32 + reach + 1).min(w) {
                let inside = radius + 0.5 - (x as f32 - cx).hypot(y as f32 - cy);
                let cover = inside.clamp(0.0, 1.0);
                let px = &mut leaves.data[(y * w + x) as usize];
                *px = (f32::from(*px) * (1.0 - cover) + grey * cover).round() as u8;
            }
        }
    }
    blur(&leaves, &gaussian(0.6))
}

/// Dark strokes on paper, as text has them.
pub(crate) fn strokes(width_px: u32, height_px: u32) -> Gray {
    let sharp = picture(width_px, height_px, |x, y| {
        let (column, row) = ((x / 12.0) as i32, (y / 20.0) as i32);
        let (u, v) = (x % 12.0, y % 20.0);
        let has = |part| scatter(column, row, part) < 0.55;
        let in_line = (3.0..17.0).contains(&v) && u < 9.0;
        let upright = (has(1) && u < 2.0) || (has(2) && (7.0..9.0).contains(&u));
        let level = (has(3) && v < 5.0) || (has(4) && (9.0..11.0).contains(&v));
        let slanted = has(5) && ((v - 3.0) * 9.0 / 14.0 - u).abs() < 1.2;
        if in_line && (upright || level || slanted) {
            40.0
        } else {
            215.0
        }
    });
    blur(&sharp, &gaussian(0.6))
}

/// Squares like a chess board.
pub(crate) fn checker(width_px: u32, height_px: u32, side_px: f32) -> Gray {
    let board = picture(width_px, height_px, |x, y| {
        let odd = ((x / side_px) as i32 + (y / side_px) as i32) % 2 == 1;
        if odd { 200.0 } else { 60.0 }
    });
    blur(&board, &gaussian(0.6))
}

/// Offsets and weights of a blur; the weights sum to 1.
pub(crate) type Kernel = Vec<(i32, i32, f32)>;

fn kernel(reach_px: f32, weight: impl Fn(f32, f32) -> f32) -> Kernel {
    let reach = reach_px.ceil() as i32;
    let mut kernel: Kernel = (-reach..=reach)
        .flat_map(|y| (-reach..=reach).map(move |x| (x, y)))
        .map(|(x, y)| (x, y, weight(x as f32, y as f32)))
        .filter(|(_, _, w)| *w > 1e-4)
        .collect();
    let sum: f32 = kernel.iter().map(|(_, _, w)| w).sum();
    kernel.iter_mut().for_each(|(_, _, w)| *w /= sum);
    kernel
}

/// A Gaussian of this standard deviation.
pub(crate) fn gaussian(sigma_px: f32) -> Kernel {
    kernel(3.0 * sigma_px, |x, y| {
        (-(x * x + y * y) / (2.0 * sigma_px * sigma_px)).exp()
    })
}

/// The disc of a lens out of focus.
pub(crate) fn defocus(radius_px: f32) -> Kernel {
    kernel(radius_px + 1.0, |x, y| {
        (radius_px + 0.5 - x.hypot(y)).clamp(0.0, 1.0)
    })
}

/// The path of a shaken camera: a line of this length, its direction counted
/// counter-clockwise from horizontal.
pub(crate) fn motion(length_px: f32, angle_deg: f32) -> Kernel {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    kernel(length_px / 2.0 + 1.0, |x, y| {
        let (along, across) = (x * cos - y * sin, x * sin + y * cos);
        (length_px / 2.0 + 0.5 - along.abs()).clamp(0.0, 1.0) * (1.0 - across.abs()).clamp(0.0, 1.0)
    })
}

/// The blurred picture; beyond the border the outermost pixels go on.
pub(crate) fn blur(from: &Gray, kernel: &Kernel) -> Gray {
    let (w, h) = (from.width_px as i32, from.height_px as i32);
    let mut data = Vec::with_capacity(from.data.len());
    for y in 0..h {
        for x in 0..w {
            let sum: f32 = kernel
                .iter()
                .map(|(dx, dy, weight)| {
                    let at = (y + dy).clamp(0, h - 1) * w + (x + dx).clamp(0, w - 1);
                    weight * f32::from(from.data[at as usize])
                })
                .sum();
            data.push(sum.round() as u8);
        }
    }
    Gray { data, ..*from }
}

/// Left of the picture from one, the rest from the other.
pub(crate) fn beside(left: &Gray, right: &Gray, left_share: f32) -> Gray {
    let cut = (left.width_px as f32 * left_share) as usize;
    let width = left.width_px as usize;
    let mut data = right.data.clone();
    for (i, px) in data.iter_mut().enumerate().filter(|(i, _)| i % width < cut) {
        *px = left.data[i];
    }
    Gray { data, ..*left }
}

/// The picture enlarged by interpolation, as a chat program would.
pub(crate) fn enlarged(from: &Gray, factor: u32) -> Gray {
    let (w, h) = (from.width_px, from.height_px);
    let at = |x: f32, y: f32| {
        let cut = |v: f32, most: u32| (v.max(0.0) as u32).min(most - 1);
        f32::from(from.data[(cut(y, h) * w + cut(x, w)) as usize])
    };
    picture(w * factor, h * factor, |x, y| {
        let (x, y) = (
            (x + 0.5) / factor as f32 - 0.5,
            (y + 0.5) / factor as f32 - 0.5,
        );
        let (u, v) = (x - x.floor(), y - y.floor());
        let (x, y) = (x.floor(), y.floor());
        let upper = at(x, y) * (1.0 - u) + at(x + 1.0, y) * u;
        let lower = at(x, y + 1.0) * (1.0 - u) + at(x + 1.0, y + 1.0) * u;
        upper * (1.0 - v) + lower * v
    })
}
