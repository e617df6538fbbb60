//! A quantised matrix in memory and its products.

use std::collections::TryReserveError;

use crate::blocks::WeightBlock;
use crate::dot::{Dot, DotKind, RelaxedDot, WideDot};
use crate::half;
use crate::layout::{GROUP, QUARTERS, first_row, unit_count};
use crate::quantize_activations::{ActivationBlock, BLOCK, SCALE_UNIT};
use crate::simd::{F32x4, I8x16, I32x4};

/// Scales are stored times 2^10 if they allow it, so that subnormal f16 become normal ones: a kernel then gets their
/// value by a shift and a product, without the engine's slow path for subnormal operands.
const LIFT_EXPONENT: u16 = 10;

/// Exponent field of an f16.
const EXPONENT: u16 = 0x7c00;

/// Weights as blocks: all of quarter 0's groups, then quarter 1's, ...; a group is `per_row` blocks.
pub struct Quantized<B> {
    blocks: Vec<B>,
    per_row: usize,
    units: usize,
    kind: DotKind,
    /// Power of two that is left to multiply sums with: scales come as fields, 2^112 too small, or less where lifted.
    unit_scale: f32,
}

impl<B: WeightBlock> Quantized<B> {
    /// Zeros, where memory can grow that far.
    pub fn new(rows: usize, columns: usize, kind: DotKind) -> Result<Self, TryReserveError> {
        let (units, per_row) = (unit_count(rows), columns / BLOCK);
        let count = units * QUARTERS * per_row;
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(count)?;
        blocks.resize(count, B::ZERO);
        Ok(Self { blocks, per_row, units, kind, unit_scale: 1.0 })
    }

    /// Bytes of memory.
    pub fn byte_length(&self) -> usize {
        size_of_val(&self.blocks[..])
    }

    /// Packs one row of ggml blocks.
    pub fn write_row(&mut self, row: usize, source: &[u8]) {
        let group = &mut self.blocks[row / GROUP * self.per_row..][..self.per_row];
        for (block, bytes) in group.iter_mut().zip(source.chunks_exact(B::SOURCE_BYTES)) {
            let (scale, quants) = bytes.split_at(2);
            block.scales_mut()[row % GROUP] = u16::from_le_bytes([scale[0], scale[1]]);
            block.set_quants(row % GROUP, quants, self.kind);
        }
    }

    /// Lifts the scales, after the last row was written. False if one of them is infinite or NaN.
    pub fn seal(&mut self) -> bool {
        let scales = || self.blocks.iter().flat_map(|block| *block.scales());
        let largest = scales().map(|scale| scale & 0x7fff).max().unwrap_or(0);
        let lifted = largest & EXPONENT <= EXPONENT - ((LIFT_EXPONENT + 1) << 10);
        if lifted {
            for scale in self.blocks.iter_mut().flat_map(|block| block.scales_mut()) {
                *scale = lift(*scale);
            }
        }
        let shift = if lifted { u32::from(LIFT_EXPONENT) } else { 0 };
        self.unit_scale = f32::from_bits((127 + 112 - shift) << 23) / SCALE_UNIT;
        largest & EXPONENT != EXPONENT
    }

    /// Writes a row's weights.
    pub fn dequantize_row(&self, row: usize, out: &mut [f32]) {
        let group = &self.blocks[row / GROUP * self.per_row..][..self.per_row];
        for (block, out) in group.iter().zip(out.chunks_exact_mut(BLOCK)) {
            let fields = half::scale_fields(block.scales()).to_array()[row % GROUP];
            let scale = fields * SCALE_UNIT * self.unit_scale;
            for (column, out) in out.iter_mut().enumerate() {
                *out = scale * block.weight(row % GROUP, column, self.kind) as f32;
            }
        }
    }

    /// Products of M rows of activations with a unit's rows. The same order of sums for every M.
    #[inline(always)]
    pub fn dot_unit<const M: usize>(
        &self,
        unit: usize,
        x: [&[ActivationBlock]; M],
    ) -> [[F32x4; QUARTERS]; M] {
        match self.kind {
            DotKind::Wide => self.dot_unit_by::<WideDot, M>(unit, x),
            DotKind::Unsigned | DotKind::Signed => self.dot_unit_by::<RelaxedDot, M>(unit, x),
        }
    }

