//! Habits of the encoder over one track: what each group of pictures is made
//! of, how they are numbered, which parameter sets and notes stand between
//! them. Facts only; which break of a habit is a fault is for the checks to
//! say (research/forensics.md 2c).
//!
//! Every access unit's headers are read in the one pass over the file, before
//! anything is decoded.

mod facts;
mod groups;
mod notes;

use std::collections::BTreeMap;

use crate::bitstream::nal::{self, Framing};
use crate::bitstream::{h264, hevc, sei};
use crate::measure::clocks::mdpm::{Mdpm, read_mdpm};

pub use facts::{
    Bitstream, EncoderText, FrameNumGap, GroupCount, IdrBreak, IdrHabit, MessageCount,
    ParameterSet, ShortGroup, UserData,
};

use groups::Groups;
use notes::{note_message, note_set, note_user_data};

/// Bytes of a slice that its head may take; 32 weighted references need 400.
const SLICE_HEAD_BYTES: usize = 512;
/// Bytes of a parameter set or of one unit of messages that are read.
const SET_BYTES: usize = 4096;
/// Breaks, changes and texts of each kind that are listed.
const LISTED_MAX: usize = 200;
/// Numbers of IDR pictures that are listed.
const IDR_LISTED_MAX: usize = 4096;
/// Different texts of encoders that are listed; body cameras write the clock.
const TEXTS_MAX: usize = 20;
/// Instrument version: raised whenever the same bytes may read differently.
pub const VERSION: u32 = 3;

/// One picture's head, whatever the codec.
struct Head {
    letter: char,
    key: bool,
    idr_id: Option<u32>,
}

/// Parameter sets of one codec, as last handed over.
enum Sets {
    H264 {
        sps: BTreeMap<u32, (h264::Sps, Vec<u8>)>,
        pps: BTreeMap<u32, h264::Pps>,
        /// `frame_num` of the last reference picture.
        reference: Option<u32>,
        /// The last picture: `frame_num`, and whether it was a reference.
        last: Option<(u32, bool, bool)>,
    },
    Hevc {
        sps: BTreeMap<u32, (hevc::Sps, Vec<u8>)>,
        pps: BTreeMap<u32, hevc::Pps>,
    },
}

/// Watches the packets of one track.
pub struct BitstreamInstrument {
    framing: Framing,
    sets: Sets,
    active: Option<Vec<u8>>,
    groups: Groups,
    at_s: f64,
    camera_notes: Vec<(f64, Mdpm)>,
    b: Bitstream,
}

impl BitstreamInstrument {
    /// For the track `track` coded with `codec`, whose configuration record is
    /// `record`. `None` for a codec that is not read.
    pub fn new(track: u32, codec: &str, record: &[u8]) -> Option<Self> {
        let (sets, (framing, units)) = match codec {
            "h264" => (
                Sets::H264 {
                    sps: BTreeMap::new(),
                    pps: BTreeMap::new(),
                    reference: None,
                    last: None,
                },
                nal::avc_configuration(record),
            ),
            "hevc" => (
                Sets::Hevc {
                    sps: BTreeMap::new(),
                    pps: BTreeMap::new(),
                },
                nal::hevc_configuration(record),
            ),
            _ => return None,
        };
        let mut new = Self {
            framing,
            sets,
            active: None,
            groups: Groups::default(),
            at_s: 0.0,
            camera_notes: Vec::new(),
            b: Bitstream {
                track,
                codec: codec.to_owned(),
                ..Bitstream::default()
            },
        };
        for unit in units {
            new.unit(unit, 0.0);
        }
        Some(new)
    }

    /// How often reference pictures were missing so far, of which later pictures
    /// are built.
    pub fn missing_references(&self) -> usize {
        let gaps = self.b.frame_num_gaps.iter();
        gaps.filter(|gap| !gap.at_key).count()
    }

    /// What the camera noted beside the pictures since this was last asked, and
    /// when.
    pub fn take_camera_notes(&mut self) -> Vec<(f64, Mdpm)> {
        std::mem::take(&mut self.camera_notes)
    }

