//! Activations as integers, 32 to a block: q = round(x / d) with d = max |x| / Q, to nearest, ties to even.
//!
//! With one plane, Q = 127 and q is a byte. With two, Q = 32639 = 127 * 256 + 127 and q = 256 high + low: the high bytes are a
//! block of their own with 256 times the scale, and the low bytes, signed too, the block behind it.
//!
//! Done once an op call; every row of every quantised matrix multiplies the same blocks. Rows are kept in tiles of four,
//! interleaved four columns at a time like the weights; rows that fill no tile are kept one by one.

use crate::simd::{F32x4, I8x16, I32x4};
use crate::view::View;

/// Elements of a block, as in ggml's q8_0 and q4_0.
pub const BLOCK: usize = 32;

/// Rows of a tile.
pub const TILE: usize = 4;

/// 2^51: half of what brings f16 scales, read as f32 fields, to their value (the other half is the matrix's
/// `unit_scale`), split so that neither half can overflow or vanish.
pub const SCALE_UNIT: f32 = f32::from_bits((127 + 51) << 23);

/// 1.5 * 2^23: adding it rounds to the nearest integer, ties to even, and leaves that in the low bits.
const ROUND: f32 = 12_582_912.0;

/// What ROUND's own bits add to a sum of eight, subtracted.
const MINUS_ROUNDS: i32 = (ROUND.to_bits() as i32).wrapping_mul(-8);

/// Below this, 127 / max would overflow; the block counts as zeros.
const SMALLEST_MAX: f32 = 1e-36;

/// Thirty-two columns of a row.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct ActivationBlock {
    /// q, in -127..=127: columns 0 to 15, and 16 to 31, quads in order.
    pub quotients: [[i8; 16]; 2],
    /// The same, for kernels that meet both halves, and both planes, a quad at a time. One plane: quads 0 and 1 of either half
    /// in turns, then quads 2 and 3. Two planes: high bytes of quad 0 of either half, then their low bytes; the same of quad
    /// 1, and in the block behind of quads 2 and 3.
    pub by_steps: [[i8; 16]; 2],
    /// d times 2^51.
    pub scale: f32,
    /// Minus the sum of the quotients.
    pub minus_sum: i32,
}

/// Thirty-two columns of four rows.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct ActivationTile {
    /// Columns 4 i to 4 i + 3 of row 0, of row 1, ...
    pub quotients: [[i8; 16]; 8],
    /// The rows' d times 2^51.
    pub scales: [f32; TILE],
    /// The rows' minus sums.
    pub minus_sums: [i32; TILE],
}

/// `[l, k]` quantised.
#[derive(Clone, Copy)]
pub struct QuantizedRows<'a> {
    /// 1 or 2.
    pub planes: usize,
    /// `[l / 4, k / 32, planes]`
    pub tiles: &'a [ActivationTile],
    /// `[l % 4, k / 32, planes]`
    pub rows: &'a [ActivationBlock],
}

/// Writes all rows of x `[l, k]`, k a multiple of 32: `[l / 4, k / 32, planes]` tiles and `[l % 4, k / 32, planes]` blocks.
pub fn quantize_activations(
    x: View,
    planes: usize,
    tiles: &mut [ActivationTile],
    rows: &mut [ActivationBlock],
) {
    if planes == 1 {
        quantize_planes::<1>(x, tiles.as_chunks_mut().0, rows.as_chunks_mut().0);
    } else {
        quantize_planes::<2>(x, tiles.as_chunks_mut().0, rows.as_chunks_mut().0);
    }
}

fn quantize_planes<const PLANES: usize>(
    x: View,
    tiles: &mut [[ActivationTile; PLANES]],
    rows: &mut [[ActivationBlock; PLANES]],
) {
    let per_row = x.columns() / BLOCK;
    let blocks_of = |row| x.row(row).as_chunks::<BLOCK>().0;
    for tile in 0..x.rows() / TILE {
        let x: [_; TILE] = core::array::from_fn(|row| &blocks_of(tile * TILE + row)[..per_row]);
        for (b, tile) in tiles[tile * per_row..][..per_row].iter_mut().enumerate() {
            quantize_tile(x.map(|x| &x[b]), tile);
        }
    }
    for row in 0..x.rows() % TILE {
        let x = blocks_of(x.rows() / TILE * TILE + row);
        for (x, block) in x.iter().zip(&mut rows[row * per_row..][..per_row]) {
            let planes = quantize_row::<PLANES>(x);
            let by_steps = by_steps(planes.each_ref().map(|plane| plane.quotients));
            *block = core::array::from_fn(|i| {
                let QuantizedRow { quotients, scale, minus_sum } = planes[i];
                let quotients = quotients.map(I8x16::to_array);
                ActivationBlock { quotients, by_steps: by_steps[i], scale, minus_sum }
            });
        }
    }
}