    #[inline(always)]
    fn dot_unit_by<D: Dot, const M: usize>(
        &self,
        unit: usize,
        x: [&[ActivationBlock]; M],
    ) -> [[F32x4; QUARTERS]; M] {
        if M == 1 {
            return self.dot_groups::<D, M, QUARTERS>(unit, 0, x);
        }
        let low = self.dot_groups::<D, M, 2>(unit, 0, x);
        let high = self.dot_groups::<D, M, 2>(unit, 2, x);
        core::array::from_fn(|m| core::array::from_fn(|g| if g < 2 { low[m][g] } else { high[m][g - 2] }))
    }

    /// Products with the unit's rows of G quarters.
    #[inline(never)]
    fn dot_groups<D: Dot, const M: usize, const G: usize>(
        &self,
        unit: usize,
        first_quarter: usize,
        x: [&[ActivationBlock]; M],
    ) -> [[F32x4; QUARTERS]; M] {
        let bias_mask = I32x4::splat(if B::is_biased(self.kind) { -1 } else { 0 });
        let x = x.map(|row| &row[..self.per_row]);
        let streams: [&[B]; G] = core::array::from_fn(|g| {
            let group = first_row(self.units, unit, first_quarter + g) / GROUP;
            &self.blocks[group * self.per_row..][..self.per_row]
        });
        let mut sums = [[F32x4::zero(); G]; M];
        for b in 0..self.per_row {
            let blocks = streams.map(|stream| &stream[b]);
            let x = x.map(|row| &row[b]);
            let mut dots = x.map(|x| [D::start(I32x4::splat(x.minus_sum << B::SHIFT) & bias_mask); G]);
            step::<B, D, M, G, 0>(&mut dots, blocks, x);
            step::<B, D, M, G, 1>(&mut dots, blocks, x);
            step::<B, D, M, G, 2>(&mut dots, blocks, x);
            step::<B, D, M, G, 3>(&mut dots, blocks, x);
            step::<B, D, M, G, 4>(&mut dots, blocks, x);
            step::<B, D, M, G, 5>(&mut dots, blocks, x);
            step::<B, D, M, G, 6>(&mut dots, blocks, x);
            step::<B, D, M, G, 7>(&mut dots, blocks, x);
            let scales = blocks.map(|block| half::scale_fields(block.scales()));
            for m in 0..M {
                let scale = F32x4::splat(x[m].scale);
                for g in 0..G {
                    sums[m][g] = dots[m][g].finish().to_f32().mul_add(scales[g] * scale, sums[m][g]);
                }
            }
        }
        let unit_scale = F32x4::splat(self.unit_scale);
        core::array::from_fn(|m| {
            core::array::from_fn(|g| if g < G { sums[m][g] * unit_scale } else { F32x4::zero() })
        })
    }
}

/// Adds the products of four columns: G groups of four rows with M rows of activations.
#[inline(always)]
fn step<B: WeightBlock, D: Dot, const M: usize, const G: usize, const COLUMNS: usize>(
    dots: &mut [[D; G]; M],
    blocks: [&B; G],
    x: [&ActivationBlock; M],
) {
    let weights = blocks.map(|block| block.group(COLUMNS));
    for m in 0..M {
        let quad = D::quad(I8x16::load(&x[m].quotients[COLUMNS / 4]), COLUMNS % 4);
        for g in 0..G {
            dots[m][g] = dots[m][g].add(quad, weights[g]);
        }
    }
}

/// An f16 times 2^10, exactly: subnormals become normal.
fn lift(bits: u16) -> u16 {
    let (sign, magnitude) = (bits & 0x8000, bits & 0x7fff);
    if magnitude & EXPONENT != 0 {
        return sign | (magnitude + (LIFT_EXPONENT << 10));
    }
    if magnitude == 0 {
        return sign;
    }
    // fraction * 2^-24 * 2^10 = (fraction / 2^top) * 2^(top - 14)
    let top = magnitude.ilog2() as u16;
    sign | ((top + 1) << 10) | ((magnitude << (10 - top)) & 0x3ff)
}
