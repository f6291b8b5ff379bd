//! A decoded picture → all its samples in 8 bits, full range.

use ffmpeg_next::ffi;
use ffmpeg_next::ffi::AVPixelFormat;

use super::convert::{descriptor, is_full_range, pixel_format_name, scale};
use super::decode::plane;
use crate::media::{SampledPicture, Samples};

/// The samples and the depth they were coded with.
pub(super) fn of(
    frame: &ffi::AVFrame,
    full_range: Option<bool>,
    with_colours: bool,
) -> Option<(SampledPicture, u8)> {
    let width = usize::try_from(frame.width).ok().filter(|n| *n > 0)?;
    let height = usize::try_from(frame.height).ok().filter(|n| *n > 0)?;
    let d = descriptor(frame.format)?;
    let depth = d.comp.first().map(|c| c.depth)?;
    let depth = u8::try_from(depth).ok()?;
    if !is_planar_yuv(d) {
        return rgb(frame, width, height).map(|picture| (picture, depth));
    }
    let is_full = full_range.unwrap_or_else(|| {
        is_full_range(frame)
            || pixel_format_name(frame.format).is_some_and(|name| name.starts_with("yuvj"))
    });
    let luma = Channel::new(
        frame,
        d,
        0,
        (width, height),
        table(is_full, 219.0, 16.0, 0.0),
    )?;
    let colours = (with_colours && d.nb_components >= 3)
        .then(|| {
            let table = || table(is_full, 224.0, 128.0, 128.0);
            Some((
                Channel::new(frame, d, 1, (width, height), table())?,
                Channel::new(frame, d, 2, (width, height), table())?,
            ))
        })
        .flatten();
    let (samples, data) = match colours {
        None => (Samples::Luma, gray(&luma, width, height)),
        Some((blue, red)) => (Samples::YCbCr, ycbcr([&luma, &blue, &red], width, height)),
    };
    let picture = SampledPicture {
        width_px: width as u32,
        height_px: height as u32,
        samples,
        data,
    };
    Some((picture, depth))
}

/// True for luma and colour differences in planes of their own, little-endian.
fn is_planar_yuv(d: &ffi::AVPixFmtDescriptor) -> bool {
    let odd = ffi::AV_PIX_FMT_FLAG_RGB
        | ffi::AV_PIX_FMT_FLAG_PAL
        | ffi::AV_PIX_FMT_FLAG_BITSTREAM
        | ffi::AV_PIX_FMT_FLAG_HWACCEL
        | ffi::AV_PIX_FMT_FLAG_BAYER
        | ffi::AV_PIX_FMT_FLAG_FLOAT
        | ffi::AV_PIX_FMT_FLAG_BE;
    let used = if d.nb_components >= 3 { 3 } else { 1 };
    d.flags & odd as u64 == 0
        && d.comp.iter().take(used).enumerate().all(|(i, c)| {
            let bytes = if c.depth > 8 { 2 } else { 1 };
            c.plane as usize == i && c.step == bytes && (8..=16).contains(&c.depth)
        })
}

/// From a sample's upper eight bits to full range: `zero` is the sample of
/// `middle`, `span` the limited range's steps (ITU-R BT.601-7, table 3).
fn table(is_full: bool, span: f32, zero: f32, middle: f32) -> [u8; 256] {
    std::array::from_fn(|sample| {
        let sample = sample as f32;
        if is_full {
            sample as u8
        } else {
            ((sample - zero) * 255.0 / span + middle)
                .round()
                .clamp(0.0, 255.0) as u8
        }
    })
}

/// One plane of a frame, read at the picture's own resolution.
struct Channel<'a> {
    data: &'a [u8],
    stride: usize,
    /// Picture rows and columns a row and column of the plane, as powers of 2.
    shifts: (u32, u32),
    bytes: usize,
    /// Bits below the upper eight.
    below: u32,
    table: [u8; 256],
}

