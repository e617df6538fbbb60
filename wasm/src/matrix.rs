//! A weight of `linear`, `gated_linear` and `embed`, of any dtype.

use std::collections::TryReserveError;

use crate::blocks::{Iq4Block, Q4Block, Q8Block, WeightBlock};
use crate::dot::DotKind;
use crate::float_format::{Bf16, F16, F32, Format, LiftedF16};
use crate::float_matrix::FloatMatrix;
use crate::lifted_f16::{self, F16Range};
use crate::pieces::{Piece, Sums};
use crate::quantize_activations::{BLOCK, QuantizedRows, TILE};
use crate::quantized::Quantized;
use crate::view::View;

/// Storage types, numbered as in runtime/backends/wasm.ts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Dtype {
    /// IEEE 754 binary32.
    F32 = 0,
    /// IEEE 754 binary16.
    F16 = 1,
    /// Upper half of a binary32.
    Bf16 = 2,
    /// ggml's blocks of 32 8-bit integers with an f16 scale.
    Q8_0 = 3,
    /// ggml's blocks of 32 4-bit integers with an f16 scale.
    Q4_0 = 4,
    /// ggml's blocks of 32 4-bit indices into a table of bytes, with an f16 scale.
    Iq4Nl = 5,
}

impl Dtype {
    /// The dtype with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::F32, Self::F16, Self::Bf16, Self::Q8_0, Self::Q4_0, Self::Iq4Nl]
            .into_iter()
            .find(|&dtype| dtype as u32 == number)
    }
}

/// A matrix `[rows, columns]`.
pub struct Matrix {
    rows: usize,
    columns: usize,
    data: Data,
}

enum Data {
    F32(FloatMatrix<F32>),
    F16(FloatMatrix<F16>),
    LiftedF16(FloatMatrix<LiftedF16>),
    Bf16(FloatMatrix<Bf16>),
    Q8(Quantized<Q8Block>),
    Q4(Quantized<Q4Block>),
    Iq4(Quantized<Iq4Block>),
}

/// What kernels multiply: f32 rows, and for quantised matrices the same rows quantised (else empty slices will do).
#[derive(Clone, Copy)]
pub struct Activations<'a> {
    /// `[l, k]`.
    pub x: View<'a>,
    /// `[l, k]`.
    pub quantized: QuantizedRows<'a>,
}

/// The same call on whatever a matrix holds.
macro_rules! each {
    ($data:expr, $matrix:ident => $call:expr) => {
        match $data {
            Data::F32($matrix) => $call,
            Data::F16($matrix) => $call,
            Data::LiftedF16($matrix) => $call,
            Data::Bf16($matrix) => $call,
            Data::Q8($matrix) => $call,
            Data::Q4($matrix) => $call,
            Data::Iq4($matrix) => $call,
        }
    };
}

