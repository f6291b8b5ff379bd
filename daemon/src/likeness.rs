//! Which pictures look like one that is asked for, among very many: an index in
//! memory over the 256 bits of each.
//!
//! Multi-index hashing (Norouzi, Punjani, Fleet 2012): the bits are cut into 16
//! bands of 16. If two pictures differ in at most 31 bits, then one of their bands
//! differs in at most one; so it is enough to look at those that share a band but
//! for one bit, and every one of them is held against the whole. Up to
//! [`EXACT_WITHIN`] nothing is missed; a little beyond it next to nothing, since
//! the bits that differ would have to be spread with two or more in every band.
//!
//! A picture takes 100 bytes: its bits, its number, and its place in each band.

use unbroken_probes::measure::likeness::{Bits, Likeness};

/// Bands that the bits are cut into.
const BANDS: usize = 16;
/// Values that a band can have.
const VALUES: usize = 1 << 16;
/// Distance up to which every picture is found.
pub const EXACT_WITHIN: u32 = 31;
/// Pictures that are looked at one by one until they are put into the bands: at
/// least so many, and this share of all. Putting all in anew is work for each;
/// a longer tail is work for each that asks.
const TAIL_MIN: usize = 4096;
const TAIL_SHARE: usize = 64;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The bits in every position in which the picture can lie: within
    /// [`EXACT_WITHIN`] nothing is missed.
    pub positions: Vec<Bits>,
    /// The bits of windows in it. They are many and overlap, so that for them one
    /// band must be wholly equal, which a seventeenth of the work finds: what
    /// differs in 22 bits, as a window half a step off does, shows in one of
    /// them in 99 of 100 cases.
    pub windows: Vec<Bits>,
}

impl From<&Likeness> for Asked {
    fn from(likeness: &Likeness) -> Self {
        Self {
            positions: likeness.bits.turned().to_vec(),
            windows: likeness.windows.clone(),
        }
    }
}

/// One picture that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its number, as it was added.
    pub number: u32,
    /// How many bits differ.
    pub distance_bits: u32,
    /// Which of the bits that were asked for is the nearest, positions before
    /// windows, as [`Likeness::position`] counts.
    pub asked: usize,
}

/// The index.
#[derive(Debug, Default)]
pub struct Index {
    bits: Vec<Bits>,
    numbers: Vec<u32>,
    /// How many of them stand in the bands.
    banded: usize,
    /// Of each band, places in `bits`, in order of the band's value; and where
    /// each value starts.
    places: Vec<Vec<u32>>,
    starts: Vec<Vec<u32>>,
}

impl Index {
    /// How many pictures it holds.
    pub fn len(&self) -> usize {
        self.bits.len()
    }

    /// True if it holds none.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// The number that was added last.
    pub fn last_number(&self) -> Option<u32> {
        self.numbers.last().copied()
    }

    /// Bytes that it holds in memory.
    pub fn bytes(&self) -> usize {
        let lists = self.places.iter().chain(&self.starts);
        let lists: usize = lists.map(|list| list.capacity() * size_of::<u32>()).sum();
        self.bits.capacity() * size_of::<Bits>()
            + self.numbers.capacity() * size_of::<u32>()
            + lists
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.bits.reserve_exact(more);
        self.numbers.reserve_exact(more);
    }

    /// Adds a picture. Beyond 2^32 pictures nothing more is added.
    pub fn add(&mut self, number: u32, bits: Bits) {
        if u32::try_from(self.bits.len()).is_ok() {
            self.bits.push(bits);
            self.numbers.push(number);
        }
    }

    /// Puts what was added into the bands, if it has become much. To be called
    /// after adding; what is not in them yet is found all the same.
    pub fn settle(&mut self) {
        let tail = self.bits.len() - self.banded;
        if tail > TAIL_MIN.max(self.bits.len() / TAIL_SHARE) {
            self.sort_into_bands();
        }
    }

    /// Every picture within `within_bits` of what is asked for, the nearest first,
    /// each once.
    pub fn near(&self, asked: &Asked, within_bits: u32) -> Vec<Near> {
        let mut found = Vec::new();
        let positions = asked.positions.iter().map(|bits| (bits, 16));
        let windows = asked.windows.iter().map(|bits| (bits, 0));
        for (n, (bits, flips)) in positions.chain(windows).enumerate() {
            let mut consider = |place: usize| {
                let Some(distance_bits) = self.bits.get(place).map(|b| b.distance(*bits)) else {
                    return;
                };
                if distance_bits <= within_bits {
                    found.extend(self.numbers.get(place).map(|number| Near {
                        number: *number,
                        distance_bits,
                        asked: n,
                    }));
                }
            };
            for band in 0..self.places.len() {
                let own = value(*bits, band);
                let near = std::iter::once(own).chain((0..flips).map(|bit| own ^ 1 << bit));
                for value in near {
                    self.with_value(band, value)
                        .iter()
                        .for_each(|place| consider(*place as usize));
                }
            }
            (self.banded..self.bits.len()).for_each(&mut consider);
        }
        found.sort_by_key(|near| (near.number, near.distance_bits, near.asked));
        found.dedup_by_key(|near| near.number);
        found.sort_by_key(|near| (near.distance_bits, near.number));
        found
    }

    fn with_value(&self, band: usize, value: usize) -> &[u32] {
        let places = self.places.get(band).zip(self.starts.get(band));
        let part = places.and_then(|(places, starts)| {
            let (start, end) = (starts.get(value)?, starts.get(value + 1)?);
            places.get(*start as usize..*end as usize)
        });
        part.unwrap_or(&[])
    }