impl<'a> Channel<'a> {
    fn new(
        frame: &'a ffi::AVFrame,
        d: &ffi::AVPixFmtDescriptor,
        index: usize,
        (width, height): (usize, usize),
        table: [u8; 256],
    ) -> Option<Self> {
        let component = d.comp.get(index)?;
        let shifts = if index == 0 {
            (0, 0)
        } else {
            (u32::from(d.log2_chroma_w), u32::from(d.log2_chroma_h))
        };
        let bytes = if component.depth > 8 { 2 } else { 1 };
        let columns = width.div_ceil(1 << shifts.0.min(3));
        let rows = height.div_ceil(1 << shifts.1.min(3));
        // SAFETY: by the descriptor this plane has `rows` rows of `columns`
        // samples of `bytes` bytes.
        let (data, stride) = unsafe { plane(frame, index, columns * bytes, rows) }?;
        Some(Self {
            data,
            stride,
            shifts: (shifts.0.min(3), shifts.1.min(3)),
            bytes,
            below: (component.depth + component.shift - 8).clamp(0, 8) as u32,
            table,
        })
    }

    /// Reads the plane's row that covers row `y` of a picture `width` wide.
    fn read(&self, y: usize, width: usize, into: &mut Vec<u8>) {
        into.clear();
        let start = (y >> self.shifts.1) * self.stride;
        let columns = width.div_ceil(1 << self.shifts.0);
        let end = start.saturating_add(columns * self.bytes);
        let row = self.data.get(start..end).unwrap_or_default();
        let in_full = |upper: u8| self.table[usize::from(upper)];
        if self.bytes == 1 {
            into.extend(row.iter().map(|sample| in_full(*sample)));
        } else {
            let (samples, _) = row.as_chunks::<2>();
            into.extend(samples.iter().map(|sample| {
                let upper = u16::from_le_bytes(*sample) >> self.below;
                in_full(upper.min(255) as u8)
            }));
        }
    }
}

fn gray(luma: &Channel<'_>, width: usize, height: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(width * height);
    let mut row = Vec::with_capacity(width);
    for y in 0..height {
        luma.read(y, width, &mut row);
        data.extend_from_slice(&row);
    }
    data
}

fn ycbcr(channels: [&Channel<'_>; 3], width: usize, height: usize) -> Vec<u8> {
    let mut data = vec![0; width * height * 3];
    let mut rows = [Vec::new(), Vec::new(), Vec::new()];
    let [_, blue, _] = channels;
    let shift = blue.shifts.0;
    for (y, out) in data.chunks_exact_mut(width * 3).enumerate() {
        for (channel, row) in channels.iter().zip(&mut rows) {
            channel.read(y, width, row);
        }
        let [luma, blue, red] = &rows;
        let (pixels, _) = out.as_chunks_mut::<3>();
        for (x, (pixel, sample)) in pixels.iter_mut().zip(luma).enumerate() {
            let colour = |row: &[u8]| row.get(x >> shift).copied().unwrap_or(128);
            *pixel = [*sample, colour(blue), colour(red)];
        }
    }
    data
}

/// Palette, packed and red-green-blue formats go through swscale.
fn rgb(frame: &ffi::AVFrame, width: usize, height: usize) -> Option<SampledPicture> {
    let row = width.checked_mul(3)?;
    // swscale writes in vectors and may touch a little beyond each row.
    let stride = row.checked_add(63)? & !63;
    let mut padded = vec![0; stride.checked_mul(height)?.checked_add(64)?];
    let size = (width as u32, height as u32);
    scale(
        frame,
        size,
        AVPixelFormat::AV_PIX_FMT_RGB24,
        &mut padded,
        stride,
    )?;
    let rows = padded.chunks(stride).take(height);
    Some(SampledPicture {
        width_px: size.0,
        height_px: size.1,
        samples: Samples::Rgb,
        data: rows.flat_map(|r| r.iter().take(row).copied()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn limited_range_is_spread_and_full_range_is_left() {
        let luma = table(false, 219.0, 16.0, 0.0);
        assert_eq!((luma[0], luma[16], luma[235], luma[255]), (0, 0, 255, 255));
        let colour = table(false, 224.0, 128.0, 128.0);
        assert_eq!((colour[16], colour[128], colour[240]), (1, 128, 255));
        assert!(table(true, 219.0, 16.0, 0.0).into_iter().eq(0..=255));
    }
}
