//! Exact products of 8-bit weights and 8-bit activations, in the ways that engines allow.

use crate::simd::{I8x16, I16x8, I32x4};

/// How a module multiplies bytes: found once by probe_dot.rs, then given to every matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DotKind {
    /// Bytes widened to 16 bits: exact everywhere.
    Wide = 0,
    /// The relaxed 8-bit dot keeps the specification's promise, no more: exact for weights in 0..=127 (x86 without VNNI).
    Narrow = 1,
    /// It reads weights as 0..=255 and does not saturate (x86 with VNNI).
    Unsigned = 2,
    /// It reads weights as -128..=127 and does not saturate (ARM).
    Signed = 3,
}

impl DotKind {
    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Wide, Self::Narrow, Self::Unsigned, Self::Signed]
            .into_iter()
            .find(|&kind| kind as u32 == number)
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
    /// Whether registers hold the sums of two planes of activations with four quarters.
    const PLANES_TOGETHER: bool;

    /// Sums that begin at `bias`.
    fn start(bias: I32x4) -> Self;
    /// Activations 4 * QUAD to 4 * QUAD + 3.
    fn quad<const QUAD: usize>(activations: I8x16) -> Self::Quad;
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

/// Two 16-bit dots a step; weights are signed, and multiplied as 256 times their value, which is quicker to make from bytes
/// than a sign extension. A block's sums stay below 2^31: 2 * 32 * 127 * 128 * 256.
#[derive(Clone, Copy)]
pub struct WideDot {
    low: I32x4,
    high: I32x4,
}

impl Dot for RelaxedDot {
    type Quad = I8x16;
    type Quads = [I8x16; 4];
    type Tile = [I32x4; 4];
    const PLANES_TOGETHER: bool = true;

    #[inline(always)]
    fn start(bias: I32x4) -> Self {
        Self(bias)
    }

    #[inline(always)]
    fn quad<const QUAD: usize>(activations: I8x16) -> I8x16 {
        activations.repeat_quad::<QUAD>()
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
    const PLANES_TOGETHER: bool = false;

    #[inline(always)]
    fn start(bias: I32x4) -> Self {
        // finish adds neighbours: the bias goes into one of each two.
        let half = bias.shl::<8>() & I32x4::from_array([-1, 0, -1, 0]);
        Self { low: half, high: half }
    }

    #[inline(always)]
    fn quad<const QUAD: usize>(activations: I8x16) -> I16x8 {
        activations.repeat_quad::<QUAD>().extend_low()
    }

    #[inline(always)]
    fn add(self, activations: I16x8, weights: I8x16) -> Self {
        Self {
            low: self.low + activations.dot(weights.upper_low()),
            high: self.high + activations.dot(weights.upper_high()),
        }
    }

    #[inline(always)]
    fn finish(self) -> I32x4 {
        (self.low.evens(self.high) + self.low.odds(self.high)).shr::<8>()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sum<D: Dot>(bias: i32, activations: [i8; 16], weights: [i8; 16]) -> [i32; 4] {
        let quad = D::quad::<2>(I8x16::load(&activations));
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
}