    /// Counting sort of all pictures by each band's value. The old lists go
    /// first, so that both are never held.
    fn sort_into_bands(&mut self) {
        self.places.clear();
        self.starts.clear();
        self.banded = self.bits.len();
        for band in 0..BANDS {
            let mut starts = vec![0_u32; VALUES + 1];
            for bits in &self.bits {
                if let Some(count) = starts.get_mut(value(*bits, band) + 1) {
                    *count += 1;
                }
            }
            let mut sum = 0;
            for start in &mut starts {
                sum += *start;
                *start = sum;
            }
            let mut next = starts.clone();
            let mut places = vec![0_u32; self.bits.len()];
            for (place, bits) in (0..).zip(&self.bits) {
                if let Some(next) = next.get_mut(value(*bits, band)) {
                    if let Some(slot) = places.get_mut(*next as usize) {
                        *slot = place;
                    }
                    *next += 1;
                }
            }
            self.places.push(places);
            self.starts.push(starts);
        }
    }
}

/// The value of a band.
fn value(bits: Bits, band: usize) -> usize {
    let word = bits.0.get(band / 4).copied().unwrap_or_default();
    (word >> (band % 4 * 16)) as usize & (VALUES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn any_bits(state: &mut u64) -> Bits {
        Bits(std::array::from_fn(|_| random(state)))
    }

    fn with_flips(mut bits: Bits, flips: u32, state: &mut u64) -> Bits {
        let own = bits;
        while bits.distance(own) < flips {
            let place = random(state) as usize % 256;
            bits.0[place / 64] ^= 1 << (place % 64);
        }
        bits
    }

    fn positions(bits: &[Bits]) -> Asked {
        Asked {
            positions: bits.to_vec(),
            windows: Vec::new(),
        }
    }

    /// More than stand in the tail, so that both ways of finding are asked.
    fn filled(state: &mut u64) -> (Index, Vec<Bits>) {
        let mut index = Index::default();
        let mut all = Vec::new();
        for number in 0..(TAIL_MIN as u32 * 2 + 100) {
            let bits = any_bits(state);
            all.push(bits);
            index.add(number, bits);
            index.settle();
        }
        assert!(index.banded > 0 && index.banded < index.len());
        (index, all)
    }

    #[test]
    fn all_within_31_bits_are_found_and_none_beyond_the_limit() {
        let mut state = 7;
        let (index, all) = filled(&mut state);
        for round in 0..600 {
            let number = random(&mut state) as usize % all.len();
            let flips = round % 40;
            let asked = with_flips(all[number], flips, &mut state);
            let found = index.near(&positions(&[any_bits(&mut state), asked]), EXACT_WITHIN);
            if flips > EXACT_WITHIN {
                assert!(found.is_empty(), "{flips}: {found:?}");
                continue;
            }
            let expected = Near {
                number: number as u32,
                distance_bits: flips,
                asked: 1,
            };
            assert_eq!(found, [expected]);
        }
    }

    #[test]
    fn bits_that_differ_two_in_each_band_but_one_are_still_found() {
        let mut state = 8;
        let (mut index, _) = filled(&mut state);
        let bits = any_bits(&mut state);
        index.add(u32::MAX, bits);
        index.sort_into_bands();
        for spared in 0..BANDS {
            let mut asked = bits;
            for band in 0..BANDS {
                let flips: u64 = if band == spared { 0b1 } else { 0b11 };
                asked.0[band / 4] ^= flips << (band % 4 * 16);
            }
            assert_eq!(asked.distance(bits), EXACT_WITHIN);
            assert_eq!(
                index.near(&positions(&[asked]), EXACT_WITHIN).len(),
                1,
                "{spared}"
            );
        }
    }

    #[test]
    fn windows_are_found_by_an_equal_band() {
        let mut state = 10;
        let (mut index, _) = filled(&mut state);
        let own = any_bits(&mut state);
        index.add(u32::MAX, own);
        index.sort_into_bands();
        let found = |bits: Bits| {
            let asked = Asked {
                positions: vec![any_bits(&mut 11)],
                windows: vec![bits],
            };
            index.near(&asked, EXACT_WITHIN)
        };
        let mut count = 0;
        for _ in 0..200 {
            let near = found(with_flips(own, 22, &mut state));
            count += near.len();
            assert!(near.iter().all(|n| n.asked == 1 && n.distance_bits == 22));
        }
        assert!(count >= 190, "{count} of 200");
        let each = Bits([0x0001_0001_0001_0001; 4]);
        let everywhere = Bits(std::array::from_fn(|word| own.0[word] ^ each.0[word]));
        assert!(found(everywhere).is_empty());
    }

    #[test]
    fn the_nearest_comes_first_and_each_once() {
        let mut state = 9;
        let mut index = Index::default();
        assert!(index.near(&positions(&[Bits::default()]), 256).is_empty());
        let own = any_bits(&mut state);
        index.add(5, with_flips(own, 9, &mut state));
        index.add(6, own);
        index.sort_into_bands();
        let near = with_flips(own, 1, &mut state);
        let found = index.near(&positions(&[near, own]), 31);
        let numbers: Vec<u32> = found.iter().map(|near| near.number).collect();
        assert_eq!(numbers, [6, 5]);
        assert_eq!((found[0].distance_bits, found[0].asked), (0, 1));
    }
}
