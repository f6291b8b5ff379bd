//! Opening a file and reading its packets.

use std::ffi::CString;
use std::fs::File;
use std::ops::Range;
use std::ptr;

use ffmpeg_next::ffi;

use super::decode::{DecodeFault, Decoded, Decoder, Frame};
use super::io::{HEAD_BYTES, Io};
use super::{CODECS, FORMATS, Limits, error_text, log, text};
use crate::measurements::Track;
use crate::media::Packet;

/// Below this score FFmpeg itself would like to see more data
/// (`AVPROBE_SCORE_RETRY`); with all data seen it is a guess.
const PROBE_SCORE_MIN: i32 = 25;

/// Why a file could not be opened as a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The file's fault: no allowed demuxer reads it.
    #[error("not readable as a recording: {0}")]
    Unreadable(String),
    /// Ours: memory or the descriptor.
    #[error("could not set up reading: {0}")]
    Setup(&'static str),
}

/// Reading ended before the data did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The demuxer gave up.
    #[error("reading stopped: {0}")]
    Broken(String),
    /// [`Limits::packets_max`].
    #[error("reading stopped at the limit of {0} packets")]
    TooMany(u64),
}

/// An open file.
///
/// Edit lists of MOV and MP4 are applied as one shift of the track's times
/// (`advanced_editlist=0`): every packet of the file is seen, hidden ones too,
/// in the order and with the steps that were recorded, while sound and picture
/// keep their relation. What the list hides is read from the list itself.
pub struct Input {
    context: *mut ffi::AVFormatContext,
    packet: *mut ffi::AVPacket,
    frame: Frame,
    decoders: Vec<Option<Decoder>>,
    packets_left: u64,
    limits: Limits,
    heads_only: bool,
    // Dropped last: the context reads through it.
    io: Io,
}

impl Input {
    /// Opens what the descriptor holds, from its start.
    pub fn open(file: &File, limits: Limits) -> Result<Self, OpenError> {
        Self::open_part(file, 0..u64::MAX, limits)
    }

