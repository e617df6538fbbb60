//! A matrix of f32, f16 or bf16 in memory, as it was published, and its products.

use std::collections::TryReserveError;

use crate::half;
use crate::layout::{GROUP, QUARTERS, first_row, unit_count};
use crate::simd::F32x4;

/// How a weight is stored.
pub trait Format {
    /// A stored weight.
    type Bits: Copy;
    /// Bytes of a weight.
    const BYTES: usize;
    /// Zero.
    const ZERO: Self::Bits;
    /// From little-endian bytes.
    fn from_bytes(bytes: &[u8]) -> Self::Bits;
    /// As f32, exactly.
    fn to_f32(bits: Self::Bits) -> f32;
    /// Eight as f32, exactly.
    fn to_f32x8(bits: &[Self::Bits; 8]) -> [F32x4; 2];
}

/// IEEE 754 binary32.
pub struct F32;

/// IEEE 754 binary16.
pub struct F16;

/// The upper half of a binary32.
pub struct Bf16;

impl Format for F32 {
    type Bits = f32;
    const BYTES: usize = 4;
    const ZERO: f32 = 0.0;

    fn from_bytes(bytes: &[u8]) -> f32 {
        f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    fn to_f32(bits: f32) -> f32 {
        bits
    }

    #[inline(always)]
    fn to_f32x8(bits: &[f32; 8]) -> [F32x4; 2] {
        let (quads, _) = bits.as_chunks::<4>();
        [F32x4::load(&quads[0]), F32x4::load(&quads[1])]
    }
}

impl Format for F16 {
    type Bits = u16;
    const BYTES: usize = 2;
    const ZERO: u16 = 0;

    fn from_bytes(bytes: &[u8]) -> u16 {
        u16::from_le_bytes([bytes[0], bytes[1]])
    }

    fn to_f32(bits: u16) -> f32 {
        half::f16_to_f32(bits)
    }

    #[inline(always)]
    fn to_f32x8(bits: &[u16; 8]) -> [F32x4; 2] {
        half::f16x8_to_f32(bits)
    }
}

impl Format for Bf16 {
    type Bits = u16;
    const BYTES: usize = 2;
    const ZERO: u16 = 0;

    fn from_bytes(bytes: &[u8]) -> u16 {
        u16::from_le_bytes([bytes[0], bytes[1]])
    }

    fn to_f32(bits: u16) -> f32 {
        half::bf16_to_f32(bits)
    }

    #[inline(always)]
    fn to_f32x8(bits: &[u16; 8]) -> [F32x4; 2] {
        half::bf16x8_to_f32(bits)
    }
}

/// Weights `[rows, columns]`, row-major.
pub struct FloatMatrix<F: Format> {
    weights: Vec<F::Bits>,
    rows: usize,
    columns: usize,
}

impl<F: Format> FloatMatrix<F> {
    /// Zeros, where memory can grow that far.
    pub fn new(rows: usize, columns: usize) -> Result<Self, TryReserveError> {
        let mut weights = Vec::new();
        weights.try_reserve_exact(rows * columns)?;
        weights.resize(rows * columns, F::ZERO);
        Ok(Self { weights, rows, columns })
    }

    /// Bytes of memory.
    pub fn byte_length(&self) -> usize {
        size_of_val(&self.weights[..])
    }

    /// Copies one row.
    pub fn write_row(&mut self, row: usize, source: &[u8]) {
        let weights = &mut self.weights[row * self.columns..][..self.columns];
        for (weight, bytes) in weights.iter_mut().zip(source.chunks_exact(F::BYTES)) {
            *weight = F::from_bytes(bytes);
        }
    }

    /// Writes a row's weights.
    pub fn dequantize_row(&self, row: usize, out: &mut [f32]) {
        for (out, &weight) in out.iter_mut().zip(self.row(row)) {
            *out = F::to_f32(weight);
        }
    }

    /// Row `row`, or the last one for rows of the padding, whose products nobody uses.
    #[inline(always)]
    fn row(&self, row: usize) -> &[F::Bits] {
        &self.weights[row.min(self.rows - 1) * self.columns..][..self.columns]
    }

    /// Products of M rows of activations with a unit's rows. The same order of sums for every M.
    pub fn dot_unit<const M: usize>(&self, unit: usize, x: [&[f32]; M]) -> [[F32x4; QUARTERS]; M] {
        let mut sums = [[F32x4::zero(); QUARTERS]; M];
        for quarter in 0..QUARTERS {
            let first = first_row(unit_count(self.rows), unit, quarter);
            for (sums, products) in sums.iter_mut().zip(self.dot_group(first, x)) {
                sums[quarter] = products;
            }
        }
        sums
    }

    #[inline(never)]
    fn dot_group<const M: usize>(&self, first_row: usize, x: [&[f32]; M]) -> [F32x4; M] {
        let rows: [_; GROUP] = core::array::from_fn(|i| self.row(first_row + i).as_chunks::<8>());
        let x = x.map(|x| x[..self.columns].as_chunks::<8>());
        let whole = self.columns / 8;
        let body = (rows.map(|(body, _)| &body[..whole]), x.map(|(body, _)| &body[..whole]));
        let mut sums = [[F32x4::zero(); GROUP]; M];
        for k in 0..whole {
            let weights = body.0.map(|row| F::to_f32x8(&row[k]));
            let x = body.1.map(|x| F32::to_f32x8(&x[k]));
            accumulate(&mut sums, weights, x);
        }
        if self.columns % 8 != 0 {
            let weights = rows.map(|(_, tail)| {
                let mut padded = [F::ZERO; 8];
                padded[..tail.len()].copy_from_slice(tail);
                F::to_f32x8(&padded)
            });
            let x = x.map(|(_, tail)| {
                let mut padded = [0.0; 8];
                padded[..tail.len()].copy_from_slice(tail);
                F32::to_f32x8(&padded)
            });
            accumulate(&mut sums, weights, x);
        }
        sums.map(F32x4::sums)
    }
}

#[inline(always)]
fn accumulate<const M: usize>(
    sums: &mut [[F32x4; GROUP]; M],
    weights: [[F32x4; 2]; GROUP],
    x: [[F32x4; 2]; M],
) {
    for half in 0..2 {
        for m in 0..M {
            for row in 0..GROUP {
                sums[m][row] = weights[row][half].mul_add(x[m][half], sums[m][row]);
            }
        }
    }
}
