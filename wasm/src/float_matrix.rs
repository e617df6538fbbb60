//! A matrix of f32, f16 or bf16 in memory, bit for bit as published but four neighbouring rows interleaved, and its
//! products with f32 activations.
//!
//! Sixteen weights lie together: column 4 q of the four rows, column 4 q + 1, ... Columns behind the last are zeros. A
//! product sums 32 columns at a time, then those sums, always in this order.

use core::ops::Range;
use std::collections::TryReserveError;

use crate::float_format::Format;
use crate::lanes;
use crate::layout::{GROUP, QUARTERS, first_row, unit_count};
use crate::pieces::Sums;
use crate::quantize_activations::TILE;
use crate::rounding::{Fused, Rounding, Twice, may_fuse};
use crate::runs::filled;
use crate::simd::F32x4;

/// Columns that are multiplied with one vector of activations.
const QUAD: usize = 4;

/// Quads whose products are summed before they join the rest.
const RUN: usize = 8;

/// Quarters that a tile of activations meets at once: as many as keep their sums in registers.
const PAIR: usize = 2;

/// Weights `[rows, columns]`, rows padded to whole units.
pub struct FloatMatrix<F: Format> {
    quads: Vec<[F::Bits; 16]>,
    per_row: usize,
    units: usize,
    /// 4, but out of the compiler's sight, or it would reorder products until they spill.
    columns_of_quad: usize,
}

impl<F: Format> FloatMatrix<F> {
    /// Zeros, where memory can grow that far.
    pub fn new(rows: usize, columns: usize) -> Result<Self, TryReserveError> {
        let (units, per_row) = (unit_count(rows), columns.div_ceil(QUAD));
        let quads = filled([F::ZERO; 16], units * QUARTERS * per_row)?;
        Ok(Self { quads, per_row, units, columns_of_quad: QUAD })
    }

    /// Bytes of memory.
    pub fn byte_length(&self) -> usize {
        size_of_val(&self.quads[..])
    }

    /// Packs one published row.
    pub fn write_row(&mut self, row: usize, source: &[u8]) {
        let group = &mut self.quads[row / GROUP * self.per_row..][..self.per_row];
        for (column, bytes) in source.chunks_exact(F::BYTES).enumerate() {
            group[column / QUAD][column % QUAD * GROUP + row % GROUP] = F::from_bytes(bytes);
        }
    }

    /// Writes a row's weights.
    pub fn dequantize_row(&self, row: usize, out: &mut [f32]) {
        let group = &self.quads[row / GROUP * self.per_row..][..self.per_row];
        for (column, out) in out.iter_mut().enumerate() {
            *out = F::to_f32(group[column / QUAD][column % QUAD * GROUP + row % GROUP]);
        }
    }

    /// The weights, to be transformed in place.
    pub fn weights(&mut self) -> &mut [F::Bits] {
        self.quads.as_flattened_mut()
    }

    /// The same bits in another format.
    pub fn into_format<G: Format<Bits = F::Bits>>(self) -> FloatMatrix<G> {
        let Self { quads, per_row, units, columns_of_quad } = self;
        FloatMatrix { quads, per_row, units, columns_of_quad }
    }

    #[inline(always)]
    fn stream(&self, unit: usize, quarter: usize) -> &[[F::Bits; 16]] {
        &self.quads[first_row(self.units, unit, quarter) / GROUP * self.per_row..][..self.per_row]
    }

    /// Products of a row of activations with the rows of units.
    pub fn dot_row(&self, units: Range<usize>, x: &[f32], sums: &mut [Sums]) {
        match may_fuse() {
            true => self.dot_row_by::<Fused>(units, x, sums),
            false => self.dot_row_by::<Twice>(units, x, sums),
        }
    }

    #[inline(never)]
    fn dot_row_by<R: Rounding>(&self, units: Range<usize>, x: &[f32], sums: &mut [Sums]) {
        for (unit, sums) in units.zip(sums) {
            let streams: [_; QUARTERS] = core::array::from_fn(|quarter| self.stream(unit, quarter));
            [*sums] = self.dot::<R, QUARTERS, 1>(streams, [x]);
        }
    }

    /// Products of four rows of activations with a unit's rows; each is bit for bit what `dot_row` gives.
    pub fn dot_tile(&self, unit: usize, x: [&[f32]; TILE], sums: &mut [Sums; TILE]) {
        for quarter in (0..QUARTERS).step_by(PAIR) {
            match may_fuse() {
                true => self.dot_pair::<Fused>(unit, quarter, x, sums),
                false => self.dot_pair::<Twice>(unit, quarter, x, sums),
            }
        }
    }

    #[inline(never)]
    fn dot_pair<R: Rounding>(&self, unit: usize, quarter: usize, x: [&[f32]; TILE], sums: &mut [Sums; TILE]) {
        let streams: [_; PAIR] = core::array::from_fn(|g| self.stream(unit, quarter + g));
        for (sums, products) in sums.iter_mut().zip(self.dot::<R, PAIR, TILE>(streams, x)) {
            sums[quarter..quarter + PAIR].copy_from_slice(&products);
        }
    }

    #[inline(always)]
    fn dot<R: Rounding, const G: usize, const M: usize>(
        &self,
        streams: [&[[F::Bits; 16]]; G],
        x: [&[f32]; M],
    ) -> [[F32x4; G]; M] {
        let streams = streams.map(|stream| &stream[..self.per_row]);
        let whole = (x[0].len() / QUAD).min(self.per_row);
        let body = x.map(|x| &x.as_chunks::<QUAD>().0[..whole]);
        let mut sums = [[F32x4::zero(); G]; M];
        for start in (0..self.per_row).step_by(RUN) {
            let mut run = [[F32x4::zero(); G]; M];
            for q in start..(start + RUN).min(whole) {
                let x = body.map(|x| F32x4::load(&x[q]));
                self.add_quad::<R, G, M>(&mut run, streams.map(|stream| &stream[q]), x);
            }
            if start + RUN > whole && whole < self.per_row {
                let x = x.map(|x| lanes::load(x, whole * QUAD));
                self.add_quad::<R, G, M>(&mut run, streams.map(|stream| &stream[whole]), x);
            }
            sums = core::array::from_fn(|m| core::array::from_fn(|g| sums[m][g] + run[m][g]));
        }
        sums
    }

    #[inline(always)]
    fn add_quad<R: Rounding, const G: usize, const M: usize>(
        &self,
        sums: &mut [[F32x4; G]; M],
        quads: [&[F::Bits; 16]; G],
        x: [F32x4; M],
    ) {
        add_column::<F, R, G, M, 0>(sums, quads, x);
        if M > 1 && self.columns_of_quad == 1 {
            return;
        }
        add_column::<F, R, G, M, 1>(sums, quads, x);
        if M > 1 && self.columns_of_quad == 2 {
            return;
        }
        add_column::<F, R, G, M, 2>(sums, quads, x);
        if M > 1 && self.columns_of_quad == 3 {
            return;
        }
        add_column::<F, R, G, M, 3>(sums, quads, x);
    }
}

#[inline(always)]
fn add_column<F: Format, R: Rounding, const G: usize, const M: usize, const COLUMN: usize>(
    sums: &mut [[F32x4; G]; M],
    quads: [&[F::Bits; 16]; G],
    x: [F32x4; M],
) {
    let weights = quads.map(|quad| F::four::<COLUMN>(quad));
    for (sums, x) in sums.iter_mut().zip(x) {
        let x = x.repeat_lane::<COLUMN>();
        *sums = core::array::from_fn(|g| R::mul_add(weights[g], x, sums[g]));
    }
}
