//! layer_norm: `out = gamma * (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) + beta` for each row (arXiv:1607.06450).
//! x, out: [l, n] f32, apart; gamma, beta: [n] f32. For the encoder.
use crate::lanes;
use crate::rms_norm::inverse_rms;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

/// Mean of one row, from four partial sums.
fn mean(row: &[f32]) -> f32 {
    let vectors = (0..row.len()).step_by(4).map(|start| lanes::load(row, start));
    vectors.fold(F32x4::zero(), |sum, vector| sum + vector).sum() / row.len() as f32
}

/// Normalises the rows of `x` into `out`. The centred row's mean square is the variance.
pub fn layer_norm(x: View, gamma: &[f32], beta: &[f32], eps: f32, mut out: ViewMut) {
    for t in 0..out.rows() {
        let (x, row) = (x.row(t), out.row(t));
        let centre = F32x4::splat(mean(x));
        for start in (0..x.len()).step_by(4) {
            lanes::store(lanes::load(x, start) - centre, row, start);
        }
        let scale = F32x4::splat(inverse_rms(row, eps));
        for start in (0..x.len()).step_by(4) {
            let scaled = lanes::load(row, start) * scale * lanes::load(gamma, start);
            lanes::store(scaled + lanes::load(beta, start), row, start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, random, wide};

    #[test]
    fn layer_norm_agrees_with_its_twin_for_every_width() {
        for n in (1..=67).chain([256, 1000]) {
            let (mut x, gamma, beta) = (random(1, 2 * n), random(2, n), random(3, n));
            x.iter_mut().for_each(|x| *x += 5.0);
            let mut out = vec![f32::NAN; 2 * n];
            layer_norm(View::packed(&x, n), &gamma, &beta, 1e-5, ViewMut::packed(&mut out, n));
            for t in 0..2 {
                let row = wide(View::packed(&x, n), t);
                let mean = row.iter().sum::<f64>() / n as f64;
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
                let parameters = gamma.iter().zip(&beta);
                let exact: Vec<f64> = row
                    .iter()
                    .zip(parameters)
                    .map(|(x, (&g, &b))| f64::from(g) * (x - mean) / (variance + 1e-5).sqrt() + f64::from(b))
                    .collect();
                assert_close(View::packed(&out, n).row(t), &exact, 3e-6);
            }
        }
    }
}
