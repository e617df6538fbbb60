//! ssm_scan: selective scan (Mamba, arXiv:2312.00752, Algorithm 2) with Hymba's inner norms and its gate, for each row t:
//!   [dt | B | C] = dt_bc[t], each RMS-normed     delta = softplus(dt_proj dt + dt_bias)
//!   h = exp(delta * A) * h + (delta * x[t]) B^T   out[t] = (h C + D * x[t]) * silu(z[t])
//! dt_bc: [l, dt_rank + 2 d_state]; x, z, out: [l, d_inner]; dt_proj: [d_inner, dt_rank]; dt_bias, D: [d_inner];
//! A: [d_inner, d_state]; ssm_state: [d_inner, d_state], read and left holding h; all f32.
//! Rows go in chunks; within a chunk a channel runs through all rows, h in registers (lanes are states).
use core::hint::black_box;
use core::ops::Range;

use crate::lanes;
use crate::math::{Exp, Exp2};
use crate::rounding::Rounding;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};
use crate::with_rounding;

mod inputs;
mod projection;

use inputs::{GROUP, Group, Inputs, load_group};
pub use projection::Projection;

/// Rows of a chunk, and steps that are taken together: as many as keep a processor busy while it waits for results.
const CHUNK: usize = 16;

/// The constants of a layer's scan, as the file's header names them.
#[derive(Clone, Copy)]
#[allow(missing_docs, non_snake_case)]
pub struct Weights<'a> {
    pub dt_norm: &'a [f32],
    pub b_norm: &'a [f32],
    pub c_norm: &'a [f32],
    pub eps: f32,
    pub dt_proj: Projection<'a>,
    pub dt_bias: &'a [f32],
    pub A: &'a [f32],
    pub D: &'a [f32],
}

/// What four channels need in a row; lanes are channels.
#[derive(Clone, Copy)]
struct Step {
    delta: [f32; 4],
    delta_x: [f32; 4],
    /// For each channel, the products of h and C; lanes are states, still to be summed.
    products: [F32x4; 4],
}

/// Scans the rows of `x`, going on from `ssm_state`. No result depends on how rows are split into calls.
pub fn ssm_scan(dt_bc: View, x: View, z: View, weights: Weights, ssm_state: ViewMut, out: ViewMut) {
    with_rounding!(scan(dt_bc, x, z, weights, ssm_state, out));
}

fn scan<R: Rounding>(
    dt_bc: View,
    x: View,
    z: View,
    weights: Weights,
    mut ssm_state: ViewMut,
    mut out: ViewMut,
) {
    let d_inner = weights.D.len();
    let chunk = CHUNK.min(x.rows());
    let mut inputs = Inputs::new(chunk, &weights);
    let mut steps = [Step { delta: [0.0; 4], delta_x: [0.0; 4], products: [F32x4::zero(); 4] }; CHUNK];
    let exp = Exp::new();
    for first in (0..x.rows()).step_by(CHUNK) {
        let rows = first..x.rows().min(first + CHUNK);
        for t in rows.clone() {
            inputs.normalize(t - first, rows.len(), dt_bc.row(t), &weights);
        }
        let together = 4 * (CHUNK / rows.len());
        for channel in (0..d_inner).step_by(together) {
            let part = Part { rows: rows.clone(), channels: channel..d_inner.min(channel + together) };
            let steps = &mut steps[..part.len()];
            part.begin::<R>(steps, &inputs, x, &weights, &exp);
            part.scan::<R>(steps, &inputs, &weights, &mut ssm_state);
            part.finish(steps, x, z, &weights, &mut out, &exp);
        }
    }
}

/// Rows and channels whose steps are taken together: a step for each four channels, and of these for each row.
struct Part {
    rows: Range<usize>,
    channels: Range<usize>,
}

impl Part {
    fn len(&self) -> usize {
        self.channels.len().div_ceil(4) * self.rows.len()
    }

    /// First channel and row of a step.
    #[inline(always)]
    fn at(&self, step: usize) -> (usize, usize) {
        (self.channels.start + step / self.rows.len() * 4, self.rows.start + step % self.rows.len())
    }

    /// Step sizes, and what they make of x.
    #[inline(always)]
    fn begin<R: Rounding>(&self, steps: &mut [Step], inputs: &Inputs, x: View, weights: &Weights, exp: &Exp) {
        for (i, step) in steps.iter_mut().enumerate() {
            let (channel, t) = self.at(i);
            inputs.project::<R>(t - self.rows.start, channel, weights).store(&mut step.delta);
        }
        for (i, step) in steps.iter_mut().enumerate() {
            let (channel, t) = self.at(i);
            let delta = exp.softplus(F32x4::load(&step.delta));
            delta.store(&mut step.delta);
            (delta * lanes::load(x.row(t), channel)).store(&mut step.delta_x);
            step.products = [F32x4::zero(); 4];
        }
    }

