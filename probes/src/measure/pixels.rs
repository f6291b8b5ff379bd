//! A decoded still picture in whatever colours its decoder gives.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::decision_scale::{Gray, fitted, shrink_rows};
use crate::measurements::Region;

/// JPEG quality of viewing copies. Named guess: no visible loss at their size.
const STILL_QUALITY: u8 = 82;

/// How the samples of a pixel are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One sample of luma.
    Gray,
    /// Luma and two colour differences, full range (ITU-T T.871).
    YCbCr,
    /// Red, green, blue.
    Rgb,
}

impl Layout {
    /// Samples a pixel.
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::YCbCr | Self::Rgb => 3,
        }
    }
}

/// Interleaved 8-bit samples, rows without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    data: Vec<u8>,
    width_px: u32,
    height_px: u32,
    layout: Layout,
}

impl Pixels {
    /// Takes samples; `None` if the picture is empty or they are too few.
    pub fn new(data: Vec<u8>, width_px: u32, height_px: u32, layout: Layout) -> Option<Self> {
        let needed = (width_px as usize)
            .checked_mul(height_px as usize)?
            .checked_mul(layout.channels())?;
        (needed > 0 && data.len() >= needed).then_some(Self {
            data,
            width_px,
            height_px,
            layout,
        })
    }

    /// Width in pixels.
    pub fn width_px(&self) -> u32 {
        self.width_px
    }

    /// Height in pixels.
    pub fn height_px(&self) -> u32 {
        self.height_px
    }

    /// The samples of row `y`; empty beyond the picture.
    pub fn row(&self, y: usize) -> &[u8] {
        let length = self.width_px as usize * self.layout.channels();
        self.data
            .get(y.saturating_mul(length)..)
            .and_then(|rest| rest.get(..length))
            .unwrap_or(&[])
    }

    /// Samples a pixel.
    pub fn channels(&self) -> usize {
        self.layout.channels()
    }

    /// How the samples of a pixel are to be read.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The samples.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// A part of the picture; `None` if it is empty or not inside.
    pub fn cropped(self, left: u32, top: u32, width_px: u32, height_px: u32) -> Option<Self> {
        let right = left.checked_add(width_px)?;
        let bottom = top.checked_add(height_px)?;
        if right > self.width_px || bottom > self.height_px {
            return None;
        }
        if (width_px, height_px) == (self.width_px, self.height_px) {
            return Some(self);
        }
        let channels = self.channels();
        let columns = left as usize * channels..right as usize * channels;
        let rows = (top as usize..bottom as usize).filter_map(|y| self.row(y).get(columns.clone()));
        Self::new(
            rows.flatten().copied().collect(),
            width_px,
            height_px,
            self.layout,
        )
    }

    /// Keeps only the upper rows; `None` if nothing would be left.
    pub fn cropped_to_rows(self, rows: u32) -> Option<Self> {
        let height_px = rows.min(self.height_px);
        (height_px > 0).then_some(Self { height_px, ..self })
    }

    /// The picture with its long side at most `long_side_px`.
    pub fn reduced(&self, long_side_px: u32) -> Self {
        let (width_px, height_px) = fitted(self.width_px, self.height_px, long_side_px.max(1));
        if (width_px, height_px) == (self.width_px, self.height_px) {
            return self.clone();
        }
        Self {
            data: shrink_rows(
                |y| self.row(y),
                (self.width_px as usize, self.height_px as usize),
                (width_px as usize, height_px as usize),
                self.channels(),
            ),
            width_px,
            height_px,
            layout: self.layout,
        }
    }

    /// The luma alone with its long side at most `long_side_px`.
    pub fn luma_reduced(&self, long_side_px: u32) -> Self {
        match self.layout {
            Layout::Gray => self.reduced(long_side_px),
            Layout::YCbCr | Layout::Rgb => Self::from(self.luma()).reduced(long_side_px),
        }
    }

