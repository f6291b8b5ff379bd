//! How noisy a picture is.

use crate::measure::wide::wide;
use crate::media::LumaView;

/// Standard deviation of the noise in grey levels within the columns `x0..x1`
/// and rows `y0..y1`, by Immerkær's operator (Fast Noise Variance Estimation,
/// CVIU 64(2), 1996): the mask of second differences in both axes, which is
/// blind to planes and to straight edges along either axis. Texture still adds
/// to it, so take a low quantile over parts of a picture. `None` for parts of
/// less than 3×3 pixels.
pub fn immerkaer(luma: LumaView<'_>, x0: usize, x1: usize, y0: usize, y1: usize) -> Option<f32> {
    if x1 < x0 + 3 || y1 < y0 + 3 {
        return None;
    }
    let cut = |y: usize| luma.row(y).get(x0..x1).unwrap_or(&[]);
    let mut sum = 0_u64;
    wide!(for y in y0 + 1..y1 - 1 {
        sum += u64::from(row_sum(cut(y - 1), cut(y), cut(y + 1)));
    });
    let count = ((x1 - x0 - 2) * (y1 - y0 - 2)) as f64;
    let sigma = (std::f64::consts::FRAC_PI_2).sqrt() * sum as f64 / (6.0 * count);
    Some(sigma as f32)
}

#[inline(always)]
fn row_sum(above: &[u8], middle: &[u8], below: &[u8]) -> u32 {
    // At most 16 × 255 a sample: no overflow, and none to be checked for.
    let second = |row: &[u8; 3]| {
        let ends = i16::from(row[0]).wrapping_add(i16::from(row[2]));
        ends.wrapping_sub(i16::from(row[1]).wrapping_mul(2))
    };
    let windows = |row| <[u8]>::array_windows::<3>(row);
    let rows = windows(above).zip(windows(middle)).zip(windows(below));
    rows.fold(0_u32, |sum, ((a, m), b)| {
        let outer = second(a).wrapping_add(second(b));
        let mask = outer.wrapping_sub(second(m).wrapping_mul(2));
        sum.wrapping_add(u32::from(mask.unsigned_abs()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_and_edges_are_no_noise_and_a_known_spread_is_found() {
        let plane: Vec<u8> = (0..64 * 64).map(|i| (i % 64 + i / 64) as u8).collect();
        let edge: Vec<u8> = (0..64 * 64)
            .map(|i| if i % 64 < 30 { 20 } else { 220 })
            .collect();
        for data in [&plane, &edge] {
            let view = LumaView::new(data, 64, 64, 64).unwrap();
            assert_eq!(immerkaer(view, 0, 64, 0, 64), Some(0.0));
        }
        // A sum of twelve uniform numbers is close to normal.
        let mut state = 1_u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        };
        let noisy: Vec<u8> = (0..64 * 64)
            .map(|_| (128.0 + 6.0 * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)) as u8)
            .collect();
        let view = LumaView::new(&noisy, 64, 64, 64).unwrap();
        let sigma = immerkaer(view, 0, 64, 0, 64).unwrap();
        assert!((sigma - 6.0).abs() < 0.6, "{sigma}");
    }

    #[test]
    fn parts_too_small_for_the_mask_have_no_figure() {
        let view = LumaView::new(&[9; 12], 4, 3, 4).unwrap();
        assert_eq!(immerkaer(view, 0, 2, 0, 3), None);
        assert_eq!(immerkaer(view, 0, 4, 0, 2), None);
        assert_eq!(immerkaer(view, 0, 4, 0, 3), Some(0.0));
    }
}
