//! ssm_scan: selective scan (Mamba, arXiv:2312.00752, Algorithm 2) with Hymba's inner norms and its gate, for each row t:
//!   [dt | B | C] = dt_bc[t], each RMS-normed     delta = softplus(dt_proj dt + dt_bias)
//!   h = exp(delta * A) * h + (delta * x[t]) B^T   out[t] = (h C + D * x[t]) * silu(z[t])
//! dt_bc: [l, dt_rank + 2 d_state]; x, z, out: [l, d_inner]; dt_proj: [d_inner, dt_rank]; dt_bias, D: [d_inner];
//! A: [d_inner, d_state]; ssm_state: [d_inner, d_state], read and left holding h; all f32.
//! Rows go in chunks; within a chunk four channels at a time run through all rows, h in registers (lanes are states).
use crate::lanes;
use crate::math::{exp2_decay, silu, softplus};
use crate::rms_norm::normalize;
use crate::rounding::Rounding;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};
use crate::with_rounding;

/// Rows of a chunk.
const CHUNK: usize = 16;

/// The constants of a layer's scan, as the file's header names them.
#[derive(Clone, Copy)]
#[allow(missing_docs, non_snake_case)]
pub struct Weights<'a> {
    pub dt_norm: &'a [f32],
    pub b_norm: &'a [f32],
    pub c_norm: &'a [f32],
    pub eps: f32,
    pub dt_proj: &'a [f32],
    pub dt_bias: &'a [f32],
    pub A: &'a [f32],
    pub D: &'a [f32],
}

/// What four channels need in the rows of a chunk; lanes are channels.
struct Block {
    delta: [[f32; 4]; CHUNK],
    delta_x: [[f32; 4]; CHUNK],
    /// For each channel, the products of h and C; lanes are states, still to be summed.
    products: [[F32x4; 4]; CHUNK],
}

/// A chunk's normalised dt, B and C.
struct Inputs {
    /// `[rows, dt_rank]`.
    dt: Vec<f32>,
    /// Vectors that d_state numbers fill.
    vectors: usize,
    /// `[rows, vectors]`, the last one filled up with zeros.
    b: Vec<F32x4>,
    /// As `b`.
    c: Vec<F32x4>,
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
    let vectors = weights.b_norm.len().div_ceil(4);
    let rows = CHUNK.min(x.rows());
    let mut inputs = Inputs {
        dt: vec![0.0; rows * weights.dt_norm.len()],
        vectors,
        b: vec![F32x4::zero(); rows * vectors],
        c: vec![F32x4::zero(); rows * vectors],
    };
    let mut block =
        Block { delta: [[0.0; 4]; CHUNK], delta_x: [[0.0; 4]; CHUNK], products: [[F32x4::zero(); 4]; CHUNK] };
    for first in (0..x.rows()).step_by(CHUNK) {
        let rows = first..x.rows().min(first + CHUNK);
        for t in rows.clone() {
            inputs.normalize(t - first, dt_bc.row(t), &weights);
        }
        for channel in (0..d_inner).step_by(4) {
            for t in rows.clone() {
                let delta = inputs.delta::<R>(t - first, channel, &weights);
                delta.store(&mut block.delta[t - first]);
                (delta * lanes::load(x.row(t), channel)).store(&mut block.delta_x[t - first]);
            }
            for lane in 0..4.min(d_inner - channel) {
                block.scan::<R>(
                    lane,
                    rows.len(),
                    &inputs,
                    channel_row(weights.A, channel + lane, &weights),
                    ssm_state.row(channel + lane),
                );
            }
            for t in rows.clone() {
                let skip = lanes::load(weights.D, channel) * lanes::load(x.row(t), channel);
                let y = F32x4::sums(block.products[t - first]) + skip;
                lanes::store(y * silu(lanes::load(z.row(t), channel)), out.row(t), channel);
            }
        }
    }
}

fn channel_row<'a>(values: &'a [f32], channel: usize, weights: &Weights) -> &'a [f32] {
    let d_state = weights.b_norm.len();
    &values[channel * d_state..(channel + 1) * d_state]
}

