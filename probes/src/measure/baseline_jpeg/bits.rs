//! Bits, and the codes that they are made of (T.81 annex F.2.2).

use super::inverse::Block;
use crate::measure::jpeg_tables::ZIGZAG;

/// Zeros behind the data: as far as is read at once, twice.
pub(super) const MARGIN_BYTES: usize = 16;
/// Bits that are looked up at once.
const LOOKED_UP_BITS: u32 = 10;
/// Longest code.
const CODE_MAX_BITS: usize = 16;
/// Set in the entry of the code that ends a block.
const END: u32 = 0x80;

/// What a code means: bits 0 to 4 how many bits to take, bits 8 to 11 zeros before
/// the value, bits 12 to 15 bits of the value that follow; if none do, the value from
/// bit 16 on.
type Entry = u32;

/// A Huffman code.
pub(super) struct Code {
    /// By the next bits; 0 for what is longer, or no code.
    short: [Entry; 1 << LOOKED_UP_BITS],
    /// By length: one above the last code, filled up to 16 bits.
    ends: [u32; CODE_MAX_BITS + 1],
    /// By length: what makes a place among the symbols of a code.
    offsets: [i32; CODE_MAX_BITS + 1],
    symbols: [u8; 256],
    is_ac: bool,
}

impl Code {
    /// `None` if there are more codes of a length than there can be, or a symbol means
    /// nothing in a baseline picture, used or not.
    pub(super) fn new(lengths: &[u8; CODE_MAX_BITS], symbols: &[u8], is_ac: bool) -> Option<Self> {
        let mut code = Self {
            short: [0; 1 << LOOKED_UP_BITS],
            ends: [0; CODE_MAX_BITS + 1],
            offsets: [0; CODE_MAX_BITS + 1],
            symbols: [0; 256],
            is_ac,
        };
        code.symbols
            .get_mut(..symbols.len())?
            .copy_from_slice(symbols);
        let (mut next, mut place) = (0_u32, 0_usize);
        for (length, count) in (1_usize..).zip(lengths) {
            *code.offsets.get_mut(length)? = place as i32 - next as i32;
            for _ in 0..*count {
                if next >> length != 0 {
                    return None;
                }
                let symbol = *symbols.get(place)?;
                code.enter(next, length as u32, symbol)?;
                next += 1;
                place += 1;
            }
            *code.ends.get_mut(length)? = next << (CODE_MAX_BITS - length);
            next <<= 1;
        }
        Some(code)
    }

    fn enter(&mut self, code: u32, length: u32, symbol: u8) -> Option<()> {
        let entry = self.entry(length, symbol)?;
        let Some(rest) = LOOKED_UP_BITS.checked_sub(length) else {
            return Some(());
        };
        let size = entry >> 12 & 15;
        for behind in 0..1_u32 << rest {
            let resolved = if size > 0 && size <= rest {
                let raw = behind >> (rest - size);
                let value = extended(raw, size);
                (entry & 0x0F00) | (length + size) | (value as u32) << 16
            } else {
                entry
            };
            if let Some(slot) = self.short.get_mut((code << rest | behind) as usize) {
                *slot = resolved;
            }
        }
        Some(())
    }

    /// Without the value; `None` for a symbol that means nothing.
    fn entry(&self, length: u32, symbol: u8) -> Option<Entry> {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        match (self.is_ac, run, size) {
            (false, 0, 0..=11) => Some(length | size << 12),
            (true, 0, 0) => Some(length | END),
            (true, 15, 0) => Some(length | run << 8),
            (true, _, 1..=10) => Some(length | run << 8 | size << 12),
            _ => None,
        }
    }

