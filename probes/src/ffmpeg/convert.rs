//! Decoded frames → 8-bit luma, small colour copies, float samples.

use std::ptr;

use ffmpeg_next::ffi;
use ffmpeg_next::ffi::{AVPixelFormat, AVSampleFormat};

use super::decode::{direct_luma, plane};
use super::text;
use crate::media::{ColourPicture, Plane};

/// Channels that are looked at; a recording has one to eight.
const CHANNELS_MAX: usize = 8;

/// The number of a pixel format as FFmpeg's type.
fn pixel_format(number: i32) -> Option<AVPixelFormat> {
    let known = (0..AVPixelFormat::AV_PIX_FMT_NB as i32).contains(&number);
    // SAFETY: the type is generated from the headers of the linked FFmpeg and
    // has a variant for every number below its own count.
    known.then(|| unsafe { std::mem::transmute::<i32, AVPixelFormat>(number) })
}

pub(super) fn descriptor(number: i32) -> Option<&'static ffi::AVPixFmtDescriptor> {
    // SAFETY: a static table entry or null.
    unsafe { ffi::av_pix_fmt_desc_get(pixel_format(number)?).as_ref() }
}

/// FFmpeg's name of a pixel format.
pub(super) fn pixel_format_name(number: i32) -> Option<String> {
    // SAFETY: a static string or null.
    unsafe { text(ffi::av_get_pix_fmt_name(pixel_format(number)?)) }
}

/// True for formats that hold red, green and blue instead of luma.
pub(super) fn is_rgb(number: i32) -> bool {
    descriptor(number).is_some_and(|d| {
        d.flags & (ffi::AV_PIX_FMT_FLAG_RGB | ffi::AV_PIX_FMT_FLAG_PAL) as u64 != 0
    })
}

/// True if the frame says that black is 0 and white 255.
pub(super) fn is_full_range(frame: &ffi::AVFrame) -> bool {
    // SAFETY: the field is there; read as a number, since its value may come
    // from the bitstream and a number may be anything.
    let range = unsafe { (&raw const frame.color_range).cast::<u32>().read() };
    range == ffi::AVColorRange::AVCOL_RANGE_JPEG as u32
}

/// Buffers that are used again for every frame.
#[derive(Debug, Default)]
pub struct Scratch {
    luma: Vec<u8>,
    samples: Vec<f32>,
}

impl Scratch {
    /// The frame's luma in 8 bits, borrowed where it is stored so.
    pub(super) fn luma<'a>(&'a mut self, frame: &'a ffi::AVFrame) -> Option<Plane<'a>> {
        let width = u32::try_from(frame.width).ok().filter(|n| *n > 0)?;
        let height = u32::try_from(frame.height).ok().filter(|n| *n > 0)?;
        let d = descriptor(frame.format)?;
        let odd = ffi::AV_PIX_FMT_FLAG_RGB
            | ffi::AV_PIX_FMT_FLAG_PAL
            | ffi::AV_PIX_FMT_FLAG_BITSTREAM
            | ffi::AV_PIX_FMT_FLAG_HWACCEL
            | ffi::AV_PIX_FMT_FLAG_BAYER
            | ffi::AV_PIX_FMT_FLAG_FLOAT;
        let y = d.comp.first()?;
        let plain = d.flags & odd as u64 == 0 && y.plane == 0;
        if plain && y.depth == 8 && y.step == 1 && y.shift == 0 && frame.linesize[0] > 0 {
            return direct_luma(frame, width, height);
        }
        let is_big = d.flags & ffi::AV_PIX_FMT_FLAG_BE as u64 != 0;
        if plain && (9..=16).contains(&y.depth) && y.step == 2 && !is_big {
            // SAFETY: two bytes a pixel in the first plane, by the descriptor.
            let found = unsafe { plane(frame, 0, width as usize * 2, height as usize) };
            if let Some((data, stride)) = found {
                self.narrow(data, stride, width, height, (y.shift + y.depth - 8) as u32);
                return Plane::new(&self.luma, width, height, width as usize);
            }
        }
        self.scaled_luma(frame, width, height)
    }

    /// Keeps the upper eight of nine to sixteen bits.
    fn narrow(&mut self, data: &[u8], stride: usize, width: u32, height: u32, shift: u32) {
        self.luma.clear();
        for row in data.chunks(stride).take(height as usize) {
            let pixels = row.chunks_exact(2).take(width as usize);
            self.luma.extend(pixels.map(|p| {
                let value = u16::from(p[0]) | u16::from(p[1]) << 8;
                (value >> shift.min(15)).min(255) as u8
            }));
        }
    }

    /// Packed, palette and red-green-blue formats go through swscale.
    fn scaled_luma(&mut self, frame: &ffi::AVFrame, width: u32, height: u32) -> Option<Plane<'_>> {
        // swscale writes in vectors and may touch a little beyond each row.
        let stride = (width as usize).checked_add(63)? & !63;
        let length = stride.checked_mul(height as usize)?.checked_add(64)?;
        self.luma.clear();
        self.luma.resize(length, 0);
        let size = (width, height);
        scale(
            frame,
            size,
            AVPixelFormat::AV_PIX_FMT_GRAY8,
            &mut self.luma,
            stride,
        )?;
        Plane::new(&self.luma, width, height, stride)
    }

    /// The frame's samples as floats, channel after channel.
    pub(super) fn sound<'a>(&'a mut self, frame: &ffi::AVFrame) -> Option<(u32, &'a [f32])> {
        let all = usize::try_from(frame.ch_layout.nb_channels)
            .ok()
            .filter(|n| *n > 0)?;
        let channels = all.min(CHANNELS_MAX);
        let count = usize::try_from(frame.nb_samples).ok()?;
        let (bytes, is_planar) = sample_layout(frame.format)?;
        let row_channels = if is_planar { 1 } else { all };
        let row_bytes = count.checked_mul(bytes)?.checked_mul(row_channels)?;
        self.samples.clear();
        for channel in 0..channels {
            let (plane_index, offset) = if is_planar {
                (channel, 0)
            } else {
                (0, channel)
            };
            if frame.extended_data.is_null() {
                return None;
            }
            // SAFETY: a decoded audio frame has one plane a channel (planar) or
            // one in all, `row_bytes` long.
            let data = unsafe {
                let pointer = *frame.extended_data.add(plane_index);
                if pointer.is_null() {
                    return None;
                }
                std::slice::from_raw_parts(pointer, row_bytes)
            };
            let step = bytes * row_channels;
            let start = offset * bytes;
            self.samples.extend(
                data.chunks_exact(step)
                    .filter_map(|group| group.get(start..start + bytes))
                    .map(|sample| as_float(frame.format, sample)),
            );
        }
        Some((channels as u32, &self.samples))
    }
}

