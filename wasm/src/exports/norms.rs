//! `rms_norm` and `head_fusion`.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::head_fusion::{self, Branch};
use crate::rms_norm;
use crate::view::{View, ViewMut};

/// See [`crate::rms_norm`]; x may be out, with the same stride.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn rms_norm(
    x: *const f32,
    x_stride: usize,
    weight: *const f32,
    eps: f32,
    out: *mut f32,
    out_stride: usize,
    l: usize,
    n: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let source = (x != out).then(|| View::new(x, l, n, x_stride));
        let weight = core::slice::from_raw_parts(weight, n);
        rms_norm::rms_norm(source, weight, eps, ViewMut::new(out, l, n, out_stride));
    }
}

/// See [`crate::head_fusion`]; out may be attention or ssm, with the same stride.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn head_fusion(
    attention: *const f32,
    attention_stride: usize,
    attention_norm: *const f32,
    ssm: *const f32,
    ssm_stride: usize,
    ssm_norm: *const f32,
    eps: f32,
    out: *mut f32,
    out_stride: usize,
    l: usize,
    n: usize,
) {
    // SAFETY: the caller's. The kernel holds no reference into an input while it writes.
    unsafe {
        let branch = |output, stride, norm| Branch {
            output: View::new(output, l, n, stride),
            norm: core::slice::from_raw_parts(norm, n),
        };
        let branches =
            [branch(attention, attention_stride, attention_norm), branch(ssm, ssm_stride, ssm_norm)];
        head_fusion::head_fusion(branches, eps, ViewMut::new(out, l, n, out_stride));
    }
}
