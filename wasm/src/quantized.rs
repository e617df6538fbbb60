//! A quantised matrix in memory and its products.

use core::ops::Range;
use std::collections::TryReserveError;

use crate::blocks::WeightBlock;
use crate::dot::{Dot, DotKind, RelaxedDot, WideDot, crossed};
use crate::half;
use crate::layout::{GROUP, QUARTERS, first_row, unit_count};
use crate::lifted_f16::{self, F16Range, LIFT, power_of_two};
use crate::pieces::Sums;
use crate::quantize_activations::{ActivationBlock, ActivationTile, BLOCK, SCALE_UNIT, TILE};
use crate::read_ahead::ReadAhead;
use crate::runs::filled;
use crate::simd::{F32x4, I8x16, I32x4};

mod block_dots;

use block_dots::block_dots;

/// Blocks of the smallest matrix that is read ahead, of half a million weights: models of smaller ones stay in caches near
/// enough that it costs more than it hides.
const LEAST_AHEAD: usize = 4096;

/// Weights as blocks: all of quarter 0's groups, then quarter 1's, ...; a group is `per_row` blocks.
pub struct Quantized<B> {
    blocks: Vec<B>,
    per_row: usize,
    units: usize,
    kind: DotKind,
    /// Power of two that is left to multiply sums with: scales are read 2^112 too small, or 2^102 where they are lifted, and
    /// those of activations are 2^51 too large.
    unit_scale: f32,
    /// 4, but out of the compiler's sight, or it would unroll the loops over quads and reorder them until they spill.
    steps: usize,
}

