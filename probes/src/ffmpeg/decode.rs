//! Packets → pictures and sound.

use ffmpeg_next::{error::EAGAIN, ffi};

use super::convert::{self, Scratch};
use super::demux::Options;
use super::{CODECS, Limits, error_text, text};
use crate::media::{ColourPicture, Picture, Plane, SampledPicture, Sound};

/// Most frames that one packet may yield; real packets yield one, superframes
/// and audio packets a few.
const FRAMES_A_PACKET_MAX: u32 = 4096;

/// The decoder refused or failed on a packet; the next one may be fine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("decoding failed: {0}")]
pub struct DecodeFault(pub String);

/// What came out of a decoder.
pub enum Decoded<'a> {
    /// A picture, which may be kept or sent to another thread.
    Picture(DecodedPicture),
    /// A stretch of sound.
    Sound(Sound<'a>),
    /// Sound whose format cannot be read: which, for the record.
    Strange(String),
}

/// A decoded picture, whose pixels are counted by the decoder as in use as long
/// as this is there.
pub struct DecodedPicture {
    frame: Frame,
    tick_s: f64,
}

impl DecodedPicture {
    fn frame(&self) -> &ffi::AVFrame {
        // SAFETY: allocated and owned.
        unsafe { &*self.frame.0 }
    }

    /// When it is shown, seconds on the container's clock.
    pub fn time_s(&self) -> Option<f64> {
        time_s(self.frame(), self.tick_s)
    }

    /// A colour copy whose longer side is at most `long_side_px`.
    pub fn small(&self, long_side_px: u32) -> Option<ColourPicture> {
        convert::small_colour(self.frame(), long_side_px)
    }

    /// All its samples in 8 bits, black 0 and white 255, and the depth they
    /// were coded with; only the luma if colours are not wanted. `full_range`
    /// overrules what the coded picture says of itself. `None` for a pixel
    /// format that cannot be shown.
    pub fn samples(
        &self,
        full_range: Option<bool>,
        with_colours: bool,
    ) -> Option<(SampledPicture, u8)> {
        super::samples::of(self.frame(), full_range, with_colours)
    }

    /// True if the decoder concealed damage in it.
    pub fn is_damaged(&self) -> bool {
        is_damaged(self.frame())
    }

    /// Width and height.
    pub fn size_px(&self) -> (u32, u32) {
        let side = |side_px| u32::try_from(side_px).unwrap_or(0);
        (side(self.frame().width), side(self.frame().height))
    }

    /// The picture to look at, and a way to a small colour copy of it; the name
    /// of the pixel format if it cannot be shown.
    pub fn show<'a>(
        &'a self,
        scratch: &'a mut Scratch,
    ) -> Result<(Picture<'a>, Colour<'a>), String> {
        let frame = self.frame();
        let name = convert::pixel_format_name(frame.format).unwrap_or_default();
        let luma = scratch
            .luma(frame)
            .ok_or_else(|| format!("pixel format {name}"))?;
        let picture = Picture {
            luma,
            full_range: convert::is_full_range(frame)
                || name.starts_with("yuvj")
                || convert::is_rgb(frame.format),
            time_s: self.time_s(),
            key: frame.key_frame != 0,
            damaged: is_damaged(frame),
        };
        Ok((picture, Colour(frame)))
    }
}

/// The decoded frame behind a [`Picture`], for the few that become stills.
pub struct Colour<'a>(&'a ffi::AVFrame);

impl Colour<'_> {
    /// A colour copy whose longer side is at most `long_side_px`.
    pub fn small(&self, long_side_px: u32) -> Option<ColourPicture> {
        convert::small_colour(self.0, long_side_px)
    }
}

/// An `AVFrame` and its owner.
pub(super) struct Frame(*mut ffi::AVFrame);

impl Frame {
    pub(super) fn new() -> Option<Self> {
        // SAFETY: returns null if memory is short.
        let frame = unsafe { ffi::av_frame_alloc() };
        (!frame.is_null()).then_some(Self(frame))
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { ffi::av_frame_free(&mut self.0) };
    }
}

// SAFETY: nothing in a frame belongs to a thread, and its buffers are counted
// atomically; it has one owner and cannot be shared.
unsafe impl Send for Frame {}

fn time_s(frame: &ffi::AVFrame, tick_s: f64) -> Option<f64> {
    (frame.best_effort_timestamp != ffi::AV_NOPTS_VALUE)
        .then_some(frame.best_effort_timestamp as f64 * tick_s)
}

fn is_damaged(frame: &ffi::AVFrame) -> bool {
    frame.decode_error_flags != 0 || frame.flags & ffi::AV_FRAME_FLAG_CORRUPT != 0
}

/// An open decoder of one track.
pub(super) struct Decoder {
    context: *mut ffi::AVCodecContext,
    tick_s: f64,
    scratch: Scratch,
}

impl Decoder {
    pub(super) fn open(stream: &ffi::AVStream, limits: &Limits) -> Result<Self, String> {
        // SAFETY: every stream of an open input has its parameters.
        unsafe { Self::with_parameters(&*stream.codecpar, stream.time_base, limits) }
    }

