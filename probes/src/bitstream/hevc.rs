//! HEVC (ITU-T H.265, 7.3): parameter sets, and the head of a picture's first
//! slice as far as the low bits of its order count.

use super::bits::Bits;
use super::h264::SliceType;

/// Kinds of NAL unit (ITU-T H.265, table 7-1).
pub mod kind {
    /// First kind of picture at which decoding may start; BLA up to 18.
    pub const BLA_FIRST: u8 = 16;
    /// Last kind of BLA: by definition a place where streams were spliced.
    pub const BLA_LAST: u8 = 18;
    /// IDR with leading pictures.
    pub const IDR_W_RADL: u8 = 19;
    /// IDR without leading pictures.
    pub const IDR_N_LP: u8 = 20;
    /// Last of the reserved kinds at which decoding may start.
    pub const IRAP_LAST: u8 = 23;
    /// Last kind of any slice.
    pub const SLICE_LAST: u8 = 31;
    /// Video parameter set.
    pub const VPS: u8 = 32;
    /// Sequence parameter set.
    pub const SPS: u8 = 33;
    /// Picture parameter set.
    pub const PPS: u8 = 34;
    /// Supplemental enhancement information before the picture.
    pub const SEI_PREFIX: u8 = 39;
    /// Messages behind a picture.
    pub const SEI_SUFFIX: u8 = 40;
}

/// The head of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// `nal_unit_type`.
    pub kind: u8,
    /// `nuh_layer_id`; 0 is the picture that everybody sees.
    pub layer: u8,
}

/// A sequence parameter set, as far as slice headers need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// Its number, 0 to 15.
    pub id: u32,
    /// Bits of the order count that a slice writes, 4 to 16.
    pub order_bits: u32,
    separate_planes: bool,
}

/// A picture parameter set, as far as slice headers need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pps {
    /// Its number, 0 to 63.
    pub id: u32,
    /// The sequence parameter set that it belongs to.
    pub sps_id: u32,
    has_output_flag: bool,
    extra_bits: u32,
}

/// The head of the first slice of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// What it refers to.
    pub slice_type: SliceType,
    /// The picture parameter set in use.
    pub pps_id: u32,
    /// Low bits of the order count; `None` for IDR, which starts at 0.
    pub order_lsb: Option<u32>,
}

/// The two bytes before the payload.
pub fn head(unit: &[u8]) -> Option<Head> {
    let &[a, b, ..] = unit else { return None };
    Some(Head {
        kind: a >> 1 & 0x3f,
        layer: (a & 1) << 5 | b >> 3,
    })
}

/// Reads a sequence parameter set from a unit's payload, header included.
pub fn sps(payload: &[u8]) -> Option<Sps> {
    let mut b = Bits::new(payload.get(2..)?);
    b.skip(4)?;
    let sub_layers = b.number(3).filter(|n| *n < 7)?;
    b.skip(1)?;
    profile_and_level(&mut b, sub_layers)?;
    let id = b.unsigned().filter(|id| *id < 16)?;
    let chroma = b.unsigned().filter(|c| *c < 4)?;
    let separate_planes = chroma == 3 && b.flag()?;
    b.unsigned()?;
    b.unsigned()?;
    if b.flag()? {
        for _ in 0..4 {
            b.unsigned()?;
        }
    }
    b.unsigned()?;
    b.unsigned()?;
    Some(Sps {
        id,
        order_bits: b.unsigned().filter(|n| *n <= 12)? + 4,
        separate_planes,
    })
}

/// ITU-T H.265, 7.3.3.
fn profile_and_level(b: &mut Bits<'_>, sub_layers: u32) -> Option<()> {
    b.skip(96)?;
    let mut bits = 0;
    for _ in 0..sub_layers {
        bits += if b.flag()? { 88 } else { 0 };
        bits += if b.flag()? { 8 } else { 0 };
    }
    if sub_layers > 0 {
        bits += 2 * (8 - sub_layers as usize);
    }
    b.skip(bits)
}

/// Reads a picture parameter set from a unit's payload, header included.
pub fn pps(payload: &[u8]) -> Option<Pps> {
    let mut b = Bits::new(payload.get(2..)?);
    let id = b.unsigned().filter(|id| *id < 64)?;
    let sps_id = b.unsigned().filter(|id| *id < 16)?;
    b.skip(1)?;
    Some(Pps {
        id,
        sps_id,
        has_output_flag: b.flag()?,
        extra_bits: b.number(3)?,
    })
}