    /// The luma alone, of a picture that is no longer needed.
    pub fn into_luma(self) -> Gray {
        if self.layout != Layout::Gray {
            return self.luma();
        }
        let mut data = self.data;
        data.truncate(self.width_px as usize * self.height_px as usize);
        Gray {
            data,
            width_px: self.width_px,
            height_px: self.height_px,
        }
    }

    /// All samples, row after row.
    pub fn samples(&self) -> &[u8] {
        let count = self.width_px as usize * self.height_px as usize * self.channels();
        self.data.get(..count).unwrap_or(&self.data)
    }

    /// The luma alone.
    pub fn luma(&self) -> Gray {
        let count = self.width_px as usize * self.height_px as usize;
        let triples = || self.data.as_chunks::<3>().0.iter().take(count);
        let data = match self.layout {
            Layout::Gray => self.data.iter().take(count).copied().collect(),
            Layout::YCbCr => triples().map(|[luma, _, _]| *luma).collect(),
            Layout::Rgb => triples().map(|rgb| luma_of(rgb)).collect(),
        };
        Gray {
            data,
            width_px: self.width_px,
            height_px: self.height_px,
        }
    }

    /// The picture as it is to be looked at, from EXIF's orientation, 1 to 8;
    /// anything else leaves it as it is.
    pub fn upright(self, orientation: u16) -> Self {
        let turned = match self.layout {
            Layout::Gray => turn::<1>(&self, orientation),
            Layout::YCbCr | Layout::Rgb => turn::<3>(&self, orientation),
        };
        let is_turned = matches!(orientation, 5..=8);
        match turned {
            None => self,
            Some(data) if is_turned => Self {
                data,
                width_px: self.height_px,
                height_px: self.width_px,
                layout: self.layout,
            },
            Some(data) => Self { data, ..self },
        }
    }

    /// The luma of a picture that is coded in luma and colour differences, all
    /// that instruments look at, in a third of the room; others as they are.
    pub fn into_luma_if_coded(self) -> Self {
        match self.layout {
            Layout::YCbCr => self.into_luma_in_place(),
            Layout::Gray | Layout::Rgb => self,
        }
    }

    /// Luma moves up within the memory that is there already: a new plane costs more
    /// than the moving.
    fn into_luma_in_place(mut self) -> Self {
        let (width, height) = (self.width_px as usize, self.height_px as usize);
        let take = |to: &mut [u8], from: &[u8]| {
            let pixels = from.as_chunks::<3>().0;
            to.iter_mut().zip(pixels).for_each(|(to, px)| *to = px[0]);
        };
        let first = self.row(0).to_vec();
        take(self.data.get_mut(..width).unwrap_or(&mut []), &first);
        for y in 1..height {
            // A row of luma ends before the row that it comes from begins.
            let (before, rest) = self.data.split_at_mut(3 * width * y);
            let to = before.get_mut(width * y..width * (y + 1));
            if let (Some(to), Some(from)) = (to, rest.get(..3 * width)) {
                take(to, from);
            }
        }
        self.data.truncate(width * height);
        self.layout = Layout::Gray;
        self
    }

    /// Colour differences for a viewing copy of this size: the means of four
    /// places in each of its pixels, which are as many as JPEG mostly keeps. The
    /// luma is to be filled in. `None` for a picture that is not coded so.
    pub fn tints(&self, width_px: u32, height_px: u32) -> Option<Self> {
        if self.layout != Layout::YCbCr {
            return None;
        }
        // The places stand at a quarter and three quarters of a pixel's side.
        let places = |to: u32, from: u32| -> Vec<[usize; 2]> {
            let at = |quarters: u64| {
                let place = quarters * u64::from(from) / (4 * u64::from(to.max(1)));
                (place as usize).min(from.saturating_sub(1) as usize)
            };
            let pixels = 0..u64::from(to);
            pixels.map(|px| [at(4 * px + 1), at(4 * px + 3)]).collect()
        };
        let columns = places(width_px, self.width_px);
        let mut data = Vec::with_capacity(width_px as usize * height_px as usize * 3);
        for rows in places(height_px, self.height_px) {
            let rows = rows.map(|y| self.row(y).as_chunks::<3>().0);
            for column in &columns {
                let (mut cb_sum, mut cr_sum) = (0_u16, 0_u16);
                for row in rows {
                    for [_, cb, cr] in column.iter().filter_map(|x| row.get(*x)) {
                        cb_sum += u16::from(*cb);
                        cr_sum += u16::from(*cr);
                    }
                }
                data.extend([0, ((cb_sum + 2) / 4) as u8, ((cr_sum + 2) / 4) as u8]);
            }
        }
        Self::new(data, width_px, height_px, Layout::YCbCr)
    }

