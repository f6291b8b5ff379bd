//! The usual JPEG to luma and the colours of its blocks, in one pass.
//!
//! Instruments look at luma; colours are for the viewing copy alone, and the mean of
//! each block, its first coefficient, is enough for that. So colours are read as
//! far as the bits ask for it, and nothing is turned back, enlarged or put side by
//! side (ITU-T T.81; the inverse transform is that of the other decoder to the last
//! unit). What is not baseline, not coded in luma and colour differences, or not
//! whole to the last bit is left to that decoder.

mod bits;
mod inverse;

use bits::{Bits, Code};
use inverse::Block;

use super::jpeg_tables::zigzag;
use super::picture_decoding::PIXELS_MAX;
use super::pixels::{Layout, Pixels};
use super::wide::wide;

/// Samples along a side of a block.
const SIDE: usize = 8;
/// Luma and two colour differences.
const COMPONENTS: usize = 3;

/// A decoded picture.
pub(super) struct Planes {
    /// All of its luma.
    pub(super) luma: Pixels,
    /// A pixel for each block of colour differences; its luma is not filled in.
    pub(super) tints: Pixels,
}

/// What stands before the scan, tables by their numbers.
#[derive(Default)]
struct Headers {
    steps: [Option<[i32; 64]>; 4],
    dc: [Option<Box<Code>>; 4],
    ac: [Option<Box<Code>>; 4],
    frame: Option<Frame>,
    /// Units between restart markers; 0 without.
    restart_interval: usize,
}

/// The size of the picture and of its units.
#[derive(Clone, Copy)]
struct Frame {
    width: usize,
    height: usize,
    /// Blocks of luma in a unit, across and down.
    across: usize,
    down: usize,
    /// Number of each component, and of its quantisation table.
    components: [(u8, usize); COMPONENTS],
}

/// Decodes a whole baseline JPEG; `None` for everything else.
pub(super) fn decode(bytes: &[u8]) -> Option<Planes> {
    let mut headers = Headers::default();
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let (marker, body) = match rest {
            [0xFF, marker, body @ ..] => (*marker, body),
            _ => return None,
        };
        let length = usize::from(be16(body)?);
        let payload = body.get(2..length)?;
        rest = body.get(length..)?;
        match marker {
            0xDB => headers.quantisation(payload)?,
            0xC4 => headers.huffman(payload)?,
            0xC0 if headers.frame.is_none() => headers.frame = Some(frame(payload)?),
            0xDD => headers.restart_interval = usize::from(be16(payload)?),
            0xDA => return headers.scan(payload, rest),
            // Adobe says what the colours are.
            0xEE if payload.starts_with(b"Adobe") && payload.get(11) != Some(&1) => return None,
            0xE0..=0xEF | 0xFE => {}
            _ => return None,
        }
    }
}

fn be16(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

fn frame(payload: &[u8]) -> Option<Frame> {
    let [8, y1, y0, x1, x0, 3, components @ ..] = payload else {
        return None;
    };
    let height = usize::from(u16::from_be_bytes([*y1, *y0]));
    let width = usize::from(u16::from_be_bytes([*x1, *x0]));
    let [luma, cb, cr] = components.as_chunks::<3>().0 else {
        return None;
    };
    let is_colour = |component: &[u8; 3]| component[1] == 0x11;
    let (across, down) = (usize::from(luma[1] >> 4), usize::from(luma[1] & 15));
    let is_usual =
        is_colour(cb) && is_colour(cr) && (1..=2).contains(&across) && (1..=2).contains(&down);
    let numbers = [luma[0], cb[0], cr[0]];
    let is_small = (width * height) as u64 <= PIXELS_MAX;
    if !is_usual || !is_small || width == 0 || height == 0 || numbers == *b"RGB" {
        return None;
    }
    let component = |c: &[u8; 3]| (c[0], usize::from(c[2]));
    Some(Frame {
        width,
        height,
        across,
        down,
        components: [component(luma), component(cb), component(cr)],
    })
}

impl Headers {
    fn quantisation(&mut self, mut payload: &[u8]) -> Option<()> {
        while let [head, body @ ..] = payload {
            let bytes_each = 1 + usize::from(head >> 4);
            let (values, rest) = body.split_at_checked(64 * bytes_each)?;
            let mut steps = [0; 64];
            for (i, value) in values.chunks_exact(bytes_each).enumerate() {
                let value = value
                    .iter()
                    .fold(0, |sum, byte| (sum << 8) | i32::from(*byte));
                *steps.get_mut(zigzag(i))? = value;
            }
            *self.steps.get_mut(usize::from(head & 15))? = Some(steps);
            payload = rest;
        }
        Some(())
    }

    fn huffman(&mut self, mut payload: &[u8]) -> Option<()> {
        while let [head, body @ ..] = payload {
            let (lengths, rest) = body.split_first_chunk::<16>()?;
            let count = lengths.iter().map(|n| usize::from(*n)).sum();
            let (symbols, rest) = rest.split_at_checked(count)?;
            let codes = match head >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return None,
            };
            let code = Code::new(lengths, symbols, head >> 4 == 1)?;
            *codes.get_mut(usize::from(head & 15))? = Some(Box::new(code));
            payload = rest;
        }
        Some(())
    }

    fn scan(&self, payload: &[u8], data: &[u8]) -> Option<Planes> {
        let frame = self.frame?;
        let [3, rest @ ..] = payload else {
            return None;
        };
        // All coefficients of all components at once.
        let [y, y_codes, cb, cb_codes, cr, cr_codes, 0, 63, 0] = rest else {
            return None;
        };
        let numbers = frame.components.map(|(number, _)| number);
        if numbers != [*y, *cb, *cr] {
            return None;
        }
        let part = |codes: &u8, table: usize| {
            Some(Part {
                dc: self.dc.get(usize::from(codes >> 4))?.as_deref()?,
                ac: self.ac.get(usize::from(codes & 15))?.as_deref()?,
                steps: self.steps.get(table)?.as_ref()?,
                last: 0,
            })
        };
        let [(_, y_table), (_, cb_table), (_, cr_table)] = frame.components;
        let mut luma = part(y_codes, y_table)?;
        let mut colours = [part(cb_codes, cb_table)?, part(cr_codes, cr_table)?];

        let units_across = frame.width.div_ceil(SIDE * frame.across);
        let units_down = frame.height.div_ceil(SIDE * frame.down);
        let stride = units_across * frame.across * SIDE;
        let mut plane = vec![0_u8; stride * units_down * frame.down * SIDE];
        let mut tints = Vec::with_capacity(units_across * units_down * COMPONENTS);
        let interval = match self.restart_interval {
            0 => units_across * units_down,
            interval => interval,
        };
        let mut source = Source {
            data,
            at: 0,
            number: 0,
        };
        let mut piece = source.piece()?;
        let mut bits = Bits::new(&piece);
        let mut left = interval;
        // The blocks of a row of units, those of a unit one after the other.
        let in_unit = frame.across * frame.down;
        let mut blocks = vec![Block::new(); units_across * in_unit];
        for row in 0..units_down {
            for unit in blocks.chunks_exact_mut(in_unit) {
                if left == 0 {
                    bits.is_done()?.then_some(())?;
                    source.restart()?;
                    piece = source.piece()?;
                    bits = Bits::new(&piece);
                    luma.last = 0;
                    colours.iter_mut().for_each(|part| part.last = 0);
                    left = interval;
                }
                left -= 1;
                for block in unit {
                    luma.block(&mut bits, block)?;
                }
                let mut tint = [0; COMPONENTS];
                for (part, out) in colours.iter_mut().zip(tint.iter_mut().skip(1)) {
                    let mean = part.mean(&mut bits)?;
                    *out = (mean + 128).clamp(0, 255) as u8;
                }
                tints.extend(tint);
            }
            let band = plane.get_mut(row * frame.down * SIDE * stride..)?;
            wide!(put(&blocks, frame, band, stride))?;
        }
        bits.is_done()?.then_some(())?;
        source.is_at_end().then_some(())?;
        if stride != frame.width {
            for y in 1..frame.height {
                plane.copy_within(y * stride..y * stride + frame.width, y * frame.width);
            }
        }
        plane.truncate(frame.width * frame.height);
        Some(Planes {
            luma: Pixels::new(plane, frame.width as u32, frame.height as u32, Layout::Gray)?,
            tints: Pixels::new(tints, units_across as u32, units_down as u32, Layout::YCbCr)?,
        })
    }
}