/// The set that a picture's first slice names; `None` for its later slices.
pub fn slice_pps(payload: &[u8]) -> Option<u32> {
    first_of_picture(payload).map(|(_, pps_id)| pps_id)
}

fn first_of_picture(payload: &[u8]) -> Option<(Bits<'_>, u32)> {
    let kind = head(payload)?.kind;
    let mut b = Bits::new(payload.get(2..)?);
    if !b.flag()? {
        return None;
    }
    if (kind::BLA_FIRST..=kind::IRAP_LAST).contains(&kind) {
        b.skip(1)?;
    }
    let pps_id = b.unsigned().filter(|id| *id < 64)?;
    Some((b, pps_id))
}

/// Reads the head of a picture's first slice (ITU-T H.265, 7.3.6.1).
pub fn slice(payload: &[u8], sps: &Sps, pps: &Pps) -> Option<Slice> {
    let kind = head(payload)?.kind;
    let (mut b, pps_id) = first_of_picture(payload)?;
    b.number(pps.extra_bits)?;
    let slice_type = match b.unsigned()? {
        0 => SliceType::B,
        1 => SliceType::P,
        2 => SliceType::I,
        _ => return None,
    };
    if pps.has_output_flag {
        b.skip(1)?;
    }
    if sps.separate_planes {
        b.skip(2)?;
    }
    let is_idr = matches!(kind, kind::IDR_W_RADL | kind::IDR_N_LP);
    let order_lsb = if is_idr {
        None
    } else {
        Some(b.number(sps.order_bits)?)
    };
    Some(Slice {
        slice_type,
        pps_id,
        order_lsb,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bitstream::bits::tests::Pen;

    fn sps_bytes() -> Vec<u8> {
        let head = Pen::default()
            .number(16, 0x4201)
            .number(4, 0)
            .number(3, 1)
            .number(1, 1);
        // Profile and level, one sub-layer with a level of its own.
        let levels = (0..3).fold(head, |pen, _| pen.number(32, 0x0160_0000));
        let levels = levels.number(2, 0b01).number(14, 0).number(8, 90);
        let size = levels
            .unsigned(3)
            .unsigned(1)
            .unsigned(1920)
            .unsigned(1080)
            .number(1, 0);
        size.unsigned(0).unsigned(0).unsigned(4).bytes()
    }

    fn pps_bytes() -> Vec<u8> {
        Pen::default()
            .number(16, 0x4401)
            .unsigned(5)
            .unsigned(3)
            .number(1, 0)
            .number(1, 1)
            .number(3, 2)
            .bytes()
    }

    #[test]
    fn a_picture_says_kind_and_order() {
        let (sps, pps) = (sps(&sps_bytes()).unwrap(), pps(&pps_bytes()).unwrap());
        assert_eq!((sps.id, sps.order_bits), (3, 8));
        assert_eq!((pps.id, pps.sps_id), (5, 3));
        // CRA: first slice, no flag of earlier pictures, set 5, two extra bits, I.
        let pen = Pen::default()
            .number(16, 21 << 9 | 1)
            .number(2, 0b10)
            .unsigned(5)
            .number(2, 3);
        let cra = pen.unsigned(2).number(1, 1).number(8, 200).bytes();
        assert_eq!(head(&cra).unwrap(), Head { kind: 21, layer: 0 });
        assert_eq!(slice_pps(&cra), Some(5));
        let read = slice(&cra, &sps, &pps).unwrap();
        assert_eq!((read.slice_type, read.order_lsb), (SliceType::I, Some(200)));
        // An IDR picture writes none, and a second slice is not a picture's first.
        let pen = Pen::default()
            .number(16, 19 << 9 | 1)
            .number(2, 0b10)
            .unsigned(5)
            .number(2, 3);
        let idr = pen.unsigned(2).number(1, 1).bytes();
        assert_eq!(slice(&idr, &sps, &pps).unwrap().order_lsb, None);
        assert_eq!(slice_pps(&[2, 1, 0x3f, 0xff]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let sps = sps(&bytes).unwrap_or(sps(&sps_bytes()).unwrap());
            let pps = pps(&bytes).unwrap_or(pps(&pps_bytes()).unwrap());
            prop_assert!((4..=16).contains(&sps.order_bits));
            if let Some(order) = slice(&bytes, &sps, &pps).and_then(|s| s.order_lsb) {
                prop_assert!(order < 1 << sps.order_bits);
            }
        }
    }
}