    /// Reads one packet, as it lies in the container, in coding order. One
    /// without a time is put where the one before it stood.
    pub fn packet(&mut self, bytes: &[u8], at_s: Option<f64>) {
        self.at_s = at_s.unwrap_or(self.at_s).max(0.0);
        let at_s = self.at_s;
        for unit in nal::units(bytes, self.framing) {
            self.unit(unit, at_s);
        }
    }

    fn unit(&mut self, unit: &[u8], at_s: f64) {
        match self.sets {
            Sets::H264 { .. } => self.h264_unit(unit, at_s),
            Sets::Hevc { .. } => self.hevc_unit(unit, at_s),
        }
    }

    fn h264_unit(&mut self, unit: &[u8], at_s: f64) {
        use h264::kind;
        let Sets::H264 { sps, pps, .. } = &mut self.sets else {
            return;
        };
        match unit.first().map(|head| head & 0x1f) {
            Some(kind::SPS) => {
                let payload = nal::payload(unit, SET_BYTES);
                note_set(&mut self.b.parameter_sets, "sps", &payload, at_s);
                if let Some(set) = h264::sps(&payload) {
                    sps.insert(set.id, (set, payload));
                }
            }
            Some(kind::PPS) => {
                let payload = nal::payload(unit, SET_BYTES);
                note_set(&mut self.b.parameter_sets, "pps", &payload, at_s);
                if let Some(set) = h264::pps(&payload) {
                    pps.insert(set.id, set);
                }
            }
            Some(kind::SEI) => self.messages(unit, 1, at_s),
            Some(kind::SLICE | kind::PARTITION_A | kind::IDR) => self.h264_slice(unit, at_s),
            _ => {}
        }
    }

    fn h264_slice(&mut self, unit: &[u8], at_s: f64) {
        let payload = nal::payload(unit, SLICE_HEAD_BYTES);
        let Sets::H264 {
            sps,
            pps,
            reference,
            last,
        } = &mut self.sets
        else {
            return;
        };
        let sets = h264::slice_pps(&payload).and_then(|id| {
            let pps = pps.get(&id)?;
            Some((pps, sps.get(&pps.sps_id)?))
        });
        let read = sets.and_then(|(pps, (sps, written))| {
            Some((h264::slice(&payload, sps, pps)?, sps, written))
        });
        let Some((slice, sps, written)) = read else {
            self.b.unread_pictures += 1;
            // What follows cannot be held against what came before.
            (*reference, *last) = (None, None);
            return;
        };
        if let Some(qp) = slice.qp {
            self.b.quantiser.add(at_s, f64::from(qp));
        }
        if slice.first_macroblock != 0 {
            return;
        }
        // The second field of a frame bears the number of the first.
        let second_field =
            slice.is_field && *last == Some((slice.frame_num, true, !slice.is_bottom));
        if second_field {
            *last = None;
            if slice.is_reference {
                *reference = Some(slice.frame_num);
            }
            return;
        }
        if self.active.as_deref() != Some(written.as_slice()) {
            let before = self.active.replace(written.clone());
            if before.is_some() && self.b.parameter_changes_s.len() < LISTED_MAX {
                self.b.parameter_changes_s.push(at_s);
            }
        }
        let is_idr = slice.idr_pic_id.is_some();
        if let Some(before) = *reference
            && !is_idr
            && !sps.gaps_allowed
        {
            let due = (before + 1) % (1 << sps.frame_num_bits);
            if slice.frame_num != due
                && slice.frame_num != before
                && self.b.frame_num_gaps.len() < LISTED_MAX
            {
                self.b.frame_num_gaps.push(FrameNumGap {
                    at_s,
                    due,
                    came: slice.frame_num,
                    at_key: slice.slice_type == h264::SliceType::I,
                });
            }
        }
        // A picture that is no reference bears the number that is due, and the
        // next reference bears it again.
        if slice.is_reference {
            *reference = Some(if slice.resets_count {
                0
            } else {
                slice.frame_num
            });
        }
        *last = Some((slice.frame_num, slice.is_field, slice.is_bottom));
        self.picture(
            Head {
                letter: letter(slice.slice_type),
                key: is_idr,
                idr_id: slice.idr_pic_id,
            },
            at_s,
        );
    }

