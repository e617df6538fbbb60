//! ssm_conv: causal depthwise convolution, then silu, one pass over blocks of channels:
//! `out[t] = silu(bias + sum_j weight[:, j] * x[t - (d_conv - 1) + j])`, rows before the first from the state.
//! x, out: [l, d_inner] f32; weight: [d_inner, d_conv] f32; bias: [d_inner] f32;
//! conv_state: [d_conv - 1, d_inner] f32, oldest row first, left holding the last d_conv - 1 rows of (state, x).
use crate::lanes;
use crate::math::Exp;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

/// Vectors of four channels that go through the rows together: those of a cache line.
const TOGETHER: usize = 4;

/// Convolves the rows of `x`, going on from `conv_state`. No result depends on how rows are split into calls.
pub fn ssm_conv(x: View, weight: &[f32], bias: &[f32], mut conv_state: ViewMut, mut out: ViewMut) {
    let mut taps = vec![[F32x4::zero(); TOGETHER]; conv_state.rows() + 1];
    let exp = Exp::new();
    let mut channel = 0;
    while channel < bias.len() {
        let together = if bias.len() - channel < 4 * TOGETHER { 1 } else { TOGETHER };
        for four in 0..together {
            load_taps(weight, channel + 4 * four, four, &mut taps);
        }
        if together == 1 {
            convolve::<1>(channel, x, &taps, bias, &mut conv_state, &mut out, &exp);
        } else {
            convolve::<TOGETHER>(channel, x, &taps, bias, &mut conv_state, &mut out, &exp);
        }
        channel += 4 * together;
    }
}

/// Takes V vectors of channels through the rows.
#[inline(always)]
fn convolve<const V: usize>(
    channel: usize,
    x: View,
    taps: &[[F32x4; TOGETHER]],
    bias: &[f32],
    conv_state: &mut ViewMut,
    out: &mut ViewMut,
    exp: &Exp,
) {
    let four = |row: &[f32], v: usize| lanes::load(row, channel + 4 * v);
    let before = conv_state.rows();
    for t in 0..x.rows() {
        let mut sums: [F32x4; V] = core::array::from_fn(|v| four(bias, v));
        for (row, taps) in (t..).zip(taps) {
            let row = if row < before { conv_state.row(row) } else { x.row(row - before) };
            sums = core::array::from_fn(|v| sums[v] + taps[v] * four(row, v));
        }
        for (v, sum) in sums.into_iter().enumerate() {
            lanes::store(exp.silu(sum), out.row(t), channel + 4 * v);
        }
    }
    for (to, row) in (x.rows()..).enumerate().take(before) {
        for v in 0..V {
            let last = if row < before { four(conv_state.row(row), v) } else { four(x.row(row - before), v) };
            lanes::store(last, conv_state.row(to), channel + 4 * v);
        }
    }
}

/// Column j of four channels' weights into `taps[j][four]`; zeros for channels behind the last.
#[inline(always)]
fn load_taps(weight: &[f32], channel: usize, four: usize, taps: &mut [[F32x4; TOGETHER]]) {
    let d_conv = taps.len();
    let rows = &weight[channel * d_conv..];
    if let ([a, b, c, d], Some(weights)) = (&mut *taps, rows.first_chunk::<16>()) {
        let (rows, _) = weights.as_chunks();
        let columns = F32x4::transposed([0, 1, 2, 3].map(|channel| F32x4::load(&rows[channel])));
        [a[four], b[four], c[four], d[four]] = columns;
        return;
    }
    for (j, taps) in taps.iter_mut().enumerate() {
        let lane = |i: usize| rows.get(i * d_conv + j).copied().unwrap_or(0.0);
        taps[four] = F32x4::from_array([lane(0), lane(1), lane(2), lane(3)]);
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
