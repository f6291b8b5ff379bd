//! The 256 bits of a likeness: what they are as numbers, turned, written, read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FREQUENCIES;

/// 256 bits; in JSON 64 hexadecimal digits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Bits(pub [u64; 4]);

impl Bits {
    /// How many bits differ.
    pub fn distance(self, other: Self) -> u32 {
        let pairs = self.0.iter().zip(other.0);
        pairs.map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// The bits in the eight positions in which a picture can be turned by
    /// quarters and mirrored; the first is its own.
    pub fn turned(self) -> [Self; 8] {
        let transposed = self.transposed();
        let flips = [(false, false), (true, false), (false, true), (true, true)];
        std::array::from_fn(|n| {
            let (across, down) = flips.get(n % 4).copied().unwrap_or_default();
            let bits = if n < 4 { self } else { transposed };
            bits.flipped(across, down)
        })
    }

    /// As 32 bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let words = bytes.chunks_exact_mut(8).zip(self.0);
        words.for_each(|(to, word)| to.copy_from_slice(&word.to_be_bytes()));
        bytes
    }

    /// From 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let mut bits = Self::default();
        let pairs = bits.0.iter_mut().zip(words);
        pairs.for_each(|(to, word)| *to = u64::from_be_bytes(*word));
        bits
    }

    fn get(self, place: usize) -> bool {
        let word = self.0.get(place / 64).copied().unwrap_or_default();
        word >> (place % 64) & 1 == 1
    }

    pub(super) fn of(bit: impl Fn(usize) -> bool) -> Self {
        Self(std::array::from_fn(|word| {
            (0..64)
                .filter(|n| bit(word * 64 + n))
                .fold(0, |bits, n| bits | 1 << n)
        }))
    }

    /// A cosine with an odd number of half-waves changes its sign when its axis
    /// is turned round.
    fn flipped(self, across: bool, down: bool) -> Self {
        let is_odd = |frequency: usize| frequency.is_multiple_of(2);
        Self::of(|place| {
            let (row, column) = (place / FREQUENCIES, place % FREQUENCIES);
            self.get(place) ^ (across && is_odd(column)) ^ (down && is_odd(row))
        })
    }

    fn transposed(self) -> Self {
        Self::of(|place| self.get(place % FREQUENCIES * FREQUENCIES + place / FREQUENCIES))
    }
}

impl From<Bits> for String {
    fn from(bits: Bits) -> Self {
        bits.0.iter().map(|word| format!("{word:016x}")).collect()
    }
}

impl TryFrom<String> for Bits {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("“{text}” is not 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bits = Self::default();
        for (n, word) in bits.0.iter_mut().enumerate() {
            let digits = text.get(n * 16..n * 16 + 16).ok_or_else(wrong)?;
            *word = u64::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(bits)
    }
}

impl JsonSchema for Bits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_written_as_digits_and_bytes_and_read_back() {
        let bits = Bits([1, 0x0123_4567_89AB_CDEF, u64::MAX, 1 << 63]);
        let json = serde_json::to_string(&bits).unwrap();
        assert_eq!(json.len(), 66);
        assert_eq!(serde_json::from_str::<Bits>(&json).unwrap(), bits);
        assert_eq!(Bits::from_bytes(bits.to_bytes()), bits);
        for wrong in ["\"\"", "\"0g\"", &json.replace('"', "").repeat(2)] {
            assert!(serde_json::from_str::<Bits>(wrong).is_err(), "{wrong}");
        }
        let long = format!("\"{}é\"", "0".repeat(62));
        assert!(serde_json::from_str::<Bits>(&long).is_err());
    }
}