    /// The same colour differences with this luma, which must have its size.
    pub fn with_luma(mut self, luma: &Gray) -> Option<Self> {
        if (self.width_px, self.height_px) != (luma.width_px, luma.height_px) {
            return None;
        }
        let pixels = self.data.as_chunks_mut::<3>().0;
        for ([own, _, _], level) in pixels.iter_mut().zip(&luma.data) {
            *own = *level;
        }
        Some(self)
    }

    /// A viewing copy as JPEG; `None` if it cannot be encoded.
    pub fn to_jpeg(&self) -> Option<Vec<u8>> {
        let samples = self.samples();
        let converted: Vec<u8>;
        let (samples, color) = match self.layout {
            Layout::Gray => (samples, ExtendedColorType::L8),
            Layout::Rgb => (samples, ExtendedColorType::Rgb8),
            Layout::YCbCr => {
                let pixels = samples.as_chunks().0.iter();
                converted = pixels.map(rgb_of).collect::<Vec<_>>().into_flattened();
                (converted.as_slice(), ExtendedColorType::Rgb8)
            }
        };
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, STILL_QUALITY)
            .write_image(samples, self.width_px, self.height_px, color)
            .ok()?;
        Some(jpeg)
    }
}

impl From<Gray> for Pixels {
    fn from(gray: Gray) -> Self {
        Self {
            data: gray.data,
            width_px: gray.width_px,
            height_px: gray.height_px,
            layout: Layout::Gray,
        }
    }
}

/// Side of the squares in which rows become columns, in pixels: the lines of
/// memory that are written to stay near.
const SQUARE_PX: usize = 32;

/// The samples of the picture turned upright, `N` a pixel; `None` if it is so.
fn turn<const N: usize>(picture: &Pixels, orientation: u16) -> Option<Vec<u8>> {
    // Rows become columns, from the last on; columns are taken from the last on.
    let (is_transposed, is_upside_down, is_mirrored) = match orientation {
        2 => (false, false, true),
        3 => (false, true, true),
        4 => (false, true, false),
        5 => (true, false, false),
        6 => (true, true, false),
        7 => (true, true, true),
        8 => (true, false, true),
        _ => return None,
    };
    let (width, height) = (picture.width_px as usize, picture.height_px as usize);
    let mut rows: Vec<&[[u8; N]]> = (0..height)
        .map(|y| picture.row(y).as_chunks::<N>().0)
        .collect();
    if is_upside_down {
        rows.reverse();
    }
    let from = |x: usize| if is_mirrored { width - 1 - x } else { x };
    let mut data = vec![0; width * height * N];
    let (pixels, _) = data.as_chunks_mut::<N>();
    if !is_transposed {
        for (line, row) in pixels.chunks_exact_mut(width.max(1)).zip(&rows) {
            line.iter_mut().zip(*row).for_each(|(to, px)| *to = *px);
            if is_mirrored {
                line.reverse();
            }
        }
        return Some(data);
    }
    for (number, band) in rows.chunks(SQUARE_PX).enumerate() {
        let start = number * SQUARE_PX;
        for (x, line) in pixels.chunks_exact_mut(height.max(1)).enumerate() {
            let squares = line.get_mut(start..start + band.len()).unwrap_or(&mut []);
            for (to, row) in squares.iter_mut().zip(band) {
                *to = row.get(from(x)).copied().unwrap_or([0; N]);
            }
        }
    }
    Some(data)
}