    /// Runs every channel through the rows. Meanwhile memory would be idle, as it is busy while step sizes are made: so what the
    /// next part makes them of is touched, a row for each channel.
    #[inline(never)]
    fn scan<R: Rounding>(
        &self,
        steps: &mut [Step],
        inputs: &Inputs,
        weights: &Weights,
        ssm_state: &mut ViewMut,
    ) {
        let exp2 = Exp2::new();
        let (rows, d_state, dt_rank) = (self.rows.len(), ssm_state.columns(), weights.dt_norm.len());
        let mut seen = 0;
        for (inputs, first) in inputs.groups(rows).zip((0..d_state).step_by(GROUP)) {
            let states = first..d_state.min(first + GROUP);
            let place = |channel: usize| {
                let (four, lane) = ((channel - self.channels.start) / 4, (channel - self.channels.start) % 4);
                (four, lane, &weights.A[channel * d_state..][states.clone()])
            };
            if let ([inputs], GROUP) = (inputs, states.len()) {
                let inputs = *inputs;
                for channel in self.channels.clone() {
                    let (four, lane, a) = place(channel);
                    let h = ssm_state.part(channel, states.clone());
                    if lane == 0 {
                        let next = channel + self.channels.len();
                        seen ^= weights.dt_proj.touch(next..next + 4, dt_rank);
                    }
                    step_group::<R>(&exp2, &mut steps[four], lane, inputs, a, h);
                }
            } else {
                for channel in self.channels.clone() {
                    let (four, lane, a) = place(channel);
                    let h = ssm_state.part(channel, states.clone());
                    scan_states::<R>(&exp2, &mut steps[four * rows..][..rows], lane, inputs, a, h);
                }
            }
        }
        black_box(seen);
    }

    /// The outputs.
    #[inline(always)]
    fn finish(&self, steps: &[Step], x: View, z: View, weights: &Weights, out: &mut ViewMut, exp: &Exp) {
        for (i, step) in steps.iter().enumerate() {
            let (channel, t) = self.at(i);
            let skip = lanes::load(weights.D, channel) * lanes::load(x.row(t), channel);
            let y = F32x4::sums(step.products) + skip;
            lanes::store(y * exp.silu(lanes::load(z.row(t), channel)), out.row(t), channel);
        }
    }
}

/// Takes a whole group of one channel's states h through a single row, each four to the end before the next.
#[inline(always)]
fn step_group<R: Rounding>(
    exp2: &Exp2,
    step: &mut Step,
    lane: usize,
    [b, c]: [Group; 2],
    a: &[f32],
    h: &mut [f32],
) {
    let (delta, delta_x) = (F32x4::splat(step.delta[lane]), F32x4::splat(step.delta_x[lane]));
    let mut products = step.products[lane];
    let (a, h) = (&a.as_chunks().0[..4], &mut h.as_chunks_mut().0[..4]);
    for i in 0..4 {
        let decay = exp2.decay::<R>(delta * (F32x4::load(&a[i]) * F32x4::splat(core::f32::consts::LOG2_E)));
        let state = R::mul_add(decay, F32x4::load(&h[i]), delta_x * b[i]);
        products = R::mul_add(state, c[i], products);
        state.store(&mut h[i]);
    }
    step.products[lane] = products;
}

/// Runs a group of one channel's states h through the rows of a chunk.
#[inline(always)]
fn scan_states<R: Rounding>(
    exp2: &Exp2,
    steps: &mut [Step],
    lane: usize,
    inputs: &[[Group; 2]],
    a: &[f32],
    h: &mut [f32],
) {
    assert!(lane < 4);
    let a = load_group(a).map(|a| a * F32x4::splat(core::f32::consts::LOG2_E));
    let mut state = load_group(h);
    for (step, [b, c]) in steps.iter_mut().zip(inputs) {
        let (delta, delta_x) = (F32x4::splat(step.delta[lane]), F32x4::splat(step.delta_x[lane]));
        let mut products = step.products[lane];
        for i in 0..4 {
            state[i] = R::mul_add(exp2.decay::<R>(delta * a[i]), state[i], delta_x * b[i]);
            products = R::mul_add(state[i], c[i], products);
        }
        step.products[lane] = products;
    }
    match h.as_chunks_mut() {
        ([a, b, c, d], []) => {
            state[0].store(a);
            state[1].store(b);
            state[2].store(c);
            state[3].store(d);
        }
        _ => {
            for (start, state) in (0..h.len()).step_by(4).zip(state) {
                lanes::store(state, h, start);
            }
        }
    }
}

#[cfg(test)]
mod tests;
