//! Exact products of 8-bit weights and 8-bit activations, in the ways that engines allow.

use crate::simd::{HAS_DOT_BYTES, I8x16, I16x8, I32x4};

/// How a module multiplies bytes: found once by [`probe`], then given to every matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DotKind {
    /// Bytes widened to 16 bits: exact everywhere.
    Wide = 0,
    /// The relaxed 8-bit dot reads its second operand as 0..=255 and does not saturate (x86 with VNNI).
    Unsigned = 1,
    /// The relaxed 8-bit dot reads its second operand as -128..=127 and does not saturate (ARM).
    Signed = 2,
}

impl DotKind {
    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Wide, Self::Unsigned, Self::Signed].into_iter().find(|&kind| kind as u32 == number)
    }
}

/// Four sums of products of bytes, a lane for each of four rows of weights, grown four columns at a time.
pub trait Dot: Copy {
    /// Four activations, repeated for four rows of weights.
    type Quad: Copy;
    /// Four columns of four rows of activations, arranged for [`Dot::Tile`].
    type Quads: Copy;
    /// Sixteen sums: four rows of weights with four rows of activations.
    type Tile: Copy;

    /// Sums that begin at `bias`.
    fn start(bias: I32x4) -> Self;
    /// Activations 4 * group to 4 * group + 3.
    fn quad(activations: I8x16, group: usize) -> Self::Quad;
    /// Adds the products with four weights of each of four rows.
    fn add(self, activations: Self::Quad, weights: I8x16) -> Self;
    /// The sums.
    fn finish(self) -> I32x4;

    /// Sums that begin at zero, or at `bias` (arranged by [`crossed`]).
    fn start_tile(bias: [I32x4; 4]) -> Self::Tile;
    /// Four columns of four rows of activations.
    fn quads(activations: I8x16) -> Self::Quads;
    /// Adds the products with four weights of each of four rows.
    fn add_tile(tile: Self::Tile, activations: Self::Quads, weights: I8x16) -> Self::Tile;
    /// The sums from the start's `bias` on: lane i of vector r belongs to row i of the weights and i ^ r of the activations.
    fn finish_tile(tile: Self::Tile, bias: [I32x4; 4]) -> [I32x4; 4];
}

/// Four vectors of which lane i of vector r is lane i ^ r of `lanes`: each lane meets each place once.
#[inline(always)]
pub fn crossed(lanes: I32x4) -> [I32x4; 4] {
    [lanes, lanes.swap_neighbours(), lanes.swap_halves(), lanes.reverse()]
}

/// One relaxed 8-bit dot a step; the weights must suit the engine.
#[derive(Clone, Copy)]
pub struct RelaxedDot(I32x4);

/// Two 16-bit dots a step; weights are signed.
#[derive(Clone, Copy)]
pub struct WideDot {
    low: I32x4,
    high: I32x4,
}

impl Dot for RelaxedDot {
    type Quad = I8x16;
    type Quads = [I8x16; 4];
    type Tile = [I32x4; 4];

    #[inline(always)]
    fn start(bias: I32x4) -> Self {
        Self(bias)
    }

    #[inline(always)]
    fn quad(activations: I8x16, group: usize) -> I8x16 {
        activations.repeat_group(group)
    }

    #[inline(always)]
    fn add(self, activations: I8x16, weights: I8x16) -> Self {
        Self(self.0.dot_bytes(activations, weights))
    }

    #[inline(always)]
    fn finish(self) -> I32x4 {
        self.0
    }

    #[inline(always)]
    fn start_tile(bias: [I32x4; 4]) -> Self::Tile {
        bias
    }

    #[inline(always)]
    fn quads(activations: I8x16) -> Self::Quads {
        crossed(activations.as_i32()).map(I32x4::as_bytes)
    }

    #[inline(always)]
    fn add_tile(tile: Self::Tile, activations: Self::Quads, weights: I8x16) -> Self::Tile {
        core::array::from_fn(|r| tile[r].dot_bytes(activations[r], weights))
    }

    #[inline(always)]
    fn finish_tile(tile: Self::Tile, _: [I32x4; 4]) -> [I32x4; 4] {
        tile
    }
}

impl Dot for WideDot {
    type Quad = I16x8;
    /// Rows 0 and 1, 1 and 0, 2 and 3, 3 and 2.
    type Quads = [I16x8; 4];
    /// For each of `Quads`, products with rows 0 and 1, and with rows 2 and 3, of the weights.
    type Tile = [Self; 4];

    #[inline(always)]
    fn start(bias: I32x4) -> Self {
        // finish adds neighbours: the bias goes into one of each two.
        let half = bias & I32x4::from_array([-1, 0, -1, 0]);
        Self { low: half, high: half }
    }