    /// # Safety
    /// The parameters' own buffers are as long as they say.
    pub(super) unsafe fn with_parameters(
        parameters: &ffi::AVCodecParameters,
        base: ffi::AVRational,
        limits: &Limits,
    ) -> Result<Self, String> {
        // SAFETY: the parameters are sound, as promised; each result is checked.
        unsafe {
            let name = text(ffi::avcodec_get_name(parameters.codec_id)).unwrap_or_default();
            if !CODECS.contains(&name.as_str()) {
                return Err(format!("codec {name} is not on the list of decoders"));
            }
            let codec = ffi::avcodec_find_decoder(parameters.codec_id);
            if codec.is_null() {
                return Err(format!("this FFmpeg has no decoder for {name}"));
            }
            let context = ffi::avcodec_alloc_context3(codec);
            if context.is_null() {
                return Err("no memory for a decoder".to_owned());
            }
            let decoder = Self {
                context,
                tick_s: f64::from(base.num) / f64::from(base.den.max(1)),
                scratch: Scratch::default(),
            };
            let code = ffi::avcodec_parameters_to_context(context, parameters);
            if code < 0 {
                return Err(error_text(code));
            }
            (*context).pkt_timebase = base;
            (*context).thread_count = i32::from(limits.threads.max(1));
            (*context).max_pixels = i64::from(limits.pixels_max);
            let mut options = Options::default();
            let code = ffi::avcodec_open2(context, codec, &mut options.0);
            if code < 0 {
                return Err(format!(
                    "the {name} decoder does not open: {}",
                    error_text(code)
                ));
            }
            Ok(decoder)
        }
    }

    /// Sends one packet, or the end of the data if `packet` is null, and shows
    /// every frame that comes out.
    pub(super) fn decode(
        &mut self,
        packet: *const ffi::AVPacket,
        frame: &mut Frame,
        show: &mut dyn FnMut(Decoded<'_>),
    ) -> Result<(), DecodeFault> {
        // SAFETY: context and frame are owned and valid, the packet is null or
        // valid; the frame is released before it is used again.
        unsafe {
            let sent = ffi::avcodec_send_packet(self.context, packet);
            let mut fault = (sent < 0 && sent != ffi::AVERROR_EOF).then_some(sent);
            for _ in 0..FRAMES_A_PACKET_MAX {
                let code = ffi::avcodec_receive_frame(self.context, frame.0);
                if code < 0 {
                    if code != ffi::AVERROR(EAGAIN) && code != ffi::AVERROR_EOF {
                        fault = fault.or(Some(code));
                        // At the end of the data the decoder may hold good
                        // frames behind a bad one.
                        if packet.is_null() {
                            continue;
                        }
                    }
                    break;
                }
                if (*frame.0).nb_samples > 0 {
                    self.show_sound(&*frame.0, show);
                    ffi::av_frame_unref(frame.0);
                    continue;
                }
                let own = Frame::new().ok_or_else(|| DecodeFault("no memory".to_owned()))?;
                ffi::av_frame_move_ref(own.0, frame.0);
                show(Decoded::Picture(DecodedPicture {
                    frame: own,
                    tick_s: self.tick_s,
                }));
            }
            match fault {
                Some(code) => Err(DecodeFault(error_text(code))),
                None => Ok(()),
            }
        }
    }

    /// Makes ready for data that have nothing to do with what came before, also
    /// after the end of the data was sent.
    pub(super) fn forget(&mut self) {
        // SAFETY: an open decoder, owned here.
        unsafe { ffi::avcodec_flush_buffers(self.context) };
    }

    fn show_sound(&mut self, frame: &ffi::AVFrame, show: &mut dyn FnMut(Decoded<'_>)) {
        match self.scratch.sound(frame) {
            Some((channels, samples)) => show(Decoded::Sound(Sound {
                time_s: time_s(frame, self.tick_s),
                sample_rate_hz: u32::try_from(frame.sample_rate).unwrap_or(0),
                channels,
                samples,
                damaged: is_damaged(frame),
            })),
            None => show(Decoded::Strange(format!("sample format {}", frame.format))),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { ffi::avcodec_free_context(&mut self.context) };
    }
}

/// The bytes of plane `index` as FFmpeg allocated them, first row first.
///
/// # Safety
/// `frame` is a decoded software frame with at least `rows` rows of at least
/// `row_bytes` bytes in that plane.
pub(super) unsafe fn plane(
    frame: &ffi::AVFrame,
    index: usize,
    row_bytes: usize,
    rows: usize,
) -> Option<(&[u8], usize)> {
    let pointer = *frame.data.get(index)?;
    // Rows stored from the bottom up have a negative distance.
    let stride = usize::try_from(*frame.linesize.get(index)?).ok()?;
    if pointer.is_null() || stride < row_bytes || rows == 0 {
        return None;
    }
    let length = stride.checked_mul(rows - 1)?.checked_add(row_bytes)?;
    // SAFETY: promised by the caller; the bytes live as long as the frame.
    Some((
        unsafe { std::slice::from_raw_parts(pointer, length) },
        stride,
    ))
}

/// A view of an 8-bit luma plane, if the frame has one as it is.
pub(super) fn direct_luma(frame: &ffi::AVFrame, width: u32, height: u32) -> Option<Plane<'_>> {
    // SAFETY: the caller found an 8-bit planar luma format, whose first plane
    // has one byte a pixel.
    let (data, stride) = unsafe { plane(frame, 0, width as usize, height as usize) }?;
    Plane::new(data, width, height, stride)
}
