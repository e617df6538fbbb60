//! gated_linear: out = silu(x gate^T) * (x up^T), SwiGLU's first half (arXiv:2002.05202), in one pass.
//!
//! x `[l, k]`, gate and up `[n, k]`, of any dtypes, out `[l, n]`. Units, tiles and ranges as in linear.rs.

use core::ops::Range;

use crate::layout::QUARTERS;
use crate::math::Exp;
use crate::matrix::{Activations, Matrix};
use crate::pieces::{LARGEST, for_each_piece};
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
    let mut gates = [[F32x4::zero(); QUARTERS]; LARGEST];
    let mut ups = gates;
    let exp = Exp::new();
    for_each_piece(out.rows(), units, |piece| {
        let (gates, ups) = (&mut gates[..piece.len()], &mut ups[..piece.len()]);
        gate.dot(&piece, activations, gates);
        up.dot(&piece, activations, ups);
        for (gate, up) in gates.as_flattened_mut().iter_mut().zip(ups.as_flattened()) {
            *gate = exp.silu(*gate) * *up;
        }
        piece.store(gates, out, false);
    });
}
