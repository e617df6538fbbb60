//! linear: out = x weight^T (+ out), for a range of the weight's units.
//!
//! x `[l, k]`, weight `[n, k]`, out `[l, n]`. A unit's sixteen rows are read from memory once and stay in cache for all
//! rows of x. Threads take disjoint ranges of units; a row's result depends neither on the ranges nor on l.

use core::ops::Range;

use crate::lanes;
use crate::layout::{GROUP, QUARTERS, first_row, unit_count};
use crate::matrix::{Activations, Matrix};
use crate::quantize_activations::TILE;
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
    let tiles = out.rows() / TILE;
    for unit in units {
        for tile in 0..tiles {
            store(out, tile * TILE, unit, weight.dot_tile(unit, activations, tile), accumulate);
        }
        for row in tiles * TILE..out.rows() {
            store(out, row, unit, [weight.dot_row(unit, activations, row)], accumulate);
        }
    }
}

/// Writes a unit's results for M rows of out, those within its columns.
#[inline(always)]
pub fn store<const M: usize>(
    out: &mut ViewMut,
    first: usize,
    unit: usize,
    sums: [[F32x4; QUARTERS]; M],
    accumulate: bool,
) {
    let columns = out.columns();
    for quarter in 0..QUARTERS {
        let start = first_row(unit_count(columns), unit, quarter);
        for (m, sums) in sums.iter().enumerate() {
            let part = out.part(first + m, start.min(columns)..(start + GROUP).min(columns));
            let sum = if accumulate { lanes::load(part, 0) + sums[quarter] } else { sums[quarter] };
            lanes::store(sum, part, 0);
        }
    }
}

#[cfg(test)]
mod tests;
