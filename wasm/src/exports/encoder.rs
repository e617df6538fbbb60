//! `layer_norm`, `add_bias`, `gate_fusion` and `clipped_scan`.

use core::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::add_bias::{self, Activation};
use crate::clipped_scan::{self, Inputs};
use crate::view::{View, ViewMut};
use crate::{gate_fusion, layer_norm};

/// See [`crate::layer_norm`].
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn layer_norm(
    x: *const f32,
    x_stride: usize,
    gamma: *const f32,
    beta: *const f32,
    eps: f32,
    out: *mut f32,
    out_stride: usize,
    l: usize,
    n: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let (gamma, beta) = (from_raw_parts(gamma, n), from_raw_parts(beta, n));
        let to = ViewMut::new(out, l, n, out_stride);
        layer_norm::layer_norm(View::new(x, l, n, x_stride), gamma, beta, eps, to);
    }
}

/// See [`crate::add_bias`]. `activation`: 0 identity, 1 gelu, 2 sigmoid.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn add_bias(x: *mut f32, stride: usize, bias: *const f32, activation: u32, l: usize, n: usize) {
    let Some(activation) = Activation::from_number(activation) else { unreachable!() };
    // SAFETY: the caller's.
    unsafe { add_bias::add_bias(ViewMut::new(x, l, n, stride), from_raw_parts(bias, n), activation) }
}

/// See [`crate::gate_fusion`].
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gate_fusion(
    gate: *const f32,
    gate_stride: usize,
    ssm: *const f32,
    ssm_stride: usize,
    attention: *const f32,
    attention_stride: usize,
    x: *mut f32,
    x_stride: usize,
    l: usize,
    n: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let [gate, ssm, attention] = [(gate, gate_stride), (ssm, ssm_stride), (attention, attention_stride)]
            .map(|(first, stride)| View::new(first, l, n, stride));
        gate_fusion::gate_fusion(gate, ssm, attention, ViewMut::new(x, l, n, x_stride));
    }
}

/// See [`crate::clipped_scan`].
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn clipped_scan(
    dt: *mut f32,
    dt_stride: usize,
    dt_bias: *const f32,
    bc: *const f32,
    bc_stride: usize,
    x: *const f32,
    x_stride: usize,
    z: *const f32,
    z_stride: usize,
    ssm_state: *mut f32,
    ssm_state_stride: usize,
    out: *mut f32,
    out_stride: usize,
    l: usize,
    d_inner: usize,
    d_state: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let inputs = Inputs {
            bc: View::new(bc, l, 2 * d_state, bc_stride),
            x: View::new(x, l, d_inner, x_stride),
            z: View::new(z, l, d_inner, z_stride),
            dt_bias: from_raw_parts(dt_bias, d_inner),
        };
        let state = ViewMut::new(ssm_state, d_state, d_inner, ssm_state_stride);
        let (dt, to) = (ViewMut::new(dt, l, d_inner, dt_stride), ViewMut::new(out, l, d_inner, out_stride));
        clipped_scan::clipped_scan(inputs, dt, state, to);
    }
}
