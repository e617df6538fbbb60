//! What the channels of a scan share in each row: dt, B and C, normed.
use core::slice::ChunksExact;

use super::Weights;
use crate::lanes;
use crate::rms_norm::{inverse_rms, normalize};
use crate::rounding::Rounding;
use crate::simd::F32x4;

/// States that are scanned together, four vectors of them.
pub const GROUP: usize = 16;

/// Sixteen states, the last ones filled up with zeros.
pub type Group = [F32x4; 4];

/// A chunk's normalised dt, B and C.
pub struct Inputs {
    /// `[rows, dt_rank]`.
    dt: Vec<f32>,
    /// B and C, `[d_state / 16, rows]`.
    groups: Vec<[Group; 2]>,
}

impl Inputs {
    /// Room for `rows` rows.
    pub fn new(rows: usize, weights: &Weights) -> Self {
        let groups = rows * weights.b_norm.len().div_ceil(GROUP);
        Self { dt: vec![0.0; rows * weights.dt_norm.len()], groups: vec![[[F32x4::zero(); 4]; 2]; groups] }
    }

    /// For each group of states, B and C of `rows` rows.
    #[inline(always)]
    pub fn groups(&self, rows: usize) -> ChunksExact<'_, [Group; 2]> {
        self.groups.chunks_exact(rows)
    }

    /// Norms the three parts of dt_bc's row `t` of `rows`.
    pub fn normalize(&mut self, t: usize, rows: usize, row: &[f32], weights: &Weights) {
        let (dt_rank, d_state) = (weights.dt_norm.len(), weights.b_norm.len());
        let dt = &mut self.dt[t * dt_rank..(t + 1) * dt_rank];
        dt.copy_from_slice(&row[..dt_rank]);
        normalize(dt, weights.dt_norm, weights.eps);
        for (part, norm) in [weights.b_norm, weights.c_norm].into_iter().enumerate() {
            let x = &row[dt_rank + part * d_state..][..d_state];
            let scale = F32x4::splat(inverse_rms(x, weights.eps));
            for (g, start) in (0..d_state).step_by(GROUP).enumerate() {
                let states = start..d_state.min(start + GROUP);
                let (x, norm) = (load_group(&x[states.clone()]), load_group(&norm[states]));
                self.groups[g * rows + t][part] = core::array::from_fn(|i| x[i] * scale * norm[i]);
            }
        }
    }

    /// Step sizes of four channels, before the softplus.
    #[inline(always)]
    pub fn project<R: Rounding>(&self, t: usize, channel: usize, weights: &Weights) -> F32x4 {
        let dt_rank = weights.dt_norm.len();
        let dt = &self.dt[t * dt_rank..(t + 1) * dt_rank];
        let last = weights.D.len() - 1;
        // Lanes behind the last channel repeat it; nobody stores them.
        let rows = [0, 1, 2, 3].map(|lane| (channel + lane).min(last));
        weights.dt_proj.dots::<R>(dt, rows) + lanes::load(weights.dt_bias, channel)
    }
}

/// Up to sixteen states as four vectors, zeros behind them.
#[inline(always)]
pub fn load_group(states: &[f32]) -> Group {
    match states.as_chunks() {
        ([a, b, c, d], []) => [a, b, c, d].map(F32x4::load),
        _ => core::array::from_fn(|i| lanes::load(states, states.len().min(4 * i))),
    }
}
