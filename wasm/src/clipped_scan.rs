//! clipped_scan: the encoder's selective scan, in which A is -1, -2, ..., -d_state for every channel, step sizes are
//! clipped, and B is scaled by their mean over the channels. For each row t:
//!   delta = clip(softplus(dt[t] + dt_bias), 0.001, 0.1)
//!   h[n]  = exp(-(n + 1) delta) * h[n] + mean(delta) * B[t][n] * x[t]
//!   out   = (sum over n of C[t][n] * h[n]) * silu(z[t])
//! dt: [l, d_inner], left holding delta; bc: [l, 2 d_state], B before C; x, z, out: [l, d_inner]; dt_bias: [d_inner];
//! ssm_state: [d_state, d_inner], read and left holding h; all f32. Lanes are channels, so that one exponential gives
//! the decays of all states as its powers.
use crate::lanes;
use crate::math::Exp;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

const SHORTEST_STEP: f32 = 0.001;
const LONGEST_STEP: f32 = 0.1;

/// What a scan reads.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// `[l, 2 d_state]`.
    pub bc: View<'a>,
    /// `[l, d_inner]`.
    pub x: View<'a>,
    /// `[l, d_inner]`.
    pub z: View<'a>,
    /// `[d_inner]`.
    pub dt_bias: &'a [f32],
}

/// Scans the rows of `x`, going on from `ssm_state`. No result depends on how rows are split into calls.
pub fn clipped_scan(inputs: Inputs, mut dt: ViewMut, mut ssm_state: ViewMut, mut out: ViewMut) {
    let Inputs { bc, x, z, dt_bias } = inputs;
    let (d_state, exp) = (ssm_state.rows(), Exp::new());
    let means: Vec<F32x4> = (0..x.rows()).map(|t| F32x4::splat(clip(&exp, dt.row(t), dt_bias))).collect();
    let mut h = vec![F32x4::zero(); d_state];
    for channel in (0..dt_bias.len()).step_by(4) {
        for (n, h) in h.iter_mut().enumerate() {
            *h = lanes::load(ssm_state.row(n), channel);
        }
        for (t, &mean) in means.iter().enumerate() {
            let base = exp.exp(-lanes::load(dt.row(t), channel));
            let scaled = mean * lanes::load(x.row(t), channel);
            let (b, c) = bc.row(t).split_at(d_state);
            let (mut decay, mut sum) = (base, F32x4::zero());
            for ((h, &b), &c) in h.iter_mut().zip(b).zip(c) {
                *h = decay * *h + scaled * F32x4::splat(b);
                sum = sum + *h * F32x4::splat(c);
                decay = decay * base;
            }
            lanes::store(sum * exp.silu(lanes::load(z.row(t), channel)), out.row(t), channel);
        }
        for (n, &h) in h.iter().enumerate() {
            lanes::store(h, ssm_state.row(n), channel);
        }
    }
}

/// Makes step sizes of one row and returns their mean.
fn clip(exp: &Exp, row: &mut [f32], dt_bias: &[f32]) -> f32 {
    let (shortest, longest) = (F32x4::splat(SHORTEST_STEP), F32x4::splat(LONGEST_STEP));
    let mut sum = F32x4::zero();
    for start in (0..row.len()).step_by(4) {
        let delta = exp.softplus(lanes::load(row, start) + lanes::load(dt_bias, start));
        lanes::store(delta.max(shortest).min(longest), row, start);
        sum = sum + lanes::load(row, start);
    }
    sum.sum() / row.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, random};

    struct Case {
        n: usize,
        d_state: usize,
        dt_bias: Vec<f32>,
    }

    impl Case {
        fn new(n: usize, d_state: usize) -> Self {
            let dt_bias = random(1, n).iter().map(|bias| 2.0 * bias - 3.0).collect();
            Self { n, d_state, dt_bias }
        }

        /// dt, B and C, x, and z of `l` rows.
        fn inputs(&self, l: usize) -> [Vec<f32>; 4] {
            [
                random(2, l * self.n),
                random(3, l * 2 * self.d_state),
                random(4, l * self.n),
                random(5, l * self.n),
            ]
        }

        fn run(&self, [dt, bc, x, z]: [&[f32]; 4], state: &mut [f32]) -> Vec<f32> {
            let (mut dt, mut out) = (dt.to_vec(), vec![f32::NAN; x.len()]);
            let inputs = Inputs {
                bc: View::packed(bc, 2 * self.d_state),
                x: View::packed(x, self.n),
                z: View::packed(z, self.n),
                dt_bias: &self.dt_bias,
            };
            let [dt, state, to] = [&mut dt, state, &mut out].map(|values| ViewMut::packed(values, self.n));
            clipped_scan(inputs, dt, state, to);
            out
        }

        /// The scalar twin.
        fn exact(&self, [dt, bc, x, z]: [&[f32]; 4], state: &[f32]) -> (Vec<f64>, Vec<f64>) {
            let mut h: Vec<f64> = state.iter().map(|&h| f64::from(h)).collect();
            let mut out = vec![];
            for t in 0..x.len() / self.n {
                let at = |values: &[f32], c: usize| f64::from(values[t * self.n + c]);
                let delta: Vec<f64> = (0..self.n)
                    .map(|c| (at(dt, c) + f64::from(self.dt_bias[c])).exp().ln_1p().clamp(0.001, 0.1))
                    .collect();
                let mean = delta.iter().sum::<f64>() / self.n as f64;
                for c in 0..self.n {
                    let mut sum = 0.0;
                    for s in 0..self.d_state {
                        let row = &bc[2 * t * self.d_state..];
                        let h = &mut h[s * self.n + c];
                        *h = (-(s as f64 + 1.0) * delta[c]).exp() * *h + mean * f64::from(row[s]) * at(x, c);
                        sum += f64::from(row[self.d_state + s]) * *h;
                    }
                    out.push(sum * at(z, c) / (1.0 + (-at(z, c)).exp()));
                }
            }
            (out, h)
        }
    }

    #[test]
    fn clipped_scan_agrees_with_its_twin_and_leaves_the_state() {
        for (n, d_state, l) in (1..=9)
            .flat_map(|n| [1, 2, 5, 16].map(|d_state| (n, d_state, 3)))
            .chain([(33, 16, 100), (8, 64, 40)])
        {
            let case = Case::new(n, d_state);
            let inputs = case.inputs(l);
            let inputs = [0, 1, 2, 3].map(|i| &inputs[i][..]);
            let before = random(6, d_state * n);
            let mut state = before.clone();
            let got = case.run(inputs, &mut state);
            let (out, h) = case.exact(inputs, &before);
            assert_close(&got, &out, 2e-6);
            assert_close(&state, &h, 2e-6);
        }
    }

    #[test]
    fn clipped_scan_does_not_depend_on_the_split() {
        let (n, d_state, l) = (11, 5, 9);
        let case = Case::new(n, d_state);
        let [dt, bc, x, z] = case.inputs(l);
        let mut state = vec![0.0; n * d_state];
        let whole = case.run([&dt, &bc, &x, &z], &mut state);
        for split in 1..l {
            let mut again = vec![0.0; n * d_state];
            let (a, b) = (split * n, split * 2 * d_state);
            let mut parts = case.run([&dt[..a], &bc[..b], &x[..a], &z[..a]], &mut again);
            parts.extend(case.run([&dt[a..], &bc[b..], &x[a..], &z[a..]], &mut again));
            assert_eq!((&parts, &again), (&whole, &state));
        }
    }
}
