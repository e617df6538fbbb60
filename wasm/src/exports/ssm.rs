//! `ssm_conv` and `ssm_scan`.

use core::ops::Range;
use core::slice::from_raw_parts;

use wasm_bindgen::prelude::wasm_bindgen;

use super::pool::{POOL, Shared, work};
use crate::ssm_scan::Projection;
use crate::view::{View, ViewMut};
use crate::{ssm_conv, ssm_scan};

/// Channels that the kernels take at once.
const LANES: usize = 4;

/// What an f32 multiply-add costs.
const MULTIPLY_WORK: usize = 8;

/// What an exp costs, and what goes with it.
const EXP_WORK: usize = 64;

fn channels(blocks: Range<usize>, d_inner: usize) -> Range<usize> {
    blocks.start * LANES..d_inner.min(blocks.end * LANES)
}

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
    // SAFETY: the caller's; parts are channels.
    let pointers = unsafe { Shared::new((x, weight, bias, conv_state, out)) };
    POOL.split(
        d_inner.div_ceil(LANES),
        work(&[l, d_inner, 4 * MULTIPLY_WORK * d_conv + 2 * EXP_WORK]),
        &|blocks| {
            let (x, weight, bias, conv_state, out) = pointers.get();
            let Range { start, end } = channels(blocks, d_inner);
            let count = end - start;
            // SAFETY: as above.
            unsafe {
                ssm_conv::ssm_conv(
                    View::new(x.add(start), l, count, x_stride),
                    from_raw_parts(weight.add(start * d_conv), count * d_conv),
                    from_raw_parts(bias.add(start), count),
                    ViewMut::new(conv_state.add(start), d_conv - 1, count, conv_state_stride),
                    ViewMut::new(out.add(start), l, count, out_stride),
                );
            }
        },
    );
}

/// See [`crate::ssm_scan`]; dt_proj is f32, or bf16.
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
    dt_proj: *const u8,
    dt_proj_is_bf16: bool,
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
    // SAFETY: the caller's; parts are channels.
    let (inputs, weights, outputs) = unsafe {
        (
            Shared::new((dt_bc, x, z)),
            Shared::new((dt_norm, b_norm, c_norm, dt_proj, dt_bias, A, D)),
            Shared::new((ssm_state, out)),
        )
    };
    let work = work(&[l, d_inner, MULTIPLY_WORK * dt_rank + EXP_WORK * (2 + d_state)]);
    POOL.split(d_inner.div_ceil(LANES), work, &|blocks| {
        let (dt_bc, x, z) = inputs.get();
        let (dt_norm, b_norm, c_norm, dt_proj, dt_bias, A, D) = weights.get();
        let (ssm_state, out) = outputs.get();
        let Range { start, end } = channels(blocks, d_inner);
        let count = end - start;
        // SAFETY: as above.
        unsafe {
            let weights = ssm_scan::Weights {
                dt_norm: from_raw_parts(dt_norm, dt_rank),
                b_norm: from_raw_parts(b_norm, d_state),
                c_norm: from_raw_parts(c_norm, d_state),
                eps,
                dt_proj: if dt_proj_is_bf16 {
                    Projection::Bf16(from_raw_parts(
                        dt_proj.cast::<u16>().add(start * dt_rank),
                        count * dt_rank,
                    ))
                } else {
                    Projection::F32(from_raw_parts(
                        dt_proj.cast::<f32>().add(start * dt_rank),
                        count * dt_rank,
                    ))
                },
                dt_bias: from_raw_parts(dt_bias.add(start), count),
                A: from_raw_parts(A.add(start * d_state), count * d_state),
                D: from_raw_parts(D.add(start), count),
            };
            ssm_scan::ssm_scan(
                View::new(dt_bc, l, dt_rank + 2 * d_state, dt_bc_stride),
                View::new(x.add(start), l, count, x_stride),
                View::new(z.add(start), l, count, z_stride),
                weights,
                ViewMut::new(ssm_state.add(start * ssm_state_stride), count, d_state, ssm_state_stride),
                ViewMut::new(out.add(start), l, count, out_stride),
            );
        }
    });
}