    /// Opens what a part of the file holds, as if there were nothing else.
    pub fn open_part(file: &File, part: Range<u64>, limits: Limits) -> Result<Self, OpenError> {
        log::install();
        log::take();
        let io = Io::new(file, part).ok_or(OpenError::Setup("no input buffer"))?;
        let frame = Frame::new().ok_or(OpenError::Setup("no frame"))?;
        // SAFETY: each object is checked before use. `avformat_open_input`
        // frees the context itself when it fails, and never `pb`, which is ours.
        unsafe {
            ffi::av_max_alloc(limits.alloc_max_bytes);
            let mut context = ffi::avformat_alloc_context();
            if context.is_null() {
                return Err(OpenError::Setup("no format context"));
            }
            (*context).pb = io.context();
            (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
            (*context).probesize = i64::from(limits.probe_bytes);
            (*context).format_probesize = limits.probe_bytes.min(1 << 20) as i32;
            (*context).max_analyze_duration = i64::from(limits.analyze_s) * 1_000_000;
            (*context).max_streams = i32::from(limits.tracks_max);
            (*context).io_open = Some(refuse_open);

            let mut options = Options::default();
            options.set("format_whitelist", FORMATS);
            options.set("protocol_whitelist", "");
            options.set("codec_whitelist", &CODECS.join(","));
            options.set("advanced_editlist", "0");
            let code =
                ffi::avformat_open_input(&mut context, c"".as_ptr(), ptr::null(), &mut options.0);
            if code == ffi::AVERROR(ffmpeg_next::error::ENOMEM) {
                return Err(OpenError::Setup("not enough memory within the limit"));
            }
            if code < 0 {
                return Err(OpenError::Unreadable(error_text(code)));
            }
            let packet = ffi::av_packet_alloc();
            let mut input = Self {
                context,
                packet,
                frame,
                decoders: Vec::new(),
                packets_left: limits.packets_max,
                limits,
                heads_only: false,
                io,
            };
            if packet.is_null() {
                return Err(OpenError::Setup("no packet"));
            }
            if (*context).probe_score < PROBE_SCORE_MIN {
                return Err(OpenError::Unreadable("no known format".to_owned()));
            }
            // Failing here only means that less is known of the tracks.
            input.find_tracks();
            if (*context).nb_streams == 0 {
                return Err(OpenError::Unreadable("no tracks".to_owned()));
            }
            Ok(input)
        }
    }

    /// # Safety
    /// The context is open.
    unsafe fn find_tracks(&mut self) {
        // SAFETY: promised; one dictionary a track, each freed by its owner.
        unsafe {
            let count = (*self.context).nb_streams as usize;
            let mut owners: Vec<Options> = Vec::with_capacity(count);
            let mut raw: Vec<*mut ffi::AVDictionary> = Vec::with_capacity(count);
            for _ in 0..count {
                let mut options = Options::default();
                options.set("threads", "1");
                options.set("max_pixels", &self.limits.pixels_max.to_string());
                raw.push(options.0);
                owners.push(options);
            }
            ffi::avformat_find_stream_info(
                self.context,
                if raw.is_empty() {
                    ptr::null_mut()
                } else {
                    raw.as_mut_ptr()
                },
            );
            // FFmpeg may have replaced the dictionaries: the new ones are freed.
            for (owner, now) in owners.iter_mut().zip(raw) {
                owner.0 = now;
            }
        }
    }

    fn stream(&self, index: u32) -> Option<&ffi::AVStream> {
        // SAFETY: `streams` holds `nb_streams` valid pointers while the context
        // is open; the borrow ends before the context can change.
        unsafe {
            (index < (*self.context).nb_streams)
                .then(|| *(*self.context).streams.add(index as usize))
                .filter(|s| !s.is_null())
                .map(|s| &*s)
        }
    }

    /// Short name of the demuxer: `mov,mp4,m4a,3gp,3g2,mj2`, `mpegts` …
    pub fn format(&self) -> String {
        // SAFETY: an open input has a format with a static name.
        unsafe { text((*(*self.context).iformat).name) }.unwrap_or_default()
    }

    /// Duration of the whole as stated or estimated, in seconds.
    pub fn duration_s(&self) -> Option<f64> {
        // SAFETY: the context is open.
        let ticks = unsafe { (*self.context).duration };
        (ticks != ffi::AV_NOPTS_VALUE && ticks > 0).then_some(ticks as f64 / 1e6)
    }

    /// Seconds a tick of the track.
    pub fn tick_s(&self, track: u32) -> Option<f64> {
        let base = self.stream(track)?.time_base;
        (base.num > 0 && base.den > 0).then(|| f64::from(base.num) / f64::from(base.den))
    }

    /// When the track starts on the container's clock.
    pub fn start_s(&self, track: u32) -> Option<f64> {
        let start = self.stream(track)?.start_time;
        let tick_s = self.tick_s(track)?;
        (start != ffi::AV_NOPTS_VALUE).then_some(start as f64 * tick_s)
    }

    /// Pictures that the sample table of an ISO-BMFF file lists: exact there,
    /// a guess or nothing elsewhere. Of sound a packet may hold many samples.
    pub fn stated_pictures(&self, track: u32) -> Option<u64> {
        let stream = self.stream(track)?;
        // SAFETY: every stream of an open input has its parameters.
        let medium = unsafe { (*stream.codecpar).codec_type };
        let is_exact =
            medium == ffi::AVMediaType::AVMEDIA_TYPE_VIDEO && self.format().starts_with("mov,");
        u64::try_from(stream.nb_frames)
            .ok()
            .filter(|count| is_exact && *count > 0)
    }

    /// True if the track is a picture that belongs to the file as a whole
    /// (cover, poster), not a recording.
    pub fn is_cover(&self, track: u32) -> bool {
        self.stream(track)
            .is_some_and(|s| s.disposition & ffi::AV_DISPOSITION_ATTACHED_PIC != 0)
    }

    /// The four letters that name the track's coding in its container; zeros
    /// where the container has none.
    pub fn letters(&self, track: u32) -> [u8; 4] {
        self.stream(track).map_or([0; 4], |stream| {
            // SAFETY: every stream of an open input has its parameters.
            unsafe { (*stream.codecpar).codec_tag }.to_le_bytes()
        })
    }

    /// Every track in file order.
    pub fn tracks(&self) -> Vec<Track> {
        // SAFETY: the context is open.
        let count = unsafe { (*self.context).nb_streams };
        (0..count)
            .filter_map(|i| Some(track(i, self.stream(i)?)))
            .collect()
    }

    /// Makes ready to decode a track; says why if it cannot be decoded.
    pub fn decode_track(&mut self, track: u32) -> Result<(), String> {
        let stream = self.stream(track).ok_or("no such track")?;
        let decoder = Decoder::open(stream, &self.limits)?;
        let index = track as usize;
        if self.decoders.len() <= index {
            self.decoders.resize_with(index + 1, || None);
        }
        if let Some(slot) = self.decoders.get_mut(index) {
            *slot = Some(decoder);
        }
        Ok(())
    }

    /// Reads no more than the heads of large packets from now on, where the
    /// file has an index that tells their places and times (MP4, MOV).
    pub fn read_heads_only(&mut self) {
        if self.format().starts_with("mov,") {
            self.heads_only = true;
            self.io.read_heads_only();
        }
    }

    /// The next packet of any track; `None` at the end of the data.
    pub fn read(&mut self) -> Result<Option<Packet>, ReadError> {
        while self.packets_left > 0 {
            self.packets_left -= 1;
            // SAFETY: packet and context are valid; the old packet is released
            // before the new one is read into it.
            let (code, failed) = unsafe {
                ffi::av_packet_unref(self.packet);
                let code = ffi::av_read_frame(self.context, self.packet);
                (code, (*(*self.context).pb).error)
            };
            return match code {
                // It moved on and has nothing to show yet (MPEG-TS).
                again if again == ffi::AVERROR(ffmpeg_next::error::EAGAIN) => continue,
                // A demuxer also says "end" after an input error.
                ffi::AVERROR_EOF if failed < 0 && failed != ffi::AVERROR_EOF => {
                    Err(ReadError::Broken(error_text(failed)))
                }
                ffi::AVERROR_EOF => Ok(None),
                code if code < 0 => Err(ReadError::Broken(error_text(code))),
                // SAFETY: just read.
                _ => Ok(Some(plain(unsafe { &*self.packet }))),
            };
        }
        Err(ReadError::TooMany(self.limits.packets_max))
    }

    /// The bytes of the packet that [`Input::read`] returned last, or its head.
    pub fn payload(&self) -> &[u8] {
        // SAFETY: the packet is valid, empty or not; its bytes live until the
        // next call that changes it, which needs `self` for itself.
        let bytes = unsafe { slice((*self.packet).data, (*self.packet).size) };
        match bytes.get(..HEAD_BYTES) {
            Some(head) if self.heads_only => head,
            _ => bytes,
        }
    }

    /// The track's configuration record (`avcC`, `hvcC`) or parameter sets;
    /// empty if the container keeps none.
    pub fn configuration(&self, track: u32) -> &[u8] {
        self.stream(track).map_or(&[], |stream| {
            // SAFETY: every stream of an open input has its parameters; they
            // live as long as the input.
            unsafe {
                let parameters = stream.codecpar;
                slice((*parameters).extradata, (*parameters).extradata_size)
            }
        })
    }

    /// Decodes the packet that [`Input::read`] returned last, if its track was
    /// made ready, and shows what came out.
    pub fn decode(&mut self, show: &mut dyn FnMut(u32, Decoded<'_>)) -> Result<(), DecodeFault> {
        // SAFETY: the packet is valid, empty or not.
        let (track, is_empty) =
            unsafe { ((*self.packet).stream_index, (*self.packet).data.is_null()) };
        let Ok(track) = u32::try_from(track) else {
            return Ok(());
        };
        match self.decoders.get_mut(track as usize) {
            Some(Some(decoder)) if !is_empty => {
                decoder.decode(self.packet, &mut self.frame, &mut |d| show(track, d))
            }
            _ => Ok(()),
        }
    }

    /// Shows what the decoders still hold at the end of the data; tells which
    /// track's decoder failed in this.
    pub fn finish(&mut self, show: &mut dyn FnMut(u32, Decoded<'_>)) -> Vec<(u32, DecodeFault)> {
        let mut faults = Vec::new();
        for (track, decoder) in (0u32..).zip(self.decoders.iter_mut()) {
            if let Some(decoder) = decoder
                && let Err(fault) =
                    decoder.decode(ptr::null(), &mut self.frame, &mut |d| show(track, d))
            {
                faults.push((track, fault));
            }
        }
        faults
    }

    /// What FFmpeg said so far, bounded, each message once.
    pub fn take_messages(&mut self) -> Vec<String> {
        log::take()
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.decoders.clear();
        // SAFETY: both are owned here and freed once; the input's context
        // leaves `pb` alone (`AVFMT_FLAG_CUSTOM_IO`).
        unsafe {
            ffi::av_packet_free(&mut self.packet);
            ffi::avformat_close_input(&mut self.context);
        }
    }
}

/// A demuxer that asks for another file gets none, whatever it calls it.
unsafe extern "C" fn refuse_open(
    _context: *mut ffi::AVFormatContext,
    _io: *mut *mut ffi::AVIOContext,
    _url: *const std::ffi::c_char,
    _flags: i32,
    _options: *mut *mut ffi::AVDictionary,
) -> i32 {
    ffi::AVERROR(ffmpeg_next::error::EACCES)
}

/// # Safety
/// `data` is null or points to `size` bytes that live as long as the result.
unsafe fn slice<'a>(data: *const u8, size: i32) -> &'a [u8] {
    match usize::try_from(size) {
        // SAFETY: promised.
        Ok(size) if !data.is_null() => unsafe { std::slice::from_raw_parts(data, size) },
        _ => &[],
    }
}

/// An `AVDictionary` and its owner.
pub(super) struct Options(pub(super) *mut ffi::AVDictionary);

impl Default for Options {
    fn default() -> Self {
        Self(ptr::null_mut())
    }
}

impl Options {
    pub(super) fn set(&mut self, key: &str, value: &str) {
        // Our own words hold no zero byte.
        if let (Ok(key), Ok(value)) = (CString::new(key), CString::new(value)) {
            // SAFETY: both strings live for the call and are copied.
            unsafe { ffi::av_dict_set(&mut self.0, key.as_ptr(), value.as_ptr(), 0) };
        }
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: a null dictionary is allowed.
        unsafe { ffi::av_dict_free(&mut self.0) };
    }
}

fn plain(packet: &ffi::AVPacket) -> Packet {
    let known = |ticks: i64| (ticks != ffi::AV_NOPTS_VALUE).then_some(ticks);
    let flag = |bit: i32| packet.flags & bit != 0;
    let has = |kind| {
        // SAFETY: the packet is valid; only the pointer's presence is read.
        !unsafe { ffi::av_packet_get_side_data(packet, kind, ptr::null_mut()) }.is_null()
    };
    Packet {
        track: u32::try_from(packet.stream_index).unwrap_or(u32::MAX),
        pts_ticks: known(packet.pts),
        dts_ticks: known(packet.dts),
        duration_ticks: packet.duration.max(0),
        size_bytes: u32::try_from(packet.size).unwrap_or(0),
        key: flag(ffi::AV_PKT_FLAG_KEY),
        corrupt: flag(ffi::AV_PKT_FLAG_CORRUPT),
        discard: flag(ffi::AV_PKT_FLAG_DISCARD),
        new_parameters: has(ffi::AVPacketSideDataType::AV_PKT_DATA_NEW_EXTRADATA)
            || has(ffi::AVPacketSideDataType::AV_PKT_DATA_PARAM_CHANGE),
    }
}

fn track(index: u32, stream: &ffi::AVStream) -> Track {
    use ffi::AVMediaType::*;
    let positive = |n: i32| u32::try_from(n).ok().filter(|n| *n > 0);
    let tag = |key: &std::ffi::CStr| {
        // SAFETY: dictionary and key are valid; the value is a terminated string.
        unsafe {
            let entry = ffi::av_dict_get(stream.metadata, key.as_ptr(), ptr::null(), 0);
            if entry.is_null() {
                None
            } else {
                text((*entry).value)
            }
        }
    };
    // SAFETY: every stream of an open input has its parameters.
    let p = unsafe { &*stream.codecpar };
    let is_video = p.codec_type == AVMEDIA_TYPE_VIDEO;
    let is_audio = p.codec_type == AVMEDIA_TYPE_AUDIO;
    let base = stream.time_base;
    let tick_s = f64::from(base.num) / f64::from(base.den.max(1));
    let rate = stream.avg_frame_rate;
    Track {
        index,
        medium: match p.codec_type {
            AVMEDIA_TYPE_VIDEO => "video",
            AVMEDIA_TYPE_AUDIO => "audio",
            AVMEDIA_TYPE_SUBTITLE => "subtitle",
            AVMEDIA_TYPE_DATA => "data",
            AVMEDIA_TYPE_ATTACHMENT => "attachment",
            _ => "unknown",
        }
        .to_owned(),
        // SAFETY: static strings or null.
        codec: unsafe { text(ffi::avcodec_get_name(p.codec_id)) }.unwrap_or_default(),
        // SAFETY: as above.
        profile: unsafe { text(ffi::avcodec_profile_name(p.codec_id, p.profile)) },
        width_px: positive(p.width).filter(|_| is_video),
        height_px: positive(p.height).filter(|_| is_video),
        rotation_deg: if is_video { rotation_deg(stream) } else { None },
        pixel_format: if is_video {
            super::convert::pixel_format_name(p.format)
        } else {
            None
        },
        rate_fps: (is_video && rate.num > 0 && rate.den > 0)
            .then(|| f64::from(rate.num) / f64::from(rate.den)),
        sample_rate_hz: positive(p.sample_rate).filter(|_| is_audio),
        channels: positive(p.ch_layout.nb_channels).filter(|_| is_audio),
        bit_rate_bps: u64::try_from(p.bit_rate).ok().filter(|b| *b > 0),
        duration_s: (stream.duration != ffi::AV_NOPTS_VALUE && stream.duration > 0)
            .then_some(stream.duration as f64 * tick_s),
        timescale_hz: (base.num == 1).then(|| positive(base.den)).flatten(),
        handler: tag(c"handler_name").or_else(|| tag(c"title")),
        language: tag(c"language"),
        ..Track::default()
    }
}

/// Clockwise rotation that shows the picture upright, a multiple of 90.
fn rotation_deg(stream: &ffi::AVStream) -> Option<i32> {
    let mut size = 0usize;
    // SAFETY: the matrix is read only if it is there with its nine numbers,
    // copied because side data promises no alignment.
    let anticlockwise_deg = unsafe {
        let data = ffi::av_stream_get_side_data(
            stream,
            ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX,
            &mut size,
        );
        if data.is_null() || size < 36 {
            return None;
        }
        let matrix: [i32; 9] = ptr::read_unaligned(data.cast());
        ffi::av_display_rotation_get(matrix.as_ptr())
    };
    if !anticlockwise_deg.is_finite() {
        return None;
    }
    let clockwise = (-anticlockwise_deg / 90.0).round() as i32 * 90;
    Some(clockwise.rem_euclid(360))
}
