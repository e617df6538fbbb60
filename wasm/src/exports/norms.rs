//! `rms_norm` and `head_fusion`.

use core::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use super::pool::{POOL, Shared, work};
use crate::head_fusion::{self, Branch};
use crate::rms_norm;
use crate::view::{View, ViewMut};

/// What an element of a norm costs.
const NORM_WORK: usize = 32;

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
    // SAFETY: the caller's; parts read and write their own rows.
    let pointers = unsafe { Shared::new((x, weight, out)) };
    POOL.split(l, work(&[NORM_WORK, l, n]), &|rows| {
        let (x, weight, out) = pointers.get();
        // SAFETY: as above.
        unsafe {
            let (x, out) = (x.add(rows.start * x_stride), out.add(rows.start * out_stride));
            let source = (x != out).then(|| View::new(x, rows.len(), n, x_stride));
            let weight = from_raw_parts(weight, n);
            rms_norm::rms_norm(source, weight, eps, ViewMut::new(out, rows.len(), n, out_stride));
        }
    });
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
    // SAFETY: the caller's; parts read and write their own rows.
    let pointers = unsafe { Shared::new((attention, attention_norm, ssm, ssm_norm, out)) };
    POOL.split(l, work(&[2, NORM_WORK, l, n]), &|rows| {
        let (attention, attention_norm, ssm, ssm_norm, out) = pointers.get();
        // SAFETY: as above. The kernel holds no reference into an input while it writes.
        unsafe {
            let branch = |output: *const f32, stride, norm| Branch {
                output: View::new(output.add(rows.start * stride), rows.len(), n, stride),
                norm: from_raw_parts(norm, n),
            };
            let branches =
                [branch(attention, attention_stride, attention_norm), branch(ssm, ssm_stride, ssm_norm)];
            let out = ViewMut::new(out.add(rows.start * out_stride), rows.len(), n, out_stride);
            head_fusion::head_fusion(branches, eps, out);
        }
    });
}
