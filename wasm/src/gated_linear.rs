//! gated_linear: out = silu(x gate^T) * (x up^T), SwiGLU's first half (arXiv:2002.05202), in one pass.
//!
//! x `[l, k]`, gate and up `[n, k]`, of any dtypes, out `[l, n]`. Units, tiles and ranges as in linear.rs.

use core::ops::Range;

use crate::layout::QUARTERS;
use crate::linear::store;
use crate::math::silu;
use crate::matrix::{Activations, Matrix};
use crate::quantize_activations::TILE;
use crate::simd::F32x4;
use crate::view::ViewMut;

/// Computes the rows of `units` of out.
pub fn gated_linear(
    gate: &Matrix,
    up: &Matrix,
    activations: Activations,
    out: &mut ViewMut,
    units: Range<usize>,
) {
    let tiles = out.rows() / TILE;
    for unit in units {
        for tile in 0..tiles {
            let gates = gate.dot_tile(unit, activations, tile);
            let ups = up.dot_tile(unit, activations, tile);
            store(
                out,
                tile * TILE,
                unit,
                core::array::from_fn::<_, TILE, _>(|row| gated(gates[row], ups[row])),
                false,
            );
        }
        for row in tiles * TILE..out.rows() {
            let (gate, up) = (gate.dot_row(unit, activations, row), up.dot_row(unit, activations, row));
            store(out, row, unit, [gated(gate, up)], false);
        }
    }
}

#[inline(always)]
fn gated(gate: [F32x4; QUARTERS], up: [F32x4; QUARTERS]) -> [F32x4; QUARTERS] {
    core::array::from_fn(|quarter| silu(gate[quarter]) * up[quarter])
}
