//! Activations as 8-bit integers, 32 to a block: q = round(x / d) with d = max |x| / 127, to nearest, ties to even.
//!
//! Done once an op call; every row of every quantised matrix multiplies the same blocks.

use crate::simd::F32x4;
use crate::view::View;

/// Elements of a block, as in ggml's q8_0 and q4_0.
pub const BLOCK: usize = 32;

/// 2^51: half of what brings f16 scales, read as f32 fields, to their value (the other half is the matrix's `unit`),
/// split so that neither half can overflow or vanish.
pub const SCALE_UNIT: f32 = f32::from_bits((127 + 51) << 23);

/// Below this, 127 / max would overflow; the block counts as zeros.
const SMALLEST_MAX: f32 = 1e-36;

/// Thirty-two activations of a row.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ActivationBlock {
    /// Quotients in -127..=127.
    pub quotients: [[i8; 16]; 2],
    /// d times 2^51.
    pub scale: f32,
    /// Minus the sum of the quotients.
    pub minus_sum: i32,
}

/// Writes the blocks of all rows, one row behind the other. x `[l, k]`, k a multiple of 32.
pub fn quantize_activations(x: View, blocks: &mut [ActivationBlock]) {
    let per_row = x.columns() / BLOCK;
    for row in 0..x.rows() {
        let (values, _) = x.row(row).as_chunks::<BLOCK>();
        for (block, values) in blocks[row * per_row..][..per_row].iter_mut().zip(values) {
            *block = quantize_block(values);
        }
    }
}

#[inline(always)]
fn quantize_block(values: &[f32; BLOCK]) -> ActivationBlock {
    let (quads, _) = values.as_chunks::<4>();
    let mut max = F32x4::zero();
    for quad in quads {
        max = max.max(F32x4::load(quad).abs());
    }
    let [a, b, c, d] = max.to_array();
    // NaN stays NaN: scalar max would drop it.
    let max = if (a + b + c + d).is_nan() { f32::NAN } else { a.max(b).max(c.max(d)) };
    let inverse = F32x4::splat(if max >= SMALLEST_MAX { 127.0 / max } else { 0.0 });
    let mut quotients = [[0; 16]; 2];
    let mut sum = 0;
    for (i, quad) in quads.iter().enumerate() {
        for (j, quotient) in
            (F32x4::load(quad) * inverse).nearest().to_i32().to_array().into_iter().enumerate()
        {
            quotients[i / 4][i % 4 * 4 + j] = quotient as i8;
            sum += quotient;
        }
    }
    ActivationBlock { quotients, scale: max / 127.0 * SCALE_UNIT, minus_sum: -sum }
}
