//! gated_linear: out = silu(x gate^T) * (x up^T), SwiGLU's first half (arXiv:2002.05202), in one pass.
//!
//! x `[l, k]`, gate and up `[n, k]`, of any dtypes, out `[l, n]`. Units, tiles and ranges as in linear.rs.

use core::ops::Range;

use crate::linear::{TILE, store};
use crate::math::silu;
use crate::matrix::{Activations, Matrix};
use crate::view::ViewMut;

/// Computes the rows of `units` of out.
pub fn gated_linear(gate: &Matrix, up: &Matrix, activations: Activations, out: &mut ViewMut, units: Range<usize>) {
    for unit in units {
        let mut row = 0;
        while row + TILE <= out.rows() {
            gated_unit::<TILE>(gate, up, activations, out, unit, row);
            row += TILE;
        }
        while row < out.rows() {
            gated_unit::<1>(gate, up, activations, out, unit, row);
            row += 1;
        }
    }
}

fn gated_unit<const M: usize>(
    gate: &Matrix,
    up: &Matrix,
    activations: Activations,
    out: &mut ViewMut,
    unit: usize,
    first: usize,
) {
    let mut products = gate.dot_unit::<M>(unit, activations, first);
    let factors = up.dot_unit::<M>(unit, activations, first);
    for (products, factors) in products.iter_mut().zip(factors) {
        for (product, factor) in products.iter_mut().zip(factors) {
            *product = silu(*product) * factor;
        }
    }
    store(out, first, unit, products, false);
}
