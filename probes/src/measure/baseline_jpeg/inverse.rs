//! The inverse cosine transform, in whole numbers as most decoders have it (after
//! Loeffler, Ligtenberg and Moschytz 1989).

use super::SIDE;

/// Coefficients of a block, row by row, times their steps.
#[derive(Clone)]
pub(super) struct Block {
    pub(super) values: [i32; SIDE * SIDE],
    /// Place of the last one in zigzag order.
    pub(super) last: usize,
}

/// Up to this place in zigzag order all lie in the upper left quarter.
const LAST_OF_QUARTER: usize = 9;
/// What rounds the first pass, and the second, which also puts the middle level in.
const ROUNDING: i32 = 1 << 9;
const ROUNDING_AND_MIDDLE: i32 = (128 << 17) + (1 << 16) + (1 << 9);

impl Block {
    pub(super) fn new() -> Self {
        Self {
            values: [0; SIDE * SIDE],
            last: 0,
        }
    }

    /// With the first coefficient and no others.
    #[inline(always)]
    pub(super) fn start(&mut self, first: i32) {
        self.values = [0; SIDE * SIDE];
        self.values[0] = first;
        self.last = 0;
    }

    /// Writes its samples; rows lie `stride` apart.
    #[inline(always)]
    pub(super) fn put(&self, to: &mut [u8], stride: usize) -> Option<()> {
        let samples = if self.last == 0 {
            let level = (self.values[0].wrapping_add(4).wrapping_add(1024) >> 3).clamp(0, 255);
            [[level as u8; SIDE]; SIDE]
        } else if self.last <= LAST_OF_QUARTER {
            inverse::<4>(&self.values)
        } else {
            inverse::<8>(&self.values)
        };
        for (y, row) in samples.iter().enumerate() {
            to.get_mut(y * stride..)?
                .first_chunk_mut::<SIDE>()
                .map(|to| *to = *row)?;
        }
        Some(())
    }
}

/// Of a block whose first `N` rows and columns alone hold anything. Plain loops, for what
/// is given to a function is not always compiled with it for the wide units.
#[inline(always)]
fn inverse<const N: usize>(values: &[i32; SIDE * SIDE]) -> [[u8; SIDE]; SIDE] {
    // Columns, side by side, then rows, which stand as columns meanwhile.
    let mut down = [0_i32; SIDE * SIDE];
    for x in 0..N {
        let mut column = [0; SIDE];
        for y in 0..N {
            column[y] = values[y * SIDE + x];
        }
        let out = points(column, ROUNDING);
        for y in 0..SIDE {
            down[y * SIDE + x] = out[y] >> 10;
        }
    }
    let mut turned = [0_i32; SIDE * SIDE];
    for x in 0..N {
        for y in 0..SIDE {
            turned[x * SIDE + y] = down[y * SIDE + x];
        }
    }
    let mut levels = [0_u8; SIDE * SIDE];
    for y in 0..SIDE {
        let mut row = [0; SIDE];
        for x in 0..N {
            row[x] = turned[x * SIDE + y];
        }
        let out = points(row, ROUNDING_AND_MIDDLE);
        for x in 0..SIDE {
            levels[x * SIDE + y] = (out[x] >> 17).clamp(0, 255) as u8;
        }
    }
    let mut rows = [[0_u8; SIDE]; SIDE];
    for y in 0..SIDE {
        for x in 0..SIDE {
            rows[y][x] = levels[x * SIDE + y];
        }
    }
    rows
}

/// Eight points; constants are in 4,096ths.
#[inline(always)]
fn points(s: [i32; SIDE], rounding: i32) -> [i32; SIDE] {
    let add = i32::wrapping_add;
    let sub = i32::wrapping_sub;
    let mul = i32::wrapping_mul;
    let p1 = mul(add(s[2], s[6]), 2217);
    let t2 = add(p1, mul(s[6], -7567));
    let t3 = add(p1, mul(s[2], 3135));
    let t0 = add(s[0], s[4]).wrapping_shl(12);
    let t1 = sub(s[0], s[4]).wrapping_shl(12);
    let x0 = add(add(t0, t3), rounding);
    let x3 = add(sub(t0, t3), rounding);
    let x1 = add(add(t1, t2), rounding);
    let x2 = add(sub(t1, t2), rounding);

    let (t0, t1, t2, t3) = (s[7], s[5], s[3], s[1]);
    let p3 = add(t0, t2);
    let p4 = add(t1, t3);
    let p1 = add(t0, t3);
    let p2 = add(t1, t2);
    let p5 = mul(add(p3, p4), 4816);
    let p1 = add(p5, mul(p1, -3685));
    let p2 = add(p5, mul(p2, -10497));
    let p3 = mul(p3, -8034);
    let p4 = mul(p4, -1597);
    let t3 = add(mul(t3, 6149), add(p1, p4));
    let t2 = add(mul(t2, 12586), add(p2, p3));
    let t1 = add(mul(t1, 8410), add(p2, p4));
    let t0 = add(mul(t0, 1223), add(p1, p3));
    [
        add(x0, t3),
        add(x1, t2),
        add(x2, t1),
        add(x3, t0),
        sub(x3, t0),
        sub(x2, t1),
        sub(x1, t2),
        sub(x0, t3),
    ]
}