impl Matrix {
    /// Zeros, where memory can grow that far. Quantised matrices need a multiple of 32 columns.
    pub fn new(dtype: Dtype, rows: usize, columns: usize, kind: DotKind) -> Result<Self, TryReserveError> {
        let data = match dtype {
            Dtype::F32 => Data::F32(FloatMatrix::new(rows, columns)?),
            Dtype::F16 => Data::F16(FloatMatrix::new(rows, columns)?),
            Dtype::Bf16 => Data::Bf16(FloatMatrix::new(rows, columns)?),
            Dtype::Q8_0 => Data::Q8(Quantized::new(rows, columns, kind)?),
            Dtype::Q4_0 => Data::Q4(Quantized::new(rows, columns, kind)?),
            Dtype::Iq4Nl => Data::Iq4(Quantized::new(rows, columns, kind)?),
        };
        Ok(Self { rows, columns, data })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of memory.
    pub fn byte_length(&self) -> usize {
        each!(&self.data, matrix => matrix.byte_length())
    }

    /// Bytes of a row as it is published: row-major, ggml blocks for quantised dtypes.
    pub fn source_row_bytes(&self) -> usize {
        match &self.data {
            Data::F32(_) => self.columns * F32::BYTES,
            Data::F16(_) | Data::LiftedF16(_) => self.columns * F16::BYTES,
            Data::Bf16(_) => self.columns * Bf16::BYTES,
            Data::Q8(_) => self.columns / BLOCK * Q8Block::SOURCE_BYTES,
            Data::Q4(_) => self.columns / BLOCK * Q4Block::SOURCE_BYTES,
            Data::Iq4(_) => self.columns / BLOCK * Iq4Block::SOURCE_BYTES,
        }
    }

    /// Packs a published row.
    pub fn write_row(&mut self, row: usize, source: &[u8]) {
        each!(&mut self.data, matrix => matrix.write_row(row, source));
    }

    /// Makes the matrix ready for use, after the last row. False if a quantised matrix has a scale that is infinite or NaN.
    pub fn seal(mut self) -> (Self, bool) {
        let mut is_finite = true;
        self.data = match self.data {
            Data::F16(mut matrix) => {
                let weights = matrix.weights();
                if lifted_f16::range(weights.iter().copied()) == F16Range::Liftable {
                    weights.iter_mut().for_each(|weight| *weight = lifted_f16::lift(*weight));
                    Data::LiftedF16(matrix.into_format())
                } else {
                    Data::F16(matrix)
                }
            }
            Data::Q8(mut matrix) => {
                is_finite = matrix.seal();
                Data::Q8(matrix)
            }
            Data::Q4(mut matrix) => {
                is_finite = matrix.seal();
                Data::Q4(matrix)
            }
            Data::Iq4(mut matrix) => {
                is_finite = matrix.seal();
                Data::Iq4(matrix)
            }
            data => data,
        };
        (self, is_finite)
    }

    /// Whether it multiplies quantised activations.
    pub fn is_quantized(&self) -> bool {
        matches!(self.data, Data::Q8(_) | Data::Q4(_) | Data::Iq4(_))
    }

    /// Writes a row's weights as f32, exactly (a quantised weight rounded once: its integer times its scale).
    pub fn dequantize_row(&self, row: usize, out: &mut [f32]) {
        each!(&self.data, matrix => matrix.dequantize_row(row, out));
    }

    /// Products of a piece. Bit for bit the same for a row of activations and a unit, whatever else is in the piece.
    pub fn dot(&self, piece: &Piece, activations: Activations, sums: &mut [Sums]) {
        let (row, per_row) = (piece.rows.start, self.columns / BLOCK * activations.quantized.planes);
        if piece.is_tile() {
            let x = || core::array::from_fn(|i| activations.x.row(row + i));
            let quantized = || &activations.quantized.tiles[row / TILE * per_row..][..per_row];
            let unit = piece.units.start;
            let Some(sums) = sums.first_chunk_mut() else { return };
            match &self.data {
                Data::F32(matrix) => matrix.dot_tile(unit, x(), sums),
                Data::F16(matrix) => matrix.dot_tile(unit, x(), sums),
                Data::LiftedF16(matrix) => matrix.dot_tile(unit, x(), sums),
                Data::Bf16(matrix) => matrix.dot_tile(unit, x(), sums),
                Data::Q8(matrix) => matrix.dot_tile(unit, quantized(), sums),
                Data::Q4(matrix) => matrix.dot_tile(unit, quantized(), sums),
                Data::Iq4(matrix) => matrix.dot_tile(unit, quantized(), sums),
            }
        } else {
            let x = || activations.x.row(row);
            let quantized = || &activations.quantized.rows[row % TILE * per_row..][..per_row];
            let units = piece.units.clone();
            match &self.data {
                Data::F32(matrix) => matrix.dot_row(units, x(), sums),
                Data::F16(matrix) => matrix.dot_row(units, x(), sums),
                Data::LiftedF16(matrix) => matrix.dot_row(units, x(), sums),
                Data::Bf16(matrix) => matrix.dot_row(units, x(), sums),
                Data::Q8(matrix) => matrix.dot_row(units, quantized(), sums),
                Data::Q4(matrix) => matrix.dot_row(units, quantized(), sums),
                Data::Iq4(matrix) => matrix.dot_row(units, quantized(), sums),
            }
        }
    }
}
