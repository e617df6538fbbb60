//! Activations as 8-bit integers, 32 to a block: q = round(x / d) with d = max |x| / 127, to nearest, ties to even.
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
    /// q, in -127..=127.
    pub quotients: [[i8; 16]; 2],
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
    /// `[l / 4, k / 32]`
    pub tiles: &'a [ActivationTile],
    /// `[l % 4, k / 32]`
    pub rows: &'a [ActivationBlock],
}

/// Writes all rows of x `[l, k]`, k a multiple of 32: `[l / 4, k / 32]` tiles and `[l % 4, k / 32]` blocks.
pub fn quantize_activations(x: View, tiles: &mut [ActivationTile], rows: &mut [ActivationBlock]) {
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
            let row = quantize_row(x);
            let ([low, high], scale, minus_sum) = (row.quotients, row.scale, row.minus_sum);
            *block = ActivationBlock { quotients: [low.to_array(), high.to_array()], scale, minus_sum };
        }
    }
}

fn quantize_tile(x: [&[f32; BLOCK]; TILE], tile: &mut ActivationTile) {
    let rows = x.map(quantize_row);
    tile.scales = rows.each_ref().map(|row| row.scale);
    tile.minus_sums = rows.each_ref().map(|row| row.minus_sum);
    for half in 0..2 {
        let columns = transposed(rows.each_ref().map(|row| row.quotients[half].as_i32().as_f32()));
        for (i, quads) in columns.into_iter().enumerate() {
            tile.quotients[4 * half + i] = quads.bits().as_bytes().to_array();
        }
    }
}

#[inline(always)]
fn transposed([a, b, c, d]: [F32x4; 4]) -> [F32x4; 4] {
    let (low, high) = ([a.zip_low(c), b.zip_low(d)], [a.zip_high(c), b.zip_high(d)]);
    [low[0].zip_low(low[1]), low[0].zip_high(low[1]), high[0].zip_low(high[1]), high[0].zip_high(high[1])]
}

/// A block in registers.
struct QuantizedRow {
    quotients: [I8x16; 2],
    scale: f32,
    minus_sum: i32,
}

#[inline(always)]
fn quantize_row(x: &[f32; BLOCK]) -> QuantizedRow {
    let (quads, _) = x.as_chunks::<4>();
    let quads: [F32x4; 8] = core::array::from_fn(|i| F32x4::load(&quads[i]));
    // As integers, magnitudes have the same order, with NaN above all.
    let max = quads.map(|quad| quad.abs().bits()).into_iter().fold(I32x4::splat(0), I32x4::max);
    let max = max.max(max.swap_halves());
    let [max, ..] = max.max(max.swap_neighbours()).as_f32().to_array();
    let inverse = F32x4::splat(if max >= SMALLEST_MAX { 127.0 / max } else { 0.0 });
    let rounded = quads.map(|quad| (quad * inverse + F32x4::splat(ROUND)).bits());
    let sum = rounded.into_iter().fold(I32x4::splat(MINUS_ROUNDS), I32x4::add);
    let sum = sum + sum.swap_halves();
    let [sum, ..] = (sum + sum.swap_neighbours()).to_array();
    let [a, b, c, d, e, f, g, h] = rounded;
    QuantizedRow {
        quotients: [low_bytes([a, b, c, d]), low_bytes([e, f, g, h])],
        scale: max * (SCALE_UNIT / 127.0),
        minus_sum: -sum,
    }
}

/// The lowest bytes of the lanes: lane 0 of all four vectors, then lane 1, ...
#[inline(always)]
fn low_bytes([a, b, c, d]: [I32x4; 4]) -> I8x16 {
    let low = |x: I32x4| x & I32x4::splat(0xff);
    (low(a) | low(b).shl::<8>() | low(c).shl::<16>() | d.shl::<24>()).as_bytes()
}

#[cfg(test)]
mod tests;