/// Bytes a sample, and whether each channel has its own plane.
fn sample_layout(format: i32) -> Option<(usize, bool)> {
    use AVSampleFormat as F;
    const LAYOUTS: [(F, usize, bool); 10] = [
        (F::AV_SAMPLE_FMT_U8, 1, false),
        (F::AV_SAMPLE_FMT_S16, 2, false),
        (F::AV_SAMPLE_FMT_S32, 4, false),
        (F::AV_SAMPLE_FMT_FLT, 4, false),
        (F::AV_SAMPLE_FMT_DBL, 8, false),
        (F::AV_SAMPLE_FMT_U8P, 1, true),
        (F::AV_SAMPLE_FMT_S16P, 2, true),
        (F::AV_SAMPLE_FMT_S32P, 4, true),
        (F::AV_SAMPLE_FMT_FLTP, 4, true),
        (F::AV_SAMPLE_FMT_DBLP, 8, true),
    ];
    LAYOUTS
        .iter()
        .find(|(known, ..)| *known as i32 == format)
        .map(|(_, bytes, is_planar)| (*bytes, *is_planar))
}

/// One sample in the machine's byte order as −1.0 to 1.0; a value that is no
/// number counts as silence.
fn as_float(format: i32, sample: &[u8]) -> f32 {
    use AVSampleFormat as F;
    let is = |a: F, b: F| format == a as i32 || format == b as i32;
    let value = match *sample {
        [a] => (f32::from(a) - 128.0) / 128.0,
        [a, b] => f32::from(i16::from_ne_bytes([a, b])) / 32_768.0,
        [a, b, c, d] if is(F::AV_SAMPLE_FMT_FLT, F::AV_SAMPLE_FMT_FLTP) => {
            f32::from_ne_bytes([a, b, c, d])
        }
        [a, b, c, d] => i32::from_ne_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
        [a, b, c, d, e, f, g, h] => f64::from_ne_bytes([a, b, c, d, e, f, g, h]) as f32,
        _ => 0.0,
    };
    if value.is_finite() { value } else { 0.0 }
}

/// A colour copy of the frame, its longer side at most `long_side_px`.
pub(super) fn small_colour(frame: &ffi::AVFrame, long_side_px: u32) -> Option<ColourPicture> {
    let width = u32::try_from(frame.width).ok().filter(|n| *n > 0)?;
    let height = u32::try_from(frame.height).ok().filter(|n| *n > 0)?;
    let long = width.max(height);
    let target = long_side_px.min(long).clamp(16, 4096);
    let fit = |side: u32| ((u64::from(side) * u64::from(target) / u64::from(long)) as u32).max(1);
    let (w, h) = (fit(width), fit(height));
    let row = w as usize * 3;
    let stride = (row + 63) & !63;
    let mut padded = vec![0u8; stride * h as usize + 64];
    scale(
        frame,
        (w, h),
        AVPixelFormat::AV_PIX_FMT_RGB24,
        &mut padded,
        stride,
    )?;
    let rgb = padded
        .chunks(stride)
        .take(h as usize)
        .flat_map(|r| r.iter().take(row).copied())
        .collect();
    Some(ColourPicture {
        width_px: w,
        height_px: h,
        rgb,
    })
}

/// Scales a whole frame into one packed plane of `out`.
pub(super) fn scale(
    frame: &ffi::AVFrame,
    (width, height): (u32, u32),
    format: AVPixelFormat,
    out: &mut [u8],
    stride: usize,
) -> Option<()> {
    let source = pixel_format(frame.format)?;
    if out.len() < stride.checked_mul(height as usize)? {
        return None;
    }
    let strides = [i32::try_from(stride).ok()?, 0, 0, 0];
    let (w, h) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
    // SAFETY: the frame is valid and software-decoded; `out` holds `height`
    // rows of `stride` bytes, enough for the packed target format plus the
    // slack that vector code may write; the context is freed on every path.
    unsafe {
        if ffi::sws_isSupportedInput(source) == 0 {
            return None;
        }
        let context = ffi::sws_getContext(
            frame.width,
            frame.height,
            source,
            w,
            h,
            format,
            ffi::SWS_AREA | ffi::SWS_ACCURATE_RND,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
        );
        if context.is_null() {
            return None;
        }
        let planes = [
            out.as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        ];
        let rows = ffi::sws_scale(
            context,
            frame.data.as_ptr().cast(),
            frame.linesize.as_ptr(),
            0,
            frame.height,
            planes.as_ptr(),
            strides.as_ptr(),
        );
        ffi::sws_freeContext(context);
        (rows == h).then_some(())
    }
}
