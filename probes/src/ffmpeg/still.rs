//! Coded pictures that stand alone, as HEIF and AVIF files hold them: no
//! container around them that FFmpeg would read.

use std::ffi::CString;
use std::ptr;

use ffmpeg_next::ffi;

use super::decode::{DecodeFault, Decoded, DecodedPicture, Decoder, Frame};
use super::{Limits, log};

/// A decoder that gets one whole picture after the other.
pub struct StillDecoder {
    decoder: Decoder,
    frame: Frame,
    packet: *mut ffi::AVPacket,
}

impl StillDecoder {
    /// Opens FFmpeg's decoder for `codec` (`hevc`, `av1`, `h264`) with the
    /// configuration record that the file keeps; says why if there is none.
    /// Pictures of more than `pixels_max` pixels are refused.
    pub fn open(codec: &str, configuration: &[u8], pixels_max: u32) -> Result<Self, String> {
        log::install();
        log::take();
        let name = CString::new(codec).map_err(|e| e.to_string())?;
        let size = i32::try_from(configuration.len()).map_err(|e| e.to_string())?;
        let limits = Limits {
            pixels_max,
            ..Limits::default()
        };
        let frame = Frame::new().ok_or("no memory for a picture")?;
        // SAFETY: each result is checked. The configuration is copied into a
        // zeroed buffer of FFmpeg's own with the padding that its readers
        // expect; the parameters own it and free it on every path.
        unsafe {
            ffi::av_max_alloc(limits.alloc_max_bytes);
            let descriptor = ffi::avcodec_descriptor_get_by_name(name.as_ptr());
            if descriptor.is_null() {
                return Err(format!("this FFmpeg does not know {codec}"));
            }
            let mut parameters = ffi::avcodec_parameters_alloc();
            if parameters.is_null() {
                return Err("no memory for a decoder".to_owned());
            }
            (*parameters).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
            (*parameters).codec_id = (*descriptor).id;
            let padded = configuration.len() + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
            let copy: *mut u8 = ffi::av_mallocz(padded).cast();
            let decoder = if copy.is_null() {
                Err("no memory for a decoder".to_owned())
            } else {
                ptr::copy_nonoverlapping(configuration.as_ptr(), copy, configuration.len());
                (*parameters).extradata = copy;
                (*parameters).extradata_size = size;
                let base = ffi::AVRational { num: 1, den: 1 };
                Decoder::with_parameters(&*parameters, base, &limits)
            };
            ffi::avcodec_parameters_free(&mut parameters);
            let decoder = decoder?;
            let packet = ffi::av_packet_alloc();
            if packet.is_null() {
                return Err("no memory for a packet".to_owned());
            }
            Ok(Self {
                decoder,
                frame,
                packet,
            })
        }
    }

    /// Decodes one whole picture. Damage that the decoder got over is told
    /// beside it.
    pub fn decode(
        &mut self,
        coded: &[u8],
    ) -> Result<(DecodedPicture, Option<DecodeFault>), DecodeFault> {
        let size = i32::try_from(coded.len()).map_err(|e| DecodeFault(e.to_string()))?;
        let mut picture = None;
        // SAFETY: the packet is owned; `av_new_packet` gives it `size` bytes of
        // its own and padding. The decoder keeps counted references only.
        let fed = unsafe {
            ffi::av_packet_unref(self.packet);
            let code = ffi::av_new_packet(self.packet, size);
            if code < 0 {
                return Err(DecodeFault(super::error_text(code)));
            }
            ptr::copy_nonoverlapping(coded.as_ptr(), (*self.packet).data, coded.len());
            (*self.packet).flags |= ffi::AV_PKT_FLAG_KEY;
            self.packet
        };
        let mut fault = None;
        for packet in [fed.cast_const(), ptr::null()] {
            let outcome = self
                .decoder
                .decode(packet, &mut self.frame, &mut |decoded| {
                    if let Decoded::Picture(decoded) = decoded {
                        picture.get_or_insert(decoded);
                    }
                });
            fault = fault.or(outcome.err());
        }
        self.decoder.forget();
        let messages = log::take();
        let said = || messages.first().cloned().map(DecodeFault);
        match picture {
            Some(picture) => {
                let concealed = picture.is_damaged() || !messages.is_empty();
                let concealed = concealed.then(|| DecodeFault("damage was concealed".to_owned()));
                let fault = fault.or(concealed).map(|fault| said().unwrap_or(fault));
                Ok((picture, fault))
            }
            None => Err(said()
                .or(fault)
                .unwrap_or_else(|| DecodeFault("no picture came out".to_owned()))),
        }
    }
}

impl Drop for StillDecoder {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { ffi::av_packet_free(&mut self.packet) };
    }
}