impl Inputs {
    /// Norms the three parts of one row of dt_bc.
    fn normalize(&mut self, t: usize, row: &[f32], weights: &Weights) {
        let (dt_rank, d_state) = (weights.dt_norm.len(), weights.b_norm.len());
        let dt = &mut self.dt[t * dt_rank..(t + 1) * dt_rank];
        dt.copy_from_slice(&row[..dt_rank]);
        normalize(dt, weights.dt_norm, weights.eps);
        let states = t * self.vectors..(t + 1) * self.vectors;
        let (b, c) = row[dt_rank..].split_at(d_state);
        normalize_to(b, weights.b_norm, weights.eps, &mut self.b[states.clone()]);
        normalize_to(c, weights.c_norm, weights.eps, &mut self.c[states]);
    }

    /// Step sizes of four channels.
    fn delta<R: Rounding>(&self, t: usize, channel: usize, weights: &Weights) -> F32x4 {
        let dt_rank = weights.dt_norm.len();
        let last = weights.D.len() - 1;
        let rows = [0, 1, 2, 3].map(|lane| {
            // Lanes behind the last channel repeat it; nobody stores them.
            let start = (channel + lane).min(last) * dt_rank;
            &weights.dt_proj[start..start + dt_rank]
        });
        let [projected] = lanes::dots::<R, 1>([&self.dt[t * dt_rank..(t + 1) * dt_rank]], rows);
        softplus(projected + lanes::load(weights.dt_bias, channel))
    }
}

fn normalize_to(x: &[f32], weight: &[f32], eps: f32, to: &mut [F32x4]) {
    let scale = F32x4::splat(crate::rms_norm::inverse_rms(x, eps));
    for (i, vector) in to.iter_mut().enumerate() {
        *vector = lanes::load(x, 4 * i) * scale * lanes::load(weight, 4 * i);
    }
}

impl Block {
    /// Runs one channel through `rows` rows, up to four vectors of states at a time.
    fn scan<R: Rounding>(&mut self, lane: usize, rows: usize, inputs: &Inputs, a: &[f32], h: &mut [f32]) {
        for products in &mut self.products[..rows] {
            products[lane] = F32x4::zero();
        }
        for start in (0..h.len()).step_by(16) {
            let end = h.len().min(start + 16);
            let (a, h) = (&a[start..end], &mut h[start..end]);
            match (end - start).div_ceil(4) {
                1 => self.scan_few::<R, 1>(lane, rows, inputs, start / 4, a, h),
                2 => self.scan_few::<R, 2>(lane, rows, inputs, start / 4, a, h),
                3 => self.scan_few::<R, 3>(lane, rows, inputs, start / 4, a, h),
                _ => self.scan_states::<R, 4>(lane, rows, inputs, start / 4, a, h),
            }
        }
    }

    /// `scan_states`, as a function of its own: what few models need is not to be compiled with what all need.
    #[inline(never)]
    fn scan_few<R: Rounding, const V: usize>(
        &mut self,
        lane: usize,
        rows: usize,
        inputs: &Inputs,
        first: usize,
        a: &[f32],
        h: &mut [f32],
    ) {
        self.scan_states::<R, V>(lane, rows, inputs, first, a, h);
    }

    /// Scans `V` vectors of states, of which the first is vector `first` of B and C.
    #[inline(always)]
    fn scan_states<R: Rounding, const V: usize>(
        &mut self,
        lane: usize,
        rows: usize,
        inputs: &Inputs,
        first: usize,
        a: &[f32],
        h: &mut [f32],
    ) {
        let to_base_2 = F32x4::splat(core::f32::consts::LOG2_E);
        let a: [F32x4; V] = core::array::from_fn(|i| lanes::load(a, 4 * i) * to_base_2);
        let mut state: [F32x4; V] = core::array::from_fn(|i| lanes::load(h, 4 * i));
        for t in 0..rows {
            let delta = F32x4::splat(self.delta[t][lane]);
            let delta_x = F32x4::splat(self.delta_x[t][lane]);
            let b = &inputs.b[t * inputs.vectors + first..][..V];
            let c = &inputs.c[t * inputs.vectors + first..][..V];
            let mut products = self.products[t][lane];
            for i in 0..V {
                state[i] = R::mul_add(exp2_decay::<R>(delta * a[i]), state[i], delta_x * b[i]);
                products = R::mul_add(state[i], c[i], products);
            }
            self.products[t][lane] = products;
        }
        for (i, state) in state.into_iter().enumerate() {
            lanes::store(state, h, 4 * i);
        }
    }
}

#[cfg(test)]
mod tests;