    fn hevc_unit(&mut self, unit: &[u8], at_s: f64) {
        use hevc::kind;
        let Some(head) = hevc::head(unit).filter(|head| head.layer == 0) else {
            return;
        };
        let Sets::Hevc { sps, pps } = &mut self.sets else {
            return;
        };
        match head.kind {
            kind::VPS => {
                let payload = nal::payload(unit, SET_BYTES);
                note_set(&mut self.b.parameter_sets, "vps", &payload, at_s);
            }
            kind::SPS => {
                let payload = nal::payload(unit, SET_BYTES);
                note_set(&mut self.b.parameter_sets, "sps", &payload, at_s);
                if let Some(set) = hevc::sps(&payload) {
                    sps.insert(set.id, (set, payload));
                }
            }
            kind::PPS => {
                let payload = nal::payload(unit, SET_BYTES);
                note_set(&mut self.b.parameter_sets, "pps", &payload, at_s);
                if let Some(set) = hevc::pps(&payload) {
                    pps.insert(set.id, set);
                }
            }
            kind::SEI_PREFIX | kind::SEI_SUFFIX => self.messages(unit, 2, at_s),
            0..=kind::SLICE_LAST => self.hevc_slice(unit, head.kind, at_s),
            _ => {}
        }
    }

    fn hevc_slice(&mut self, unit: &[u8], kind: u8, at_s: f64) {
        use hevc::kind;
        let payload = nal::payload(unit, SLICE_HEAD_BYTES);
        let Sets::Hevc { sps, pps } = &self.sets else {
            return;
        };
        let Some(id) = hevc::slice_pps(&payload) else {
            return;
        };
        let sets = pps.get(&id).and_then(|p| Some((p, sps.get(&p.sps_id)?)));
        let read = sets
            .and_then(|(pps, (sps, written))| Some((hevc::slice(&payload, sps, pps)?, written)));
        let Some((slice, written)) = read else {
            self.b.unread_pictures += 1;
            return;
        };
        if self.active.as_deref() != Some(written.as_slice()) {
            let before = self.active.replace(written.clone());
            if before.is_some() && self.b.parameter_changes_s.len() < LISTED_MAX {
                self.b.parameter_changes_s.push(at_s);
            }
        }
        let is_splice = (kind::BLA_FIRST..=kind::BLA_LAST).contains(&kind);
        if is_splice && self.b.pictures > 0 && self.b.splice_marks_s.len() < LISTED_MAX {
            self.b.splice_marks_s.push(at_s);
        }
        let key = (kind::BLA_FIRST..=kind::IRAP_LAST).contains(&kind);
        self.picture(
            Head {
                letter: letter(slice.slice_type),
                key,
                idr_id: None,
            },
            at_s,
        );
    }

    fn messages(&mut self, unit: &[u8], head_bytes: usize, at_s: f64) {
        let payload = nal::payload(unit, SET_BYTES);
        let messages = sei::messages(payload.get(head_bytes..).unwrap_or_default());
        for message in messages {
            note_message(&mut self.b.messages, message.kind, at_s);
            let Some(data) = sei::user_data(message) else {
                continue;
            };
            note_user_data(&mut self.b.user_data, data, at_s);
            if let Some(note) = read_mdpm(data) {
                self.camera_notes.push((at_s, note));
            } else if let Some(written) = sei::encoder_text(message) {
                let texts = &mut self.b.encoder_texts;
                if texts.len() < TEXTS_MAX && texts.iter().all(|t| t.written != written) {
                    texts.push(EncoderText { at_s, written });
                }
            }
        }
    }

    fn picture(&mut self, head: Head, at_s: f64) {
        self.b.pictures += 1;
        self.groups.picture(head.letter, head.key, at_s);
        if let Some(id) = head.idr_id {
            self.groups.idr(id, at_s);
        }
    }

    /// What was seen; `None` if no picture was.
    pub fn finish(mut self) -> Option<Bitstream> {
        if self.b.pictures == 0 {
            return None;
        }
        self.groups.finish(&mut self.b);
        self.b.quantiser = self.b.quantiser.finish();
        Some(self.b)
    }
}

fn letter(slice_type: h264::SliceType) -> char {
    match slice_type {
        h264::SliceType::I => 'I',
        h264::SliceType::P => 'P',
        h264::SliceType::B => 'B',
    }
}

#[cfg(test)]
mod tests;
