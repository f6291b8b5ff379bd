//! Loops for the vector units of the machine at hand.
//!
//! The program is built for the oldest processors of its kind, whose vector units
//! are half as wide and cannot multiply whole numbers. What `wide!` is given is
//! compiled a second time for AVX2, BMI and LZCNT (x86-64-v3), and run so where the
//! machine has them. Nothing is reordered or fused by that: the results are the same
//! to the last bit. Functions inside must be `#[inline(always)]`, else they stay as
//! they are, and so do closures that the optimiser does not put in place: the loops
//! that count are plain ones. A call costs some nanoseconds, so that it goes around a
//! picture or a row, not around a block.

/// Runs an expression, which must not leave the function, through the widest vector
/// units that are there.
#[cfg(target_arch = "x86_64")]
macro_rules! wide {
    ($work:expr) => {
        match pulp::x86::V3::try_new() {
            Some(units) => pulp::Simd::vectorize(units, || $work),
            None => $work,
        }
    };
}

/// Other machines have but one kind.
#[cfg(not(target_arch = "x86_64"))]
macro_rules! wide {
    ($work:expr) => {
        $work
    };
}

pub(crate) use wide;

#[cfg(test)]
mod tests {
    #[inline(always)]
    fn sum(values: &[f32]) -> f32 {
        let mut sums = [0.0_f32; 8];
        for values in values.as_chunks::<8>().0 {
            for (sum, v) in sums.iter_mut().zip(values) {
                *sum += v * 0.3 + 1.0 / v;
            }
        }
        sums.iter().sum()
    }

    #[test]
    fn wide_units_give_the_same_to_the_last_bit() {
        let values: Vec<f32> = (1..4097_u16).map(|i| f32::from(i).sqrt()).collect();
        assert_eq!(wide!(sum(&values)).to_bits(), sum(&values).to_bits());
    }
}
