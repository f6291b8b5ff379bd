//! Habits of the encoder over one track: what each group of pictures is made
//! of, how they are numbered, which parameter sets and notes stand between
//! them. Facts only; which break of a habit is a fault is for the checks to
//! say (research/forensics.md 2c).
//!
//! Every access unit's headers are read in the one pass over the file, before
//! anything is decoded.

mod groups;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bitstream::nal::{self, Framing};
use crate::bitstream::{h264, hevc, sei};
use crate::measure::series::Series;

use groups::Groups;

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
/// Different parameter sets that are kept, and bytes of each; cameras' take
/// under 100, x265's 1 200 with its note.
const PARAMETER_SETS_MAX: usize = 32;
const PARAMETER_SET_KEPT_BYTES: usize = 160;

/// Instrument version: raised whenever the same bytes may read differently.
pub const VERSION: u32 = 2;

/// Coded syntax of the main picture track. Times are seconds from the
/// recording's first picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Bitstream {
    /// Index of the track.
    pub track: u32,
    /// `h264` or `hevc`.
    pub codec: String,
    /// Pictures whose head could be read.
    pub pictures: u64,
    /// Pictures whose head could not be read.
    pub unread_pictures: u64,
    /// Groups of pictures, from one key picture to the next, the last one
    /// without: how many of each length, shortest first.
    pub groups: Vec<GroupCount>,
    /// Where each group starts that is shorter than most, at most 200.
    pub short_groups: Vec<ShortGroup>,
    /// `idr_pic_id` of each IDR picture in order, at most the first 4096
    /// (H.264).
    pub idr_ids: Vec<u32>,
    /// How the encoder numbers its IDR pictures.
    pub idr_habit: IdrHabit,
    /// Steps from one IDR picture to the next.
    pub idr_steps: u64,
    /// Steps that follow no habit but the one that most steps follow, at most
    /// 200.
    pub idr_breaks: Vec<IdrBreak>,
    /// Steps that break the habit, listed or not.
    pub idr_breaks_count: u64,
    /// Where `frame_num` leaves numbers out that the stream does not allow to
    /// be left out, at most 200 (H.264).
    pub frame_num_gaps: Vec<FrameNumGap>,
    /// Pictures of a kind that marks a splice by definition (HEVC BLA) after
    /// the first, at most 200.
    pub splice_marks_s: Vec<f64>,
    /// Where the sequence parameter set in use changes its content, at most
    /// 200.
    pub parameter_changes_s: Vec<f64>,
    /// Texts that encoders left, in order, each once, at most 20.
    pub encoder_texts: Vec<EncoderText>,
    /// Every different parameter set in order, at most 32.
    pub parameter_sets: Vec<ParameterSet>,
    /// Mean quantiser of the slices, H.264's scale −48 to 51, over time.
    pub quantiser: Series,
}

/// Groups of pictures of one make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCount {
    /// Pictures of the group.
    pub pictures: u32,
    /// Kinds of its first pictures in the order in which they are coded, at
    /// most 16: `I`, `P`, `B`; of the first group so long.
    pub pattern: String,
    /// How many groups are so long.
    pub count: u64,
}

/// A group of pictures that is shorter than most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShortGroup {
    /// Its first picture.
    pub start_s: f64,
    /// The key picture after it.
    pub end_s: f64,
    /// Its pictures.
    pub pictures: u32,
}

/// How an encoder numbers its IDR pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdrHabit {
    /// Too few to say, or no number at all.
    #[default]
    Unknown,
    /// Always the same: shows nothing of what may be missing.
    Constant,
    /// Two numbers in turn: shows an odd number of missing groups.
    Alternating,
    /// One more each time: shows any number of missing groups.
    Counting,
}

/// A step between IDR pictures that breaks the habit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IdrBreak {
    /// The IDR picture after the break.
    pub at_s: f64,
    /// `idr_pic_id` before.
    pub before: u32,
    /// `idr_pic_id` after.
    pub after: u32,
}

/// Reference pictures that the numbering says were coded and that are not in
/// the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FrameNumGap {
    /// The picture after the gap.
    pub at_s: f64,
    /// `frame_num` that was due.
    pub due: u32,
    /// `frame_num` that came.
    pub came: u32,
    /// Decoding can start at this picture: a whole group may be missing.
    pub at_key: bool,
}

/// A text that an encoder left in the stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EncoderText {
    /// Where it stands first.
    pub at_s: f64,
    /// As written, at most 300 characters.
    pub written: String,
}

