//! H.264 (ITU-T H.264, 7.3): parameter sets, and the slice header as far as
//! the quantiser.

use super::bits::Bits;

/// Reference pictures that a list may name, and commands on them, at most
/// (ITU-T H.264, 7.4.3): 32 fields, twice that is read.
const LIST_MAX: u32 = 64;

/// Kinds of NAL unit (ITU-T H.264, table 7-1).
pub mod kind {
    /// Slice of a picture that refers to others.
    pub const SLICE: u8 = 1;
    /// First partition of a slice.
    pub const PARTITION_A: u8 = 2;
    /// Slice of an IDR picture.
    pub const IDR: u8 = 5;
    /// Supplemental enhancement information.
    pub const SEI: u8 = 6;
    /// Sequence parameter set.
    pub const SPS: u8 = 7;
    /// Picture parameter set.
    pub const PPS: u8 = 8;
}

/// A sequence parameter set, as far as slice headers need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// Its number, 0 to 31.
    pub id: u32,
    /// `profile_idc`.
    pub profile: u32,
    /// `level_idc`.
    pub level: u32,
    /// Bits of `frame_num`, 4 to 16.
    pub frame_num_bits: u32,
    /// `gaps_in_frame_num_value_allowed_flag`: numbers may be left out.
    pub gaps_allowed: bool,
    separate_planes: bool,
    has_chroma: bool,
    order_type: u32,
    order_bits: u32,
    is_delta_zero: bool,
    frames_only: bool,
}

/// A picture parameter set, as far as slice headers need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pps {
    /// Its number, 0 to 255.
    pub id: u32,
    /// The sequence parameter set that it belongs to.
    pub sps_id: u32,
    is_cabac: bool,
    has_bottom_order: bool,
    references: [u32; 2],
    weights_p: bool,
    weights_b: u32,
    initial_qp: i32,
    has_redundant: bool,
}

/// What pictures a slice refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceType {
    /// To earlier ones (P, SP).
    P,
    /// To two lists (B).
    B,
    /// To none (I, SI).
    I,
}

/// The head of a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// First macroblock; 0 begins a picture.
    pub first_macroblock: u32,
    /// What it refers to.
    pub slice_type: SliceType,
    /// The picture parameter set in use.
    pub pps_id: u32,
    /// `frame_num`.
    pub frame_num: u32,
    /// One field of a frame.
    pub is_field: bool,
    /// The bottom field.
    pub is_bottom: bool,
    /// Other pictures may refer to it.
    pub is_reference: bool,
    /// `idr_pic_id`, 0 to 65535, of an IDR picture.
    pub idr_pic_id: Option<u32>,
    /// Low bits of the picture order count, where the stream writes them.
    pub order_lsb: Option<u32>,
    /// The picture resets the count of frames (`memory_management_control_operation` 5).
    pub resets_count: bool,
    /// Quantiser of the first macroblock, −48 to 51, if the header was read
    /// so far.
    pub qp: Option<i32>,
}

