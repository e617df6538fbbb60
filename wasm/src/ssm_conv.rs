//! ssm_conv: causal depthwise convolution, then silu, one pass over blocks of four channels:
//! `out[t] = silu(bias + sum_j weight[:, j] * x[t - (d_conv - 1) + j])`, rows before the first from the state.
//! x, out: [l, d_inner] f32; weight: [d_inner, d_conv] f32; bias: [d_inner] f32;
//! conv_state: [d_conv - 1, d_inner] f32, oldest row first, left holding the last d_conv - 1 rows of (state, x).
use crate::lanes;
use crate::math::silu;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

/// Convolves the rows of `x`, going on from `conv_state`. No result depends on how rows are split into calls.
pub fn ssm_conv(x: View, weight: &[f32], bias: &[f32], mut conv_state: ViewMut, mut out: ViewMut) {
    let d_conv = conv_state.rows() + 1;
    let mut taps = vec![F32x4::zero(); d_conv];
    let mut window = vec![F32x4::zero(); d_conv];
    for channel in (0..bias.len()).step_by(4) {
        load_taps(weight, channel, &mut taps);
        for (j, lanes) in window[..d_conv - 1].iter_mut().enumerate() {
            *lanes = lanes::load(conv_state.row(j), channel);
        }
        for t in 0..x.rows() {
            window[d_conv - 1] = lanes::load(x.row(t), channel);
            let terms = taps.iter().zip(&window);
            let sum = terms.fold(lanes::load(bias, channel), |sum, (&tap, &value)| sum + tap * value);
            lanes::store(silu(sum), out.row(t), channel);
            window.copy_within(1.., 0);
        }
        for (j, &lanes) in window[..d_conv - 1].iter().enumerate() {
            lanes::store(lanes, conv_state.row(j), channel);
        }
    }
}

/// Column j of four channels' weights into `taps[j]`; zeros for channels behind the last.
fn load_taps(weight: &[f32], channel: usize, taps: &mut [F32x4]) {
    let d_conv = taps.len();
    let rows = &weight[channel * d_conv..];
    for (j, tap) in taps.iter_mut().enumerate() {
        let lane = |i: usize| rows.get(i * d_conv + j).copied().unwrap_or(0.0);
        *tap = F32x4::from_array([lane(0), lane(1), lane(2), lane(3)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, random};

    struct Case {
        n: usize,
        d_conv: usize,
        weight: Vec<f32>,
        bias: Vec<f32>,
    }

    impl Case {
        fn new(n: usize, d_conv: usize) -> Self {
            Self { n, d_conv, weight: random(2, n * d_conv), bias: random(3, n) }
        }

        fn run(&self, x: &[f32], state: &mut [f32]) -> Vec<f32> {
            let mut out = vec![f32::NAN; x.len()];
            // A matrix of no rows cannot be told from its length.
            let state = if self.d_conv == 1 {
                ViewMut::packed(&mut [], self.n)
            } else {
                ViewMut::packed(state, self.n)
            };
            let (x, to) = (View::packed(x, self.n), ViewMut::packed(&mut out, self.n));
            ssm_conv(x, &self.weight, &self.bias, state, to);
            out
        }

        /// The scalar twin.
        fn exact(&self, x: &[f32], state: &[f32]) -> Vec<f64> {
            let rows: Vec<f64> = state.iter().chain(x).map(|&x| f64::from(x)).collect();
            let at = |t: usize, c: usize| {
                let taps = (0..self.d_conv)
                    .map(|j| f64::from(self.weight[c * self.d_conv + j]) * rows[(t + j) * self.n + c]);
                let sum = f64::from(self.bias[c]) + taps.sum::<f64>();
                sum / (1.0 + (-sum).exp())
            };
            (0..x.len()).map(|i| at(i / self.n, i % self.n)).collect()
        }
    }

    #[test]
    fn ssm_conv_agrees_with_its_twin_and_leaves_the_last_rows() {
        for n in 1..=13 {
            for d_conv in 1..=6 {
                for l in [1, 2, 3, 7] {
                    let case = Case::new(n, d_conv);
                    let (x, before) = (random(4, l * n), random(5, (d_conv - 1) * n));
                    let mut state = before.clone();
                    assert_close(&case.run(&x, &mut state), &case.exact(&x, &before), 1e-6);
                    let rows: Vec<f32> = before.iter().chain(&x).copied().collect();
                    assert_eq!(state, rows[l * n..]);
                }
            }
        }
    }

    #[test]
    fn ssm_conv_does_not_depend_on_the_split() {
        let (n, l) = (11, 9);
        let case = Case::new(n, 4);
        let x = random(6, l * n);
        let mut state = vec![0.0; 3 * n];
        let whole = case.run(&x, &mut state);
        for split in 1..l {
            let mut again = vec![0.0; 3 * n];
            let mut parts = case.run(&x[..split * n], &mut again);
            parts.extend(case.run(&x[split * n..], &mut again));
            assert_eq!((&parts, &again), (&whole, &state));
        }
    }
}
