//! dt_proj, in either of its formats.
use core::ops::Range;

use crate::float_format::{Bf16, F32};
use crate::lanes;
use crate::rounding::Rounding;
use crate::simd::F32x4;

/// Bytes of a cache line.
const LINE: usize = 64;

/// A row-major matrix, `[d_inner, dt_rank]`.
#[derive(Clone, Copy)]
pub enum Projection<'a> {
    /// As f32.
    F32(&'a [f32]),
    /// As it may be published.
    Bf16(&'a [u16]),
}

impl Projection<'_> {
    /// Products of a vector and four rows.
    #[inline(always)]
    pub fn dots<R: Rounding>(&self, vector: &[f32], rows: [usize; 4]) -> F32x4 {
        let ranges = rows.map(|row| row * vector.len()..(row + 1) * vector.len());
        match self {
            Self::F32(values) => lanes::dots::<R, F32>(vector, ranges.map(|range| &values[range])),
            Self::Bf16(values) => lanes::dots::<R, Bf16>(vector, ranges.map(|range| &values[range])),
        }
    }

    /// Reads an element of every cache line of some rows that have `columns`, if there are all of them.
    #[inline(always)]
    pub fn touch(&self, rows: Range<usize>, columns: usize) -> u32 {
        let range = rows.start * columns..rows.end * columns;
        match self {
            Self::F32(values) => {
                let lines = values.get(range).unwrap_or_default().chunks(LINE / 4);
                lines.fold(0, |seen, line| seen ^ line[0].to_bits())
            }
            Self::Bf16(values) => {
                let lines = values.get(range).unwrap_or_default().chunks(LINE / 2);
                lines.fold(0, |seen, line| seen ^ u32::from(line[0]))
            }
        }
    }
}