    #[inline(always)]
    fn quad(activations: I8x16, group: usize) -> I16x8 {
        activations.repeat_group(group).extend_low()
    }

    #[inline(always)]
    fn add(self, activations: I16x8, weights: I8x16) -> Self {
        Self {
            low: self.low + activations.dot(weights.extend_low()),
            high: self.high + activations.dot(weights.extend_high()),
        }
    }

    #[inline(always)]
    fn finish(self) -> I32x4 {
        self.low.evens(self.high) + self.low.odds(self.high)
    }

    #[inline(always)]
    fn start_tile(_: [I32x4; 4]) -> Self::Tile {
        [Self::start(I32x4::splat(0)); 4]
    }

    #[inline(always)]
    fn quads(activations: I8x16) -> Self::Quads {
        let (low, high) = (activations.extend_low(), activations.extend_high());
        [low, low.swap_halves(), high, high.swap_halves()]
    }

    #[inline(always)]
    fn add_tile(tile: Self::Tile, activations: Self::Quads, weights: I8x16) -> Self::Tile {
        core::array::from_fn(|r| tile[r].add(activations[r], weights))
    }

    #[inline(always)]
    fn finish_tile(tile: Self::Tile, bias: [I32x4; 4]) -> [I32x4; 4] {
        core::array::from_fn(|r| {
            let sums = Self { low: tile[r].low, high: tile[r ^ 2].high };
            sums.finish() + bias[r]
        })
    }
}

/// What this module's engine does with the 8-bit dot, judged on every pair of extreme and random operands; any doubt
/// gives [`DotKind::Wide`].
pub fn probe() -> DotKind {
    if !HAS_DOT_BYTES {
        return DotKind::Wide;
    }
    // Xorshift: https://www.jstatsoft.org/article/view/v008i14, with Marsaglia's example shifts.
    let mut seed = 0x9e37_79b9_u32;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed
    };
    let (mut unsigned, mut signed) = (true, true);
    for round in 0..512 {
        let mut activations = [0_i8; 16];
        let mut weights = [0_u8; 16];
        for i in 0..16 {
            let random = next();
            // Rounds 0 to 255 hold all activations and weights at one of the extremes each, where sums saturate.
            activations[i] = match (round < 256, random & 0x100 == 0) {
                (true, true) => 127,
                (true, false) => -127,
                (false, _) => (random as i8).max(-127),
            };
            weights[i] = match (round < 256, round % 4) {
                (true, 0) => 255,
                (true, 1) => 128,
                (true, 2) => 127,
                _ => (random >> 16) as u8,
            };
            if round % 8 == 0 {
                activations[i] = if round % 16 == 0 { 127 } else { -127 };
            }
        }
        let start = next() as i32 >> 8;
        let got = I32x4::splat(start)
            .dot_bytes(I8x16::load(&activations), I8x16::load_unsigned(&weights))
            .to_array();
        for (lane, &sum) in got.iter().enumerate() {
            let products = |weight: fn(u8) -> i32| -> i32 {
                (4 * lane..4 * lane + 4).map(|i| i32::from(activations[i]) * weight(weights[i])).sum()
            };
            unsigned &= sum == start + products(i32::from);
            signed &= sum == start + products(|byte| i32::from(byte as i8));
        }
    }
    match (unsigned, signed) {
        (true, false) => DotKind::Unsigned,
        (false, true) => DotKind::Signed,
        _ => DotKind::Wide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum<D: Dot>(bias: i32, activations: [i8; 16], weights: [i8; 16]) -> [i32; 4] {
        let quad = D::quad(I8x16::load(&activations), 2);
        D::start(I32x4::splat(bias)).add(quad, I8x16::load(&weights)).finish().to_array()
    }

    #[test]
    fn wide_dot_is_exact_at_the_extremes() {
        for weight in [-128, -127, 0, 1, 127] {
            for activation in [-127, 0, 127] {
                let expected = 5 + 4 * i32::from(weight) * i32::from(activation);
                assert_eq!(sum::<WideDot>(5, [activation; 16], [weight; 16]), [expected; 4]);
            }
        }
    }

    #[test]
    fn dots_multiply_one_group_with_four_rows() {
        let activations = core::array::from_fn(|i| i as i8 * 7 - 50);
        let weights: [i8; 16] = core::array::from_fn(|i| (i * i) as i8 & 127);
        let expected = core::array::from_fn(|row| {
            -9 + (0..4).map(|i| i32::from(activations[8 + i]) * i32::from(weights[4 * row + i])).sum::<i32>()
        });
        assert_eq!(sum::<WideDot>(-9, activations, weights), expected);
        assert_eq!(sum::<RelaxedDot>(-9, activations, weights), expected);
    }

    #[test]
    fn probe_sees_that_the_native_twin_is_unsigned() {
        assert_eq!(probe(), DotKind::Unsigned);
    }
}
