//! The cosine transform of JPEG's blocks.

/// Samples along a side of a block.
pub(super) const POINTS: usize = 8;

/// What [`dct`] makes of a coefficient, in units of the orthonormal one over
/// the root of eight: 1, then √2 cos(kπ/16).
pub(super) const SCALES: [f32; POINTS] = [
    1.0,
    1.387_039_8,
    1.306_563,
    1.175_875_6,
    1.0,
    0.785_694_96,
    0.541_196_1,
    0.275_899_4,
];

/// The eight-point DCT of Arai, Agui and Nakajima (1988), without the scaling
/// at its end: 5 multiplications and 29 additions.
#[inline(always)]
pub(super) fn dct(s: [f32; POINTS]) -> [f32; POINTS] {
    const HALF_ROOT: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const COS_3: f32 = 0.382_683_43;
    const COS_1_LESS_3: f32 = 0.541_196_1;
    const COS_1_PLUS_3: f32 = 1.306_563;
    let [s0, s1, s2, s3, s4, s5, s6, s7] = s;
    let (p0, m0) = (s0 + s7, s0 - s7);
    let (p1, m1) = (s1 + s6, s1 - s6);
    let (p2, m2) = (s2 + s5, s2 - s5);
    let (p3, m3) = (s3 + s4, s3 - s4);

    let (outer, inner) = (p0 + p3, p1 + p2);
    let (difference, other) = (p0 - p3, p1 - p2);
    let turned = (other + difference) * HALF_ROOT;

    let (a, b, c) = (m3 + m2, m2 + m1, m1 + m0);
    let shared = (a - c) * COS_3;
    let a = a * COS_1_LESS_3 + shared;
    let c = c * COS_1_PLUS_3 + shared;
    let b = b * HALF_ROOT;
    let (up, down) = (m0 + b, m0 - b);
    [
        outer + inner,
        up + c,
        difference + turned,
        down - a,
        outer - inner,
        down + a,
        difference - turned,
        up - c,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_transform_of_the_standard_but_for_its_scales() {
        let samples: [f32; POINTS] = [12.0, -3.0, 99.0, 255.0, 0.0, 17.0, 128.0, 64.0];
        for (frequency, (found, scale)) in dct(samples).iter().zip(SCALES).enumerate() {
            let norm = if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 } / 2.0;
            let wave = |k: usize| {
                let angle = (2 * k + 1) as f64 * frequency as f64 * std::f64::consts::PI / 16.0;
                norm * angle.cos()
            };
            let plain: f64 = samples
                .iter()
                .enumerate()
                .map(|(k, v)| f64::from(*v) * wave(k))
                .sum();
            let found = f64::from(found / scale) / 8.0_f64.sqrt();
            assert!((found - plain).abs() < 1e-3, "{frequency}: {found} {plain}");
        }
    }
}