impl<B: WeightBlock> Quantized<B> {
    /// Zeros, where memory can grow that far.
    pub fn new(rows: usize, columns: usize, kind: DotKind) -> Result<Self, TryReserveError> {
        let (units, per_row) = (unit_count(rows), columns / BLOCK);
        let blocks = filled(B::ZERO, units * QUARTERS * per_row)?;
        Ok(Self { blocks, per_row, units, kind, unit_scale: power_of_two(112) / SCALE_UNIT, steps: 4 })
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
        let range = lifted_f16::range(self.blocks.iter().flat_map(|block| *block.scales()));
        if range == F16Range::Liftable {
            for scale in self.blocks.iter_mut().flat_map(|block| block.scales_mut()) {
                *scale = lifted_f16::lift(*scale);
            }
            self.unit_scale = power_of_two(112 - LIFT as i32) / SCALE_UNIT;
        }
        range != F16Range::NotFinite
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

    /// Products of a row of activations with the rows of units.
    pub fn dot_row(&self, units: Range<usize>, x: &[ActivationBlock], sums: &mut [Sums]) {
        match (B::is_relaxed(self.kind), x.len() > self.per_row) {
            (true, false) => self.dot_row_by::<RelaxedDot, 1>(units, x, sums),
            (true, true) => self.dot_row_by::<RelaxedDot, 2>(units, x, sums),
            (false, false) => self.dot_row_by::<WideDot, 1>(units, x, sums),
            (false, true) => self.dot_row_by::<WideDot, 2>(units, x, sums),
        }
    }

    #[inline(never)]
    fn dot_row_by<D: Dot, const PLANES: usize>(
        &self,
        units: Range<usize>,
        x: &[ActivationBlock],
        sums: &mut [Sums],
    ) {
        let mut ways = self.ways(units.start);
        for (unit, sums) in units.zip(sums) {
            for (quarter, way) in ways.iter_mut().enumerate() {
                way.go_to(self.first_block(unit, quarter) + self.per_row, B::first_byte);
            }
            *sums = self.dot_unit::<D, PLANES>(unit, x.as_chunks().0);
        }
    }

    /// The quarters' ways through the blocks from a unit on.
    #[inline(always)]
    fn ways(&self, unit: usize) -> [ReadAhead<'_, B>; QUARTERS] {
        core::array::from_fn(|quarter| match self.blocks.len() < LEAST_AHEAD {
            true => ReadAhead::idle(),
            false => ReadAhead::new(&self.blocks, self.first_block(unit, quarter)),
        })
    }

    /// Products of four rows of activations with a unit's rows; each is bit for bit what `dot_row` gives.
    pub fn dot_tile(&self, unit: usize, x: &[ActivationTile], sums: &mut [Sums; TILE]) {
        if x.len() > self.per_row {
            self.dot_tile_planes::<2>(unit, x.as_chunks().0, sums);
        } else {
            self.dot_tile_planes::<1>(unit, x.as_chunks().0, sums);
        }
    }

    fn dot_tile_planes<const PLANES: usize>(
        &self,
        unit: usize,
        x: &[[ActivationTile; PLANES]],
        sums: &mut [Sums; TILE],
    ) {
        // As many quarters at once as keep their sums in registers.
        if B::is_relaxed(self.kind) {
            for quarter in (0..QUARTERS).step_by(2) {
                self.dot_tile_by::<RelaxedDot, 2, PLANES>(unit, quarter, x, sums);
            }
        } else {
            for quarter in 0..QUARTERS {
                self.dot_tile_by::<WideDot, 1, PLANES>(unit, quarter, x, sums);
            }
        }
    }

    #[inline(always)]
    fn stream(&self, unit: usize, quarter: usize) -> &[B] {
        &self.blocks[self.first_block(unit, quarter)..][..self.per_row]
    }

    /// Where the unit's blocks of a quarter begin.
    #[inline(always)]
    fn first_block(&self, unit: usize, quarter: usize) -> usize {
        first_row(self.units, unit, quarter) / GROUP * self.per_row
    }

    #[inline(always)]
    fn bias_mask(&self) -> I32x4 {
        I32x4::splat(if B::is_biased(self.kind) { -1 } else { 0 })
    }

    #[inline(always)]
    fn dot_unit<D: Dot, const PLANES: usize>(&self, unit: usize, x: &[[ActivationBlock; PLANES]]) -> Sums {
        let bias_mask = self.bias_mask();
        let x = &x[..self.per_row];
        let streams: [&[B]; QUARTERS] = core::array::from_fn(|quarter| self.stream(unit, quarter));
        let mut sums = [F32x4::zero(); QUARTERS];
        for b in 0..self.per_row {
            let blocks = streams.map(|stream| &stream[b]);
            let dots = block_dots::<B, D, PLANES>(blocks, &x[b], self.kind, bias_mask, self.steps);
            let scale = F32x4::splat(x[b][PLANES - 1].scale);
            sums = core::array::from_fn(|g| {
                dots[g].to_f32() * (half::scale_fields(blocks[g].scales()) * scale) + sums[g]
            });
        }
        sums.map(|sum| sum * F32x4::splat(self.unit_scale))
    }

    /// Products of four rows with the unit's rows of the GROUPS quarters from `quarter` on.
    #[inline(never)]
    fn dot_tile_by<D: Dot, const GROUPS: usize, const PLANES: usize>(
        &self,
        unit: usize,
        quarter: usize,
        x: &[[ActivationTile; PLANES]],
        products: &mut [Sums; TILE],
    ) {
        let bias_mask = self.bias_mask();
        let x = &x[..self.per_row];
        let streams: [&[B]; GROUPS] = core::array::from_fn(|g| self.stream(unit, quarter + g));
        let mut sums = [[F32x4::zero(); TILE]; GROUPS];
        for b in 0..self.per_row {
            let blocks = streams.map(|stream| &stream[b]);
            let mut dots = [[I32x4::splat(0); TILE]; GROUPS];
            for x in &x[b] {
                // The plane before, of high bytes, counts 256 times.
                let minus_sums = crossed(I32x4::load(&x.minus_sums).shl_by(B::SHIFT) & bias_mask);
                let bias = dots.map(|high| core::array::from_fn(|r| high[r].shl::<8>() + minus_sums[r]));
                let mut tiles = bias.map(D::start_tile);
                for i in (0..4).take(self.steps) {
                    let quads = D::quads(I8x16::load(&x.quotients[i]));
                    tiles = core::array::from_fn(|g| {
                        D::add_tile(tiles[g], quads, blocks[g].quads(i, self.kind)[0])
                    });
                }
                for i in (0..4).take(self.steps) {
                    let quads = D::quads(I8x16::load(&x.quotients[i + 4]));
                    tiles = core::array::from_fn(|g| {
                        D::add_tile(tiles[g], quads, blocks[g].quads(i, self.kind)[1])
                    });
                }
                dots = core::array::from_fn(|g| D::finish_tile(tiles[g], bias[g]));
            }
            let scales = crossed(F32x4::load(&x[b][PLANES - 1].scales).bits());
            for g in 0..GROUPS {
                let weight_scales = half::scale_fields(blocks[g].scales());
                for r in 0..TILE {
                    let scale = weight_scales * scales[r].as_f32();
                    sums[g][r] = dots[g][r].to_f32() * scale + sums[g][r];
                }
            }
        }
        let unit_scale = F32x4::splat(self.unit_scale);
        for (g, sums) in sums.into_iter().enumerate() {
            for (products, sums) in products.iter_mut().zip(uncrossed(sums)) {
                products[quarter + g] = sums * unit_scale;
            }
        }
    }
}

/// Vectors of which lane i of vector r is lane i of `vectors[i ^ r]`: what was crossed, a vector for each row again.
#[inline(always)]
fn uncrossed(vectors: [F32x4; 4]) -> [F32x4; 4] {
    let (even, low) = (I32x4::from_array([-1, 0, -1, 0]), I32x4::from_array([-1, -1, 0, 0]));
    let pairs: [F32x4; 4] = core::array::from_fn(|r| even.select(vectors[r], vectors[r ^ 1]));
    core::array::from_fn(|r| low.select(pairs[r], pairs[r ^ 2]))
}
