//! Weights, `linear`, `gated_linear` and `embed`.

use core::slice::{from_raw_parts, from_raw_parts_mut};

use wasm_bindgen::prelude::wasm_bindgen;

use super::pool::{POOL, Shared, work};
use crate::dot::DotKind;
use crate::embed;
use crate::gated_linear;
use crate::layout::unit_count;
use crate::linear;
use crate::matrix::{Activations, Dtype, Matrix};
use crate::probe_dot;
use crate::quantize_activations::{self, ActivationBlock, ActivationTile, BLOCK, QuantizedRows, TILE};
use crate::rounding;
use crate::view::{View, ViewMut};

/// What quantising an element costs.
const QUANTIZE_WORK: usize = 16;

/// What a multiply-add costs.
fn multiply_work(matrix: &Matrix) -> usize {
    if matrix.is_quantized() { 1 } else { 4 }
}

/// How this engine multiplies bytes exactly: a number for `matrix_new`.
#[wasm_bindgen]
pub fn probe_dot() -> u32 {
    probe_dot::probe_dot() as u32
}

/// Whether every multiplication and addition is to be rounded on its own from now on, so that all builds agree bit for bit.
#[wasm_bindgen]
pub fn set_deterministic(is_deterministic: bool) {
    rounding::set_deterministic(is_deterministic);
}

/// A matrix of zeros, or null where memory cannot grow that far. `dtype`: 0 f32, 1 f16, 2 bf16, 3 q8_0, 4 q4_0, 5 iq4_nl.
#[wasm_bindgen]
pub fn matrix_new(dtype: u32, rows: usize, columns: usize, dot_kind: u32) -> *mut Matrix {
    let (Some(dtype), Some(kind)) = (Dtype::from_number(dtype), DotKind::from_number(dot_kind)) else {
        return core::ptr::null_mut();
    };
    match Matrix::new(dtype, rows, columns, kind) {
        Ok(matrix) => Box::into_raw(Box::new(matrix)),
        Err(_) => core::ptr::null_mut(),
    }
}

/// Packs published rows `first .. first + count` from `source`.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn matrix_write(matrix: *mut Matrix, first: usize, count: usize, source: *const u8) {
    // SAFETY: the caller's.
    let matrix = unsafe { &mut *matrix };
    let bytes = matrix.source_row_bytes();
    for row in 0..count {
        // SAFETY: the caller's.
        let source = unsafe { from_raw_parts(source.add(row * bytes), bytes) };
        matrix.write_row(first + row, source);
    }
}

/// Makes a matrix ready, after its last row. False: a scale is infinite or NaN.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn matrix_seal(matrix: *mut Matrix) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let (sealed, is_finite) = matrix.read().seal();
        matrix.write(sealed);
        is_finite
    }
}

/// Bytes that a matrix takes.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn matrix_bytes(matrix: *const Matrix) -> usize {
    // SAFETY: the caller's.
    unsafe { &*matrix }.byte_length()
}

/// Frees a matrix.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn matrix_free(matrix: *mut Matrix) {
    // SAFETY: the caller's; matrix_new boxed it.
    drop(unsafe { Box::from_raw(matrix) });
}

/// Bytes of scratch that `quantize_activations` fills for `l` rows of `k` columns in one or two planes.
#[wasm_bindgen]
pub fn activation_bytes(l: usize, k: usize, planes: usize) -> usize {
    l * (k / BLOCK) * planes * size_of::<ActivationBlock>()
}

/// Quantises x `[l, k]` into scratch, in one plane or two, for matrices of q8_0 and q4_0.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn quantize_activations(
    x: *const f32,
    stride: usize,
    l: usize,
    k: usize,
    planes: usize,
    scratch: *mut ActivationTile,
) {
    // SAFETY: the caller's; parts write different tiles, and the last one the rows behind them.
    let pointers = unsafe { Shared::new((x, scratch)) };
    POOL.split(l.div_ceil(TILE), work(&[QUANTIZE_WORK, l, k]), &|tiles| {
        let (x, scratch) = pointers.get();
        let first = tiles.start * TILE;
        let part = l.min(tiles.end * TILE) - first;
        let (before, _) = scratch_counts(first, k, planes);
        let (tiles, rows) = scratch_counts(part, k, planes);
        // SAFETY: as above.
        let (x, tiles, rows) = unsafe {
            let scratch = scratch.add(before);
            (
                View::new(x.add(first * stride), part, k, stride),
                from_raw_parts_mut(scratch, tiles),
                from_raw_parts_mut(scratch.add(tiles).cast::<ActivationBlock>(), rows),
            )
        };
        quantize_activations::quantize_activations(x, planes, tiles, rows);
    });
}