    /// A code that was not found among the short ones.
    #[cold]
    fn long(&self, bits: u64) -> Option<Entry> {
        let ahead = (bits >> (64 - CODE_MAX_BITS)) as u32;
        let length = (1..=CODE_MAX_BITS)
            .find(|length| self.ends.get(*length).is_some_and(|end| ahead < *end))?;
        let place = (ahead >> (CODE_MAX_BITS - length)) as i32 + self.offsets.get(length)?;
        let symbol = self.symbols.get(usize::try_from(place).ok()?)?;
        self.entry(length as u32, *symbol)
    }
}

/// A value of so many bits (T.81 F.2.2.1).
#[inline(always)]
fn extended(raw: u32, size: u32) -> i32 {
    let raw = raw as i32;
    if raw < 1 << (size - 1) {
        raw.wrapping_sub((1 << size) - 1)
    } else {
        raw
    }
}

/// Reads bits from the first to the last.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte.
    at: usize,
    /// The next bits, from the highest on.
    bits: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// `data` ends with [`MARGIN_BYTES`] zeros.
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            bits: 0,
            count: 0,
        }
    }

    #[inline(always)]
    fn fill(&mut self) -> Option<()> {
        if self.count < 32 {
            let next = self.data.get(self.at..)?.first_chunk::<8>()?;
            self.bits |= u64::from_be_bytes(*next) >> self.count;
            let bytes = (63 - self.count) >> 3;
            self.at = self.at.wrapping_add(bytes as usize);
            self.count |= 56;
        }
        Some(())
    }

    #[inline(always)]
    fn drop(&mut self, count: u32) {
        self.bits = self.bits.wrapping_shl(count);
        self.count = self.count.wrapping_sub(count);
    }

    #[inline(always)]
    fn next(&mut self, code: &Code) -> Option<Entry> {
        self.fill()?;
        let short = code.short[(self.bits >> (64 - LOOKED_UP_BITS)) as usize];
        let entry = if short == 0 {
            code.long(self.bits)?
        } else {
            short
        };
        self.drop(entry & 31);
        Some(entry)
    }

    #[inline(always)]
    fn value(&mut self, entry: Entry) -> i32 {
        let size = entry >> 12 & 15;
        if size == 0 {
            return entry as i32 >> 16;
        }
        let raw = (self.bits >> (64 - size)) as u32;
        self.drop(size);
        extended(raw, size)
    }

    /// How the first coefficient differs from the one before.
    #[inline(always)]
    pub(super) fn difference(&mut self, code: &Code) -> Option<i32> {
        let entry = self.next(code)?;
        Some(self.value(entry))
    }

    /// The other coefficients of a block.
    #[inline(always)]
    pub(super) fn coefficients(
        &mut self,
        code: &Code,
        steps: &[i32; 64],
        block: &mut Block,
    ) -> Option<()> {
        let mut k = 1_usize;
        while k < 64 {
            let entry = self.next(code)?;
            if entry & END != 0 {
                break;
            }
            k = k.wrapping_add((entry >> 8 & 15) as usize);
            let value = self.value(entry);
            let place = usize::from(*ZIGZAG.get(k)?) & 63;
            block.values[place] = value.wrapping_mul(steps[place]);
            block.last = k;
            k = k.wrapping_add(1);
        }
        Some(())
    }

    /// Passes over them.
    #[inline(always)]
    pub(super) fn skip(&mut self, code: &Code) -> Option<()> {
        let mut k = 1_usize;
        while k < 64 {
            let entry = self.next(code)?;
            if entry & END != 0 {
                return Some(());
            }
            k = k.wrapping_add((entry >> 8 & 15) as usize + 1);
            self.drop(entry >> 12 & 15);
        }
        (k == 64).then_some(())
    }

    /// True if nothing but the bits that fill up the last byte is left; `None` if more
    /// was read than there is.
    pub(super) fn is_done(&self) -> Option<bool> {
        let read = (self.at * 8).checked_sub(self.count as usize)?;
        let all = self.data.len().checked_sub(MARGIN_BYTES)? * 8;
        Some(all.checked_sub(read)? < 8)
    }
}