/// Writes the samples of a row of units.
#[inline(always)]
fn put(blocks: &[Block], frame: Frame, band: &mut [u8], stride: usize) -> Option<()> {
    for (column, unit) in blocks.chunks_exact(frame.across * frame.down).enumerate() {
        for (n, block) in unit.iter().enumerate() {
            let (across, down) = (n % frame.across, n / frame.across);
            let at = down * SIDE * stride + (column * frame.across + across) * SIDE;
            block.put(band.get_mut(at..)?, stride)?;
        }
    }
    Some(())
}

/// A component in the making.
struct Part<'a> {
    dc: &'a Code,
    ac: &'a Code,
    steps: &'a [i32; 64],
    /// The first coefficient of the block before.
    last: i32,
}

impl Part<'_> {
    /// The first coefficient of the next block.
    #[inline(always)]
    fn first(&mut self, bits: &mut Bits<'_>) -> Option<i32> {
        self.last = self.last.wrapping_add(bits.difference(self.dc)?);
        Some(self.last.wrapping_mul(self.steps[0]))
    }

    /// Reads a block.
    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, block: &mut Block) -> Option<()> {
        let first = self.first(bits)?;
        block.start(first);
        bits.coefficients(self.ac, self.steps, block)
    }

    /// Reads a block of which the mean alone is wanted.
    #[inline(always)]
    fn mean(&mut self, bits: &mut Bits<'_>) -> Option<i32> {
        let first = self.first(bits)?;
        bits.skip(self.ac)?;
        Some(first.wrapping_add(4) >> 3)
    }
}

/// The coded data, piece by piece between restart markers.
struct Source<'a> {
    data: &'a [u8],
    at: usize,
    /// Of the next restart marker.
    number: u8,
}

impl Source<'_> {
    /// Passes over a restart marker with the number that is due.
    fn restart(&mut self) -> Option<()> {
        let marker = self.data.get(self.at..self.at + 2)?;
        if marker != [0xFF, 0xD0 + self.number] {
            return None;
        }
        self.number = (self.number + 1) % 8;
        self.at += 2;
        Some(())
    }

    /// What follows up to a marker, without what keeps it apart from those, and zeros
    /// behind.
    fn piece(&mut self) -> Option<Vec<u8>> {
        let mut piece = Vec::new();
        loop {
            let rest = self.data.get(self.at..)?;
            let plain = rest.iter().position(|byte| *byte == 0xFF)?;
            piece.extend_from_slice(rest.get(..plain)?);
            self.at += plain;
            if rest.get(plain + 1) != Some(&0) {
                break;
            }
            piece.push(0xFF);
            self.at += 2;
        }
        piece.extend([0; bits::MARGIN_BYTES]);
        Some(piece)
    }

    fn is_at_end(&self) -> bool {
        self.data.get(self.at..self.at + 2) == Some(&[0xFF, 0xD9])
    }
}

#[cfg(test)]
mod tests;