/// A part of the coded picture where it lies in the upright one; `orientation`
/// as in [`Pixels::upright`].
pub fn upright_region(coded: Region, orientation: u16) -> Region {
    let Region { x, y, w, h } = coded;
    let (right, below) = (1.0 - x - w, 1.0 - y - h);
    let (x, y, is_turned) = match orientation {
        2 => (right, y, false),
        3 => (right, below, false),
        4 => (x, below, false),
        5 => (y, x, true),
        6 => (below, x, true),
        7 => (below, right, true),
        8 => (y, right, true),
        _ => (x, y, false),
    };
    let (w, h) = if is_turned { (h, w) } else { (w, h) };
    Region { x, y, w, h }
}

/// Luma of red, green, blue by ITU-R BT.601, as JPEG has it.
fn luma_of(rgb: &[u8]) -> u8 {
    let weights = [299_u32, 587, 114];
    let sum: u32 = rgb
        .iter()
        .zip(weights)
        .map(|(v, w)| u32::from(*v) * w)
        .sum();
    u8::try_from((sum + 500) / 1000).unwrap_or(u8::MAX)
}

/// Red, green, blue by ITU-T T.871.
fn rgb_of(&[y, cb, cr]: &[u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
    .map(|v| (v + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientations_turn_as_exif_says() {
        // 2×3, the letters in reading order when orientation is 1.
        let coded = Pixels::new(b"abcdef".to_vec(), 2, 3, Layout::Gray).unwrap();
        for (orientation, width, expected) in [
            (1, 2, "abcdef"),
            (2, 2, "badcfe"),
            (3, 2, "fedcba"),
            (4, 2, "efcdab"),
            (5, 3, "acebdf"),
            (6, 3, "ecafdb"),
            (7, 3, "fdbeca"),
            (8, 3, "bdface"),
            (0, 2, "abcdef"),
            (9, 2, "abcdef"),
        ] {
            let upright = coded.clone().upright(orientation);
            assert_eq!(upright.data, expected.as_bytes(), "{orientation}");
            assert_eq!(upright.width_px, width);
        }
    }

    #[test]
    fn a_region_turns_with_its_picture() {
        // The upper left cell of 2×3, named by its letter in the turned picture.
        let coded = Pixels::new(b"abcdef".to_vec(), 2, 3, Layout::Gray).unwrap();
        let first = Region {
            x: 0.0,
            y: 0.0,
            w: 0.5,
            h: 1.0 / 3.0,
        };
        for orientation in 0..=9 {
            let upright = coded.clone().upright(orientation);
            let region = upright_region(first, orientation);
            let at = |share: f64, side: u32| (share * f64::from(side)).round() as usize;
            let column = at(region.x, upright.width_px());
            let row = at(region.y, upright.height_px());
            assert_eq!(upright.row(row)[column], b'a', "{orientation}");
            assert_eq!(at(region.w, upright.width_px()), 1, "{orientation}");
            assert_eq!(at(region.h, upright.height_px()), 1, "{orientation}");
        }
    }

    #[test]
    fn colours_give_luma_and_survive_a_viewing_copy() {
        let ycbcr = Pixels::new([90, 100, 160].repeat(64), 8, 8, Layout::YCbCr).unwrap();
        assert!(ycbcr.luma().data.iter().all(|y| *y == 90));
        let rgb = rgb_of(&[90, 100, 160]);
        let same = Pixels::new(rgb.repeat(64), 8, 8, Layout::Rgb).unwrap();
        assert!(same.luma().data.iter().all(|y| y.abs_diff(90) <= 1));
        for pixels in [ycbcr, same] {
            let copy = image::load_from_memory(&pixels.to_jpeg().unwrap())
                .unwrap()
                .into_rgb8();
            let px = copy.get_pixel(4, 4).0;
            assert!(
                px.iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 6),
                "{px:?} {rgb:?}"
            );
        }
        assert_eq!(rgb_of(&[255, 0, 255]), [255, 208, 28]);
    }

    #[test]
    fn larger_pictures_turn_as_small_ones() {
        let (w, h) = (75_u32, 41_u32);
        let at = |x: u32, y: u32| [(x * 3 + y) as u8, (y * 5) as u8, (x ^ y) as u8];
        let data = (0..h).flat_map(|y| (0..w).flat_map(move |x| at(x, y)));
        let coded = Pixels::new(data.collect(), w, h, Layout::Rgb).unwrap();
        for (orientation, from) in [
            (2, [w - 1 - 7, 9]),
            (3, [w - 1 - 7, h - 1 - 9]),
            (4, [7, h - 1 - 9]),
            (5, [9, 7]),
            (6, [9, h - 1 - 7]),
            (7, [w - 1 - 9, h - 1 - 7]),
            (8, [w - 1 - 9, 7]),
        ] {
            let upright = coded.clone().upright(orientation);
            let [x, y] = from;
            assert_eq!(upright.row(9)[21..24], at(x, y), "{orientation}");
        }
    }

    #[test]
    fn a_viewing_copy_has_the_colours_where_they_are() {
        // The left half in one tint, the right in another.
        let (left, right) = ([90, 60, 200], [90, 190, 70]);
        let row = [left.repeat(20), right.repeat(20)].concat();
        let picture = Pixels::new(row.repeat(30), 40, 30, Layout::YCbCr).unwrap();
        let luma = picture.luma_reduced(8).into_luma();
        let copy = picture.tints(8, 6).unwrap().with_luma(&luma).unwrap();
        let reduced = picture.reduced(8);
        assert_eq!(copy.samples(), reduced.samples());
        // Never larger than itself, and of nothing else.
        assert!(picture.tints(80, 60).is_some());
        assert!(picture.tints(8, 5).unwrap().with_luma(&luma).is_none());
        let grey = Pixels::new(vec![9; 12], 4, 3, Layout::Gray).unwrap();
        assert!(grey.tints(2, 2).is_none());
    }

    #[test]
    fn every_channel_is_reduced_by_itself() {
        let data = [10, 20, 30, 30, 40, 50].repeat(2);
        let small = Pixels::new(data, 2, 2, Layout::Rgb).unwrap().reduced(1);
        assert_eq!((small.width_px, small.height_px), (1, 1));
        assert_eq!(small.data, [20, 30, 40]);
    }

    #[test]
    fn the_reduced_luma_is_the_luma_reduced() {
        let data: Vec<u8> = (0..8 * 6 * 3).map(|i| (i * 7 % 251) as u8).collect();
        for layout in [Layout::YCbCr, Layout::Rgb] {
            let picture = Pixels::new(data.clone(), 8, 6, layout).unwrap();
            let small = picture.luma_reduced(4);
            let whole = picture.luma();
            let same = crate::measure::decision_scale::shrink(whole.view().unwrap(), 4, 3);
            assert_eq!(small.into_luma(), same);
            let alone = picture.into_luma_if_coded();
            assert_eq!(alone.reduced(4).into_luma(), same);
        }
    }

    #[test]
    fn too_little_data_is_no_picture() {
        assert!(Pixels::new(vec![0; 11], 2, 2, Layout::Rgb).is_none());
        assert!(Pixels::new(vec![], 0, 2, Layout::Gray).is_none());
        let picture = Pixels::new(vec![0; 12], 2, 2, Layout::Rgb).unwrap();
        assert!(picture.clone().cropped_to_rows(0).is_none());
        assert_eq!(picture.cropped_to_rows(1).unwrap().height_px, 1);
    }
}
