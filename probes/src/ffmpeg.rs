//! THE CELL: all unsafe code and all of FFmpeg. Bytes → plain data.
//!
//! Invariants of this room:
//! - FFmpeg never gets a path and has no protocol: it reads one descriptor
//!   through callbacks, so a playlist that calls itself a video opens nothing.
//! - Only the demuxers of [`FORMATS`] and the decoders of [`CODECS`] run.
//! - What leaves is plain data whose slices were checked against their sizes.
//! - Every FFmpeg object has one owner that frees it when dropped.
//!
//! It is no defence against a fault inside FFmpeg; that is what the child
//! process around the probe is for.

#![allow(unsafe_code)]

mod convert;
mod decode;
mod demux;
mod io;
mod log;
mod samples;
mod still;

use ffmpeg_next::ffi;

pub use convert::Scratch;
pub use decode::{Colour, DecodeFault, Decoded, DecodedPicture};
pub use demux::{Input, OpenError, ReadError};
pub use still::StillDecoder;

/// Demuxers that may run, by FFmpeg's short names: what cameras, phones, body
/// cameras, recorders and messengers write. No playlists, no image sequences
/// and nothing that opens a second file.
pub const FORMATS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,\
flv,asf,h264,hevc,wav,aac,mp3,amr,flac,ogg";

/// Decoders that may run, by FFmpeg's codec names.
pub const CODECS: &[&str] = &[
    "h264",
    "hevc",
    "av1",
    "vp8",
    "vp9",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "msmpeg4v2",
    "msmpeg4v3",
    "h263",
    "h263p",
    "flv1",
    "mjpeg",
    "dvvideo",
    "prores",
    "rawvideo",
    "cinepak",
    "indeo3",
    "indeo5",
    "svq3",
    "wmv1",
    "wmv2",
    "wmv3",
    "vc1",
    "aac",
    "aac_latm",
    "mp1",
    "mp2",
    "mp3",
    "ac3",
    "eac3",
    "opus",
    "vorbis",
    "flac",
    "alac",
    "amr_nb",
    "amr_wb",
    "pcm_s8",
    "pcm_u8",
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_s24be",
    "pcm_s32le",
    "pcm_s32be",
    "pcm_f32le",
    "pcm_f32be",
    "pcm_f64le",
    "pcm_alaw",
    "pcm_mulaw",
    "adpcm_ima_wav",
    "adpcm_ima_qt",
    "adpcm_ms",
    "adpcm_g722",
    "adpcm_g726",
    "adpcm_g726le",
    "adpcm_swf",
    "gsm",
    "gsm_ms",
    "qdm2",
    "wmav1",
    "wmav2",
    "wmapro",
    "wmalossless",
    "wmavoice",
];

/// Bounds on what a hostile file can make FFmpeg do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads a decoder may use.
    pub threads: u8,
    /// Bytes read to find out what the file is and what its tracks hold.
    pub probe_bytes: u32,
    /// Stretch of the recording read for the same purpose.
    pub analyze_s: u32,
    /// Most tracks.
    pub tracks_max: u16,
    /// Most pixels of a picture.
    pub pixels_max: u32,
    /// Largest single allocation in FFmpeg.
    pub alloc_max_bytes: usize,
    /// Most packets; a 24-hour recording at 60 pictures a second with sound
    /// has about ten million.
    pub packets_max: u64,
}

impl Default for Limits {
    /// research/ingest.md section 6; the packet count is derived above.
    fn default() -> Self {
        Self {
            threads: 1,
            probe_bytes: 5_000_000,
            analyze_s: 5,
            tracks_max: 64,
            pixels_max: 200_000_000,
            alloc_max_bytes: 512 << 20,
            packets_max: 20_000_000,
        }
    }
}

/// FFmpeg's release name as linked, such as `5.1.7-0+deb12u1`.
pub fn version() -> String {
    // SAFETY: `av_version_info` returns a static, terminated string.
    unsafe { text(ffi::av_version_info()) }.unwrap_or_default()
}

/// Copies a C string; `None` for a null pointer.
///
/// # Safety
/// `pointer` is null or points to a terminated string that lives for the call.
unsafe fn text(pointer: *const std::ffi::c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: promised by the caller.
    let text = unsafe { std::ffi::CStr::from_ptr(pointer) };
    Some(text.to_string_lossy().into_owned())
}

/// FFmpeg's words for an error number.
fn error_text(code: i32) -> String {
    let mut buffer = [0 as std::ffi::c_char; 128];
    // SAFETY: the buffer is as long as stated and `av_strerror` terminates it.
    unsafe {
        ffi::av_strerror(code, buffer.as_mut_ptr(), buffer.len());
        text(buffer.as_ptr()).unwrap_or_default()
    }
}
