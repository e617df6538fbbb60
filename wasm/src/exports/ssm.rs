//! `ssm_conv` and `ssm_scan`.

use core::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::view::{View, ViewMut};
use crate::{ssm_conv, ssm_scan};

/// See [`crate::ssm_conv`].
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn ssm_conv(
    x: *const f32,
    x_stride: usize,
    weight: *const f32,
    bias: *const f32,
    conv_state: *mut f32,
    conv_state_stride: usize,
    out: *mut f32,
    out_stride: usize,
    l: usize,
    d_inner: usize,
    d_conv: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        ssm_conv::ssm_conv(
            View::new(x, l, d_inner, x_stride),
            from_raw_parts(weight, d_inner * d_conv),
            from_raw_parts(bias, d_inner),
            ViewMut::new(conv_state, d_conv - 1, d_inner, conv_state_stride),
            ViewMut::new(out, l, d_inner, out_stride),
        );
    }
}

/// See [`crate::ssm_scan`].
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments, non_snake_case)]
pub unsafe fn ssm_scan(
    dt_bc: *const f32,
    dt_bc_stride: usize,
    x: *const f32,
    x_stride: usize,
    z: *const f32,
    z_stride: usize,
    dt_norm: *const f32,
    b_norm: *const f32,
    c_norm: *const f32,
    eps: f32,
    dt_proj: *const f32,
    dt_bias: *const f32,
    A: *const f32,
    D: *const f32,
    ssm_state: *mut f32,
    ssm_state_stride: usize,
    out: *mut f32,
    out_stride: usize,
    l: usize,
    d_inner: usize,
    dt_rank: usize,
    d_state: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let weights = ssm_scan::Weights {
            dt_norm: from_raw_parts(dt_norm, dt_rank),
            b_norm: from_raw_parts(b_norm, d_state),
            c_norm: from_raw_parts(c_norm, d_state),
            eps,
            dt_proj: from_raw_parts(dt_proj, d_inner * dt_rank),
            dt_bias: from_raw_parts(dt_bias, d_inner),
            A: from_raw_parts(A, d_inner * d_state),
            D: from_raw_parts(D, d_inner),
        };
        ssm_scan::ssm_scan(
            View::new(dt_bc, l, dt_rank + 2 * d_state, dt_bc_stride),
            View::new(x, l, d_inner, x_stride),
            View::new(z, l, d_inner, z_stride),
            weights,
            ViewMut::new(ssm_state, d_inner, d_state, ssm_state_stride),
            ViewMut::new(out, l, d_inner, out_stride),
        );
    }
}