/// A row's quotients in the order of `ActivationBlock::by_steps`.
#[inline(always)]
fn by_steps<const PLANES: usize>(planes: [[I8x16; 2]; PLANES]) -> [[[i8; 16]; 2]; PLANES] {
    let first = planes[0].map(|half| half.as_i32().as_f32());
    let last = planes[PLANES - 1].map(|half| half.as_i32().as_f32());
    let [a, b, c, d] = if PLANES == 1 {
        [first[0].zip_low(first[1]), first[0].zip_high(first[1]), last[0], last[1]]
    } else {
        F32x4::transposed([first[0], first[1], last[0], last[1]])
    };
    let pairs = [[a, b], [c, d]].map(|pair| pair.map(|quads| quads.bits().as_bytes().to_array()));
    core::array::from_fn(|plane| pairs[plane])
}

fn quantize_tile<const PLANES: usize>(x: [&[f32; BLOCK]; TILE], tiles: &mut [ActivationTile; PLANES]) {
    let rows = x.map(quantize_row::<PLANES>);
    for (plane, tile) in tiles.iter_mut().enumerate() {
        interleave(rows.each_ref().map(|planes| &planes[plane]), tile);
    }
}

#[inline(always)]
fn interleave(rows: [&QuantizedRow; TILE], tile: &mut ActivationTile) {
    tile.scales = rows.each_ref().map(|row| row.scale);
    tile.minus_sums = rows.each_ref().map(|row| row.minus_sum);
    for half in 0..2 {
        let columns = F32x4::transposed(rows.each_ref().map(|row| row.quotients[half].as_i32().as_f32()));
        for (i, quads) in columns.into_iter().enumerate() {
            tile.quotients[4 * half + i] = quads.bits().as_bytes().to_array();
        }
    }
}

/// A block in registers.
struct QuantizedRow {
    quotients: [I8x16; 2],
    scale: f32,
    minus_sum: i32,
}

#[inline(always)]
fn quantize_row<const PLANES: usize>(x: &[f32; BLOCK]) -> [QuantizedRow; PLANES] {
    const { assert!(PLANES == 1 || PLANES == 2) };
    let steps = if PLANES == 1 { 127.0 } else { 32639.0 };
    let (quads, _) = x.as_chunks::<4>();
    let quads: [F32x4; 8] = core::array::from_fn(|i| F32x4::load(&quads[i]));
    // As integers, magnitudes have the same order, with NaN above all.
    let max = quads.map(|quad| quad.abs().bits()).into_iter().fold(I32x4::splat(0), I32x4::max);
    let max = max.max(max.swap_halves());
    let [max, ..] = max.max(max.swap_neighbours()).as_f32().to_array();
    let inverse = F32x4::splat(if max >= SMALLEST_MAX { steps / max } else { 0.0 });
    let rounded = quads.map(|quad| quad * inverse + F32x4::splat(ROUND));
    let scale = max * (SCALE_UNIT / steps);
    // Neither plane of two can overflow its bytes: a quarter more keeps the halving of 256 from ties.
    let high = rounded.map(|q| {
        (q + F32x4::splat(-ROUND) + F32x4::splat(0.25)) * F32x4::splat(1.0 / 256.0) + F32x4::splat(ROUND)
    });
    core::array::from_fn(|plane| match (PLANES, plane) {
        (1, _) => plane_of(rounded, scale),
        (_, 0) => plane_of(high, 256.0 * scale),
        _ => {
            let high = high.map(|high| (high + F32x4::splat(-ROUND)) * F32x4::splat(-256.0));
            plane_of(core::array::from_fn(|i| rounded[i] + high[i]), scale)
        }
    })
}

/// A plane of whole numbers, each plus ROUND.
#[inline(always)]
fn plane_of(rounded: [F32x4; 8], scale: f32) -> QuantizedRow {
    let rounded = rounded.map(F32x4::bits);
    let sum = rounded.into_iter().fold(I32x4::splat(MINUS_ROUNDS), I32x4::add);
    let sum = sum + sum.swap_halves();
    let [sum, ..] = (sum + sum.swap_neighbours()).to_array();
    let [a, b, c, d, e, f, g, h] = rounded;
    QuantizedRow { quotients: [low_bytes([a, b, c, d]), low_bytes([e, f, g, h])], scale, minus_sum: -sum }
}

/// The lowest bytes of the lanes: lane 0 of all four vectors, then lane 1, ...
#[inline(always)]
fn low_bytes([a, b, c, d]: [I32x4; 4]) -> I8x16 {
    let low = |x: I32x4| x & I32x4::splat(0xff);
    (low(a) | low(b).shl::<8>() | low(c).shl::<16>() | d.shl::<24>()).as_bytes()
}

#[cfg(test)]
mod tests;