/// Reads a sequence parameter set from a unit's payload, header included.
pub fn sps(payload: &[u8]) -> Option<Sps> {
    let mut b = Bits::new(payload.get(1..)?);
    let profile = b.number(8)?;
    b.skip(8)?;
    let level = b.number(8)?;
    let id = b.unsigned().filter(|id| *id < 32)?;
    let mut chroma = 1;
    let mut separate_planes = false;
    if matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    ) {
        chroma = b.unsigned().filter(|c| *c < 4)?;
        separate_planes = chroma == 3 && b.flag()?;
        b.unsigned()?;
        b.unsigned()?;
        b.skip(1)?;
        if b.flag()? {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if b.flag()? {
                    scaling_list(&mut b, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    let frame_num_bits = b.unsigned().filter(|n| *n <= 12)? + 4;
    let order_type = b.unsigned().filter(|n| *n <= 2)?;
    let mut order_bits = 0;
    let mut is_delta_zero = false;
    if order_type == 0 {
        order_bits = b.unsigned().filter(|n| *n <= 12)? + 4;
    } else if order_type == 1 {
        is_delta_zero = b.flag()?;
        b.signed()?;
        b.signed()?;
        for _ in 0..b.unsigned().filter(|n| *n < 256)? {
            b.signed()?;
        }
    }
    b.unsigned()?;
    let gaps_allowed = b.flag()?;
    b.unsigned()?;
    b.unsigned()?;
    Some(Sps {
        id,
        profile,
        level,
        frame_num_bits,
        gaps_allowed,
        separate_planes,
        has_chroma: chroma != 0 && !separate_planes,
        order_type,
        order_bits,
        is_delta_zero,
        frames_only: b.flag()?,
    })
}

fn scaling_list(b: &mut Bits<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..size {
        if next != 0 {
            next = (last + b.signed()?.checked_rem(256)? + 256) % 256;
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// Reads a picture parameter set from a unit's payload, header included.
/// Streams with slice groups (FMO) are not read.
pub fn pps(payload: &[u8]) -> Option<Pps> {
    let mut b = Bits::new(payload.get(1..)?);
    let id = b.unsigned().filter(|id| *id < 256)?;
    let sps_id = b.unsigned().filter(|id| *id < 32)?;
    let is_cabac = b.flag()?;
    let has_bottom_order = b.flag()?;
    if b.unsigned()? != 0 {
        return None;
    }
    let references = [b.unsigned()?, b.unsigned()?].map(|n| n.saturating_add(1));
    let weights_p = b.flag()?;
    let weights_b = b.number(2)?;
    let initial_qp = b.signed().filter(|qp| (-74..=25).contains(qp))? + 26;
    b.signed()?;
    b.signed()?;
    b.skip(2)?;
    Some(Pps {
        id,
        sps_id,
        is_cabac,
        has_bottom_order,
        references,
        weights_p,
        weights_b,
        initial_qp,
        has_redundant: b.flag()?,
    })
}

/// The number of the picture parameter set that a slice names, read before
/// the sets are known.
pub fn slice_pps(payload: &[u8]) -> Option<u32> {
    let mut b = Bits::new(payload.get(1..)?);
    b.unsigned()?;
    b.unsigned()?;
    b.unsigned().filter(|id| *id < 256)
}

/// Reads the head of a slice (ITU-T H.264, 7.3.3) from a unit's payload, header
/// included; both sets are those that it names.
pub fn slice(payload: &[u8], sps: &Sps, pps: &Pps) -> Option<Slice> {
    let (head, rest) = payload.split_first()?;
    let is_idr = head & 0x1f == kind::IDR;
    let mut b = Bits::new(rest);
    let first_macroblock = b.unsigned()?;
    let slice_type = match b.unsigned().filter(|t| *t < 10)? % 5 {
        0 | 3 => SliceType::P,
        1 => SliceType::B,
        _ => SliceType::I,
    };
    let pps_id = b.unsigned()?;
    if sps.separate_planes {
        b.skip(2)?;
    }
    let frame_num = b.number(sps.frame_num_bits)?;
    let is_field = !sps.frames_only && b.flag()?;
    let is_bottom = is_field && b.flag()?;
    let idr_pic_id = if is_idr {
        Some(b.unsigned().filter(|id| *id < 65_536)?)
    } else {
        None
    };
    let mut order_lsb = None;
    if sps.order_type == 0 {
        order_lsb = Some(b.number(sps.order_bits)?);
        if pps.has_bottom_order && !is_field {
            b.signed()?;
        }
    } else if sps.order_type == 1 && !sps.is_delta_zero {
        b.signed()?;
        if pps.has_bottom_order && !is_field {
            b.signed()?;
        }
    }
    let mut slice = Slice {
        first_macroblock,
        slice_type,
        pps_id,
        frame_num,
        is_field,
        is_bottom,
        is_reference: head >> 5 & 3 != 0,
        idr_pic_id,
        order_lsb,
        resets_count: false,
        qp: None,
    };
    // What follows tells of the quantiser alone; a head cut short before it
    // still names its picture.
    if let Some((resets_count, qp)) = quantiser(&mut b, &slice, sps, pps, is_idr) {
        slice.resets_count = resets_count;
        slice.qp = Some(qp);
    }
    Some(slice)
}

fn quantiser(
    b: &mut Bits<'_>,
    slice: &Slice,
    sps: &Sps,
    pps: &Pps,
    is_idr: bool,
) -> Option<(bool, i32)> {
    if pps.has_redundant {
        b.unsigned()?;
    }
    let lists = match slice.slice_type {
        SliceType::B => 2,
        SliceType::P => 1,
        SliceType::I => 0,
    };
    if lists == 2 {
        b.skip(1)?;
    }
    let mut references = pps.references;
    if lists > 0 && b.flag()? {
        for count in references.iter_mut().take(lists) {
            *count = b.unsigned()?.saturating_add(1);
        }
    }
    if references.iter().any(|count| *count > LIST_MAX) {
        return None;
    }
    for _ in 0..lists {
        if b.flag()? {
            commands(b, |op| if op < 3 { Some(1) } else { None }, 3)?;
        }
    }
    let is_weighted = pps.weights_p && lists == 1 || pps.weights_b == 1 && lists == 2;
    if is_weighted {
        weights(b, sps, &references, lists)?;
    }
    let mut resets_count = false;
    if slice.is_reference {
        if is_idr {
            b.skip(2)?;
        } else if b.flag()? {
            commands(
                b,
                |op| {
                    resets_count |= op == 5;
                    match op {
                        1 | 2 | 4 | 6 => Some(1),
                        3 => Some(2),
                        5 => Some(0),
                        _ => None,
                    }
                },
                0,
            )?;
        }
    }
    if pps.is_cabac && lists > 0 {
        b.unsigned()?;
    }
    let qp = pps.initial_qp.checked_add(b.signed()?)?;
    (-48..=51).contains(&qp).then_some((resets_count, qp))
}

/// A list of commands with as many values as `values` says, up to `end`.
fn commands(b: &mut Bits<'_>, mut values: impl FnMut(u32) -> Option<u32>, end: u32) -> Option<()> {
    for _ in 0..=LIST_MAX {
        let op = b.unsigned()?;
        if op == end {
            return Some(());
        }
        for _ in 0..values(op)? {
            b.unsigned()?;
        }
    }
    None
}

fn weights(b: &mut Bits<'_>, sps: &Sps, references: &[u32; 2], lists: usize) -> Option<()> {
    b.unsigned()?;
    if sps.has_chroma {
        b.unsigned()?;
    }
    for count in references.iter().take(lists) {
        for _ in 0..*count {
            for values in [2, if sps.has_chroma { 4 } else { 0 }] {
                if values > 0 && b.flag()? {
                    for _ in 0..values {
                        b.signed()?;
                    }
                }
            }
        }
    }
    Some(())
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bitstream::bits::tests::Pen;

    /// A baseline set with 4 bits of `frame_num` and 6 of the order.
    pub(crate) fn plain_sps(level: u32) -> Vec<u8> {
        let head = Pen::default()
            .number(8, 0x67)
            .number(8, 66)
            .number(8, 0)
            .number(8, level);
        let counts = head
            .unsigned(0)
            .unsigned(0)
            .unsigned(0)
            .unsigned(2)
            .unsigned(1)
            .number(1, 0);
        counts
            .unsigned(19)
            .unsigned(14)
            .number(1, 1)
            .number(3, 0b100)
            .bytes()
    }

    pub(crate) fn plain_pps() -> Vec<u8> {
        let head = Pen::default()
            .number(8, 0x68)
            .unsigned(0)
            .unsigned(0)
            .number(2, 0);
        let lists = head.unsigned(0).unsigned(0).unsigned(0).number(3, 0);
        lists.signed(2).signed(0).signed(0).number(3, 0).bytes()
    }

    /// An IDR picture, or a P picture that is a reference.
    pub(crate) fn plain_slice(idr_pic_id: Option<u32>, frame_num: u32, order: u32) -> Vec<u8> {
        let (head, kind) = if idr_pic_id.is_some() {
            (0x65, 7)
        } else {
            (0x41, 5)
        };
        let mut pen = Pen::default()
            .number(8, head)
            .unsigned(0)
            .unsigned(kind)
            .unsigned(0);
        pen = pen.number(4, frame_num);
        if let Some(id) = idr_pic_id {
            pen = pen.unsigned(id);
        }
        pen = pen.number(6, order);
        pen = match idr_pic_id {
            Some(_) => pen.number(2, 0),
            None => pen.number(1, 0).number(1, 0).number(1, 0),
        };
        pen.signed(-3).number(32, 0xaaaa_aaaa).bytes()
    }

    #[test]
    fn a_slice_says_number_order_and_quantiser() {
        let sps = sps(&plain_sps(30)).unwrap();
        let pps = pps(&plain_pps()).unwrap();
        assert_eq!(
            (sps.level, sps.frame_num_bits, sps.gaps_allowed),
            (30, 4, false)
        );
        let idr = slice(&plain_slice(Some(300), 0, 0), &sps, &pps).unwrap();
        assert_eq!(
            (idr.idr_pic_id, idr.slice_type, idr.qp),
            (Some(300), SliceType::I, Some(25))
        );
        let p = slice(&plain_slice(None, 9, 18), &sps, &pps).unwrap();
        assert_eq!(
            (p.idr_pic_id, p.slice_type, p.frame_num),
            (None, SliceType::P, 9)
        );
        assert_eq!(
            (p.order_lsb, p.qp, p.is_reference),
            (Some(18), Some(25), true)
        );
        assert_eq!(slice_pps(&plain_slice(None, 1, 2)), Some(0));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..120), cut in 0usize..60) {
            let known = (sps(&plain_sps(30)).unwrap(), pps(&plain_pps()).unwrap());
            let read = (sps(&bytes).unwrap_or(known.0), pps(&bytes).unwrap_or(known.1));
            if let Some(slice) = slice(&bytes, &read.0, &read.1) {
                prop_assert!(slice.qp.is_none_or(|qp| (-48..=51).contains(&qp)));
                prop_assert!(slice.frame_num < 1 << 16);
            }
            let mut damaged = plain_sps(30);
            damaged.truncate(cut);
            damaged.extend(&bytes);
            if let Some(sps) = sps(&damaged) {
                prop_assert!((4..=16).contains(&sps.frame_num_bits));
            }
        }
    }
}
