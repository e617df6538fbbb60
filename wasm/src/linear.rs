//! linear: out = x weight^T (+ out), for a range of the weight's units.
//!
//! x `[l, k]`, weight `[n, k]`, out `[l, n]`. A unit's sixteen rows are read from memory once and stay in cache for all
//! rows of x. Threads take disjoint ranges of units; a row's result depends neither on the ranges nor on l.

use core::ops::Range;

use crate::layout::QUARTERS;
use crate::matrix::{Activations, Matrix};
use crate::pieces::{LARGEST, for_each_piece};
use crate::simd::F32x4;
use crate::view::ViewMut;

/// Computes the rows of `units` of out; adds to what is there if `accumulate`.
pub fn linear(
    weight: &Matrix,
    activations: Activations,
    out: &mut ViewMut,
    units: Range<usize>,
    accumulate: bool,
) {
    let mut sums = [[F32x4::zero(); QUARTERS]; LARGEST];
    for_each_piece(out.rows(), units, |piece| {
        let sums = &mut sums[..piece.len()];
        weight.dot(&piece, activations, sums);
        piece.store(sums, out, accumulate);
    });
}

#[cfg(test)]
mod tests;