/// Tiles, and blocks behind them, of `l` rows of `k` columns.
fn scratch_counts(l: usize, k: usize, planes: usize) -> (usize, usize) {
    let per_row = k / BLOCK * planes;
    (l / TILE * per_row, l % TILE * per_row)
}

/// out `[l, n]` = x `[l, k]` weight^T (+ out, if accumulate). `scratch` holds x quantised if the weight is.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn linear(
    weight: *const Matrix,
    x: *const f32,
    x_stride: usize,
    scratch: *const ActivationTile,
    planes: usize,
    l: usize,
    out: *mut f32,
    out_stride: usize,
    accumulate: bool,
) {
    // SAFETY: the caller's; parts write different columns of out.
    let (matrix, pointers) = unsafe { (&*weight, Shared::new((weight, x, scratch, out))) };
    let (rows, columns) = (matrix.rows(), matrix.columns());
    POOL.split(unit_count(rows), work(&[l, rows, columns, multiply_work(matrix)]), &|units| {
        let (weight, x, scratch, out) = pointers.get();
        // SAFETY: as above.
        let (weight, activations, mut out) = unsafe {
            let weight = &*weight;
            let activations = activations(&[weight], x, x_stride, (scratch, planes), l);
            (weight, activations, ViewMut::new(out, l, rows, out_stride))
        };
        linear::linear(weight, activations, &mut out, units, accumulate);
    });
}

/// out `[l, n]` = silu(x gate^T) * (x up^T). `scratch` holds x quantised if a weight is.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gated_linear(
    gate: *const Matrix,
    up: *const Matrix,
    x: *const f32,
    x_stride: usize,
    scratch: *const ActivationTile,
    planes: usize,
    l: usize,
    out: *mut f32,
    out_stride: usize,
) {
    // SAFETY: the caller's; parts write different columns of out.
    let (matrix, pointers) = unsafe { (&*gate, Shared::new((gate, up, x, scratch, out))) };
    let (rows, columns) = (matrix.rows(), matrix.columns());
    POOL.split(unit_count(rows), work(&[2, l, rows, columns, multiply_work(matrix)]), &|units| {
        let (gate, up, x, scratch, out) = pointers.get();
        // SAFETY: as above.
        let (gate, up, activations, mut out) = unsafe {
            let (gate, up) = (&*gate, &*up);
            let activations = activations(&[gate, up], x, x_stride, (scratch, planes), l);
            (gate, up, activations, ViewMut::new(out, l, rows, out_stride))
        };
        gated_linear::gated_linear(gate, up, activations, &mut out, units);
    });
}

/// out `[l, hidden_size]`: the rows of the table that ids `[l]` name.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn embed(table: *const Matrix, ids: *const u32, l: usize, out: *mut f32, out_stride: usize) {
    // SAFETY: the caller's.
    let (table, ids, mut out) = unsafe {
        let table = &*table;
        (table, from_raw_parts(ids, l), ViewMut::new(out, l, table.columns(), out_stride))
    };
    embed::embed(table, ids, &mut out);
}

unsafe fn activations<'a>(
    weights: &[&Matrix],
    x: *const f32,
    stride: usize,
    (scratch, planes): (*const ActivationTile, usize),
    l: usize,
) -> Activations<'a> {
    let k = weights[0].columns();
    let mut quantized = QuantizedRows { planes, tiles: &[], rows: &[] };
    if weights.iter().any(|weight| weight.is_quantized()) {
        let (tiles, rows) = scratch_counts(l, k, planes);
        // SAFETY: the caller's.
        quantized = unsafe {
            QuantizedRows {
                planes,
                tiles: from_raw_parts(scratch, tiles),
                rows: from_raw_parts(scratch.add(tiles).cast(), rows),
            }
        };
    }
    // SAFETY: the caller's.
    Activations { x: unsafe { View::new(x, l, k, stride) }, quantized }
}
