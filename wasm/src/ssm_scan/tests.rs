//! The scan against its scalar twin, and against itself in parts.
use super::*;
use crate::testing::{assert_close, random, rms_norm_twin, wide};

struct Case {
    n: usize,
    d_state: usize,
    /// dt_norm, b_norm, c_norm, dt_proj, dt_bias, A, D.
    constants: [Vec<f32>; 7],
}

impl Case {
    fn new(n: usize, dt_rank: usize, d_state: usize) -> Self {
        let sizes = [dt_rank, d_state, d_state, n * dt_rank, n, n * d_state, n];
        let mut constants = [0, 1, 2, 3, 4, 5, 6].map(|i| random(i as u32, sizes[i]));
        constants[5].iter_mut().for_each(|a| *a = -a.abs() - 0.01);
        Self { n, d_state, constants }
    }

    fn weights(&self) -> Weights<'_> {
        let [dt_norm, b_norm, c_norm, dt_proj, dt_bias, a, d] = &self.constants;
        let dt_proj = Projection::F32(dt_proj);
        Weights { dt_norm, b_norm, c_norm, eps: 1e-6, dt_proj, dt_bias, A: a, D: d }
    }

    /// dt_bc, x and z of `l` rows.
    fn inputs(&self, l: usize) -> [Vec<f32>; 3] {
        let width = self.constants[0].len() + 2 * self.d_state;
        [random(7, l * width), random(8, l * self.n), random(9, l * self.n)]
    }

    fn run(&self, [dt_bc, x, z]: [&[f32]; 3], state: &mut [f32]) -> Vec<f32> {
        let mut out = vec![f32::NAN; x.len()];
        let rows = x.len() / self.n;
        let inputs =
            [View::packed(dt_bc, dt_bc.len() / rows), View::packed(x, self.n), View::packed(z, self.n)];
        let to = ViewMut::packed(&mut out, self.n);
        ssm_scan(inputs[0], inputs[1], inputs[2], self.weights(), ViewMut::packed(state, self.d_state), to);
        out
    }

    /// The scalar twin: rows of out, and the state afterwards.
    fn exact(&self, [dt_bc, x, z]: [&[f32]; 3], state: &[f32]) -> (Vec<f64>, Vec<f64>) {
        let [dt_norm, b_norm, c_norm, dt_proj, dt_bias, a, d] = &self.constants;
        let (rank, rows) = (dt_norm.len(), x.len() / self.n);
        let dt_bc = View::packed(dt_bc, dt_bc.len() / rows);
        let mut h: Vec<f64> = state.iter().map(|&h| f64::from(h)).collect();
        let mut out = vec![];
        for t in 0..rows {
            let row = wide(dt_bc, t);
            let dt = rms_norm_twin(&row[..rank], dt_norm, 1e-6);
            let b = rms_norm_twin(&row[rank..rank + self.d_state], b_norm, 1e-6);
            let c = rms_norm_twin(&row[rank + self.d_state..], c_norm, 1e-6);
            for channel in 0..self.n {
                let weights = &dt_proj[channel * rank..(channel + 1) * rank];
                let projected: f64 = dt.iter().zip(weights).map(|(x, &w)| x * f64::from(w)).sum();
                let delta = (projected + f64::from(dt_bias[channel])).exp().ln_1p();
                let (x, z) = (f64::from(x[t * self.n + channel]), f64::from(z[t * self.n + channel]));
                let mut y = f64::from(d[channel]) * x;
                for s in 0..self.d_state {
                    let i = channel * self.d_state + s;
                    h[i] = (delta * f64::from(a[i])).exp() * h[i] + delta * x * b[s];
                    y += h[i] * c[s];
                }
                out.push(y * z / (1.0 + (-z).exp()));
            }
        }
        (out, h)
    }
}

fn slices(inputs: &[Vec<f32>; 3]) -> [&[f32]; 3] {
    [&inputs[0], &inputs[1], &inputs[2]]
}

#[test]
fn ssm_scan_agrees_with_its_twin_in_output_and_state() {
    for d_state in [1, 3, 4, 5, 8, 11, 16, 17, 33] {
        for (n, dt_rank) in [(1, 1), (3, 2), (4, 5), (6, 100), (9, 7)] {
            for l in [1, 2, 15, 16, 17, 33] {
                let case = Case::new(n, dt_rank, d_state);
                let inputs = case.inputs(l);
                let before = random(10, n * d_state);
                let (out, h) = case.exact(slices(&inputs), &before);
                let mut state = before;
                assert_close(&case.run(slices(&inputs), &mut state), &out, 2e-6);
                assert_close(&state, &h, 2e-6);
            }
        }
    }
}

#[test]
fn ssm_scan_does_not_depend_on_the_split() {
    let (n, l) = (7, 40);
    let case = Case::new(n, 6, 16);
    let inputs = case.inputs(l);
    let width = 6 + 2 * 16;
    let mut state = vec![0.0; n * 16];
    let whole = case.run(slices(&inputs), &mut state);
    for split in [1, 5, 15, 16, 17, 39] {
        let [dt_bc, x, z] = slices(&inputs);
        let (first, second) = dt_bc.split_at(split * width);
        let mut again = vec![0.0; n * 16];
        let mut parts = case.run([first, &x[..split * n], &z[..split * n]], &mut again);
        parts.extend(case.run([second, &x[split * n..], &z[split * n..]], &mut again));
        assert_eq!((&parts, &again), (&whole, &state));
    }
}
