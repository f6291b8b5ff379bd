//! Bits in order, most significant first, with exponential Golomb codes
//! (ITU-T H.264, 7.2 and 9.1; HEVC is the same).

/// Longest prefix of a code that fits 32 bits.
const GOLOMB_ZEROS_MAX: u32 = 31;

/// Reads bits of a payload from which emulation prevention was taken out.
#[derive(Clone, Debug)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    /// From the first bit of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next bit; `None` at the end.
    pub fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let shift = 7 - self.at % 8;
        self.at += 1;
        Some(byte >> shift & 1 == 1)
    }

    /// The next `count` bits as a number, at most 32; `None` if there are
    /// fewer.
    pub fn number(&mut self, count: u32) -> Option<u32> {
        if count > u32::BITS {
            return None;
        }
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    /// Passes over `count` bits; `None` if there are fewer.
    pub fn skip(&mut self, count: usize) -> Option<()> {
        let at = self.at.checked_add(count)?;
        (at <= self.bytes.len().checked_mul(8)?).then(|| self.at = at)
    }

    /// ue(v): 0 to 2³² − 2; `None` for a longer code or at the end.
    pub fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > GOLOMB_ZEROS_MAX {
                return None;
            }
        }
        let rest = self.number(zeros)?;
        // 2^zeros − 1 + rest, at most 2³² − 2.
        ((1u64 << zeros) - 1 + u64::from(rest)).try_into().ok()
    }

    /// se(v): 0, 1, −1, 2, −2 …
    pub fn signed(&mut self) -> Option<i32> {
        let code = i64::from(self.unsigned()?);
        let size = (code + 1) / 2;
        let value = if code % 2 == 1 { size } else { -size };
        value.try_into().ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes what [`Bits`] reads.
    #[derive(Default)]
    pub(crate) struct Pen {
        bits: Vec<bool>,
    }

    impl Pen {
        pub(crate) fn number(mut self, count: u32, value: u32) -> Self {
            let bits = (0..count).rev().map(|bit| value >> bit & 1 == 1);
            self.bits.extend(bits);
            self
        }

        pub(crate) fn unsigned(self, value: u32) -> Self {
            let code = u64::from(value) + 1;
            let zeros = code.ilog2();
            let zeroed = self.number(zeros, 0).number(1, 1);
            zeroed.number(zeros, (code - (1 << zeros)) as u32)
        }

        pub(crate) fn signed(self, value: i32) -> Self {
            let size = i64::from(value).abs() * 2;
            let code = if value > 0 { size - 1 } else { size };
            self.unsigned(code as u32)
        }

        /// The bytes with the stop bit.
        pub(crate) fn bytes(mut self) -> Vec<u8> {
            self.bits.push(true);
            let byte = |eight: &[bool]| {
                let bits = eight.iter().zip((0..8u8).rev());
                bits.fold(0, |byte, (bit, place)| byte | u8::from(*bit) << place)
            };
            self.bits.chunks(8).map(byte).collect()
        }
    }

    #[test]
    fn codes_of_the_standards_table() {
        // ITU-T H.264 table 9-2: 1, 010, 011, 00100, 00101.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let read: Vec<_> = (0..5).map(|_| bits.unsigned().unwrap()).collect();
        assert_eq!(read, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_code_without_end_is_none() {
        assert_eq!(Bits::new(&[]).unsigned(), None);
        assert_eq!(Bits::new(&[0; 9]).unsigned(), None);
        assert_eq!(Bits::new(&[0, 1]).unsigned(), None);
        assert_eq!(Bits::new(&[0xff; 8]).number(33), None);
        assert_eq!(Bits::new(&[0xff]).skip(9), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(u in 0..=u32::MAX - 1, s in -i32::MAX..=i32::MAX, n in any::<u32>()) {
            let bytes = Pen::default().unsigned(u).signed(s).number(32, n).bytes();
            let mut bits = Bits::new(&bytes);
            prop_assert_eq!(bits.unsigned(), Some(u));
            prop_assert_eq!(bits.signed(), Some(s));
            prop_assert_eq!(bits.number(32), Some(n));
        }
    }
}