/// A parameter set as it stands in the stream: what the encoder was set to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ParameterSet {
    /// `vps`, `sps` or `pps`.
    pub kind: String,
    /// Where it stands first; 0 in the file's header.
    pub at_s: f64,
    /// Length of its payload.
    pub size_bytes: u64,
    /// Its payload in hex, at most 160 bytes.
    pub content_hex: String,
}

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
            kind::SEI_PREFIX => self.messages(unit, 2, at_s),
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
        for written in messages.into_iter().filter_map(sei::encoder_text) {
            let texts = &mut self.b.encoder_texts;
            if texts.len() < TEXTS_MAX && texts.iter().all(|t| t.written != written) {
                texts.push(EncoderText { at_s, written });
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

/// Keeps a parameter set that was not met before.
fn note_set(sets: &mut Vec<ParameterSet>, kind: &str, payload: &[u8], at_s: f64) {
    if sets.len() >= PARAMETER_SETS_MAX {
        return;
    }
    let kept = payload.iter().take(PARAMETER_SET_KEPT_BYTES);
    let content_hex: String = kept.map(|b| format!("{b:02x}")).collect();
    let size_bytes = payload.len() as u64;
    let is_known = |s: &ParameterSet| {
        s.kind == kind && s.size_bytes == size_bytes && s.content_hex == content_hex
    };
    if !sets.iter().any(is_known) {
        sets.push(ParameterSet {
            kind: kind.to_owned(),
            at_s,
            size_bytes,
            content_hex,
        });
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bitstream::h264::tests::{plain_pps, plain_slice, plain_sps};

    fn sized(unit: &[u8]) -> Vec<u8> {
        let coded = (unit.len() as u32).to_be_bytes();
        [&coded[..], unit].concat()
    }

    fn record(level: u32) -> Vec<u8> {
        let (sps, pps) = (plain_sps(level), plain_pps());
        let mut bytes = vec![1, 66, 0, 30, 0xff, 0xe1, 0, sps.len() as u8];
        bytes.extend(sps);
        bytes.extend([1, 0, pps.len() as u8]);
        bytes.extend(pps);
        bytes
    }

    fn instrument() -> BitstreamInstrument {
        BitstreamInstrument::new(0, "h264", &record(30)).unwrap()
    }

    /// One group a second: an IDR picture and three that refer to it.
    fn group(i: &mut BitstreamInstrument, second: u32, id: u32) {
        i.packet(
            &sized(&plain_slice(Some(id), 0, 0)),
            Some(f64::from(second)),
        );
        for n in 1..4 {
            let at_s = f64::from(second) + f64::from(n) * 0.25;
            i.packet(&sized(&plain_slice(None, n, n * 2)), Some(at_s));
        }
    }

    #[test]
    fn groups_numbers_and_quantiser_are_kept() {
        let mut i = instrument();
        (0..12).for_each(|n| group(&mut i, n, n % 2));
        let b = i.finish().unwrap();
        assert_eq!((b.pictures, b.unread_pictures), (48, 0));
        assert_eq!((b.idr_habit, b.idr_steps), (IdrHabit::Alternating, 11));
        assert!(b.idr_breaks.is_empty() && b.frame_num_gaps.is_empty());
        assert_eq!(
            (b.groups[0].pattern.as_str(), b.groups[0].count),
            ("IPPP", 11)
        );
        assert_eq!(b.quantiser.values[0], Some(25.0));
    }

    #[test]
    fn a_missing_group_breaks_the_habit_where_it_was() {
        for (numbers, habit) in [
            (
                &(0..12).map(|n| n % 2).collect::<Vec<u32>>(),
                IdrHabit::Alternating,
            ),
            (&(0..12).collect::<Vec<u32>>(), IdrHabit::Counting),
        ] {
            let mut i = instrument();
            for (second, id) in numbers.iter().enumerate().filter(|(n, _)| *n != 6) {
                group(&mut i, second as u32, *id);
            }
            let b = i.finish().unwrap();
            assert_eq!((b.idr_habit, b.idr_breaks_count), (habit, 1));
            assert_eq!(b.idr_breaks[0].at_s, 7.0);
        }
    }

    #[test]
    fn a_missing_reference_is_a_gap_in_frame_num() {
        let mut i = instrument();
        group(&mut i, 0, 0);
        i.packet(&sized(&plain_slice(None, 6, 12)), Some(1.0));
        let b = i.finish().unwrap();
        let gap = b.frame_num_gaps[0];
        assert_eq!(
            (gap.at_s, gap.due, gap.came, gap.at_key),
            (1.0, 4, 6, false)
        );
    }

    #[test]
    fn a_set_that_comes_again_is_no_change_and_another_is() {
        let mut i = instrument();
        group(&mut i, 0, 0);
        i.packet(&sized(&plain_sps(30)), Some(1.0));
        group(&mut i, 1, 1);
        i.packet(&sized(&plain_sps(31)), Some(2.0));
        group(&mut i, 2, 0);
        assert_eq!(i.finish().unwrap().parameter_changes_s, [2.0]);
    }

    #[test]
    fn a_picture_without_its_sets_is_counted_and_nothing_follows_from_it() {
        let mut i = BitstreamInstrument::new(0, "h264", &[]).unwrap();
        i.packet(
            &[&[0, 0, 1][..], &plain_slice(None, 3, 2)].concat(),
            Some(0.0),
        );
        assert!(i.finish().is_none());
        assert!(BitstreamInstrument::new(0, "mjpeg", &[]).is_none());
    }

    proptest! {
        #[test]
        fn any_packets_end(
            record in proptest::collection::vec(any::<u8>(), 0..60),
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20),
        ) {
            for codec in ["h264", "hevc"] {
                for record in [&record[..], &super::tests::record(30)] {
                    let Some(mut i) = BitstreamInstrument::new(0, codec, record) else { continue };
                    for (at_s, packet) in (0u32..).zip(&packets) {
                        i.packet(packet, Some(f64::from(at_s)));
                    }
                    if let Some(b) = i.finish() {
                        prop_assert!(b.encoder_texts.len() <= TEXTS_MAX);
                    }
                }
            }
        }
    }
}
