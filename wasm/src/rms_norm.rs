//! rms_norm: `out = weight * x / sqrt(mean(x^2) + eps)` for each row (arXiv:1910.07467).
//! x, out: [l, n] f32, out may be x; weight: [n] f32. Sixteen partial sums, so that long rows lose little.
use crate::lanes;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

/// `1 / sqrt(mean(x^2) + eps)` of one row.
pub fn inverse_rms(x: &[f32], eps: f32) -> f32 {
    let (blocks, rest) = x.as_chunks::<16>();
    let mut sums = [F32x4::zero(); 4];
    for block in blocks {
        let vectors = block.as_chunks().0;
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            let vector = F32x4::load(vector);
            *sum = *sum + vector * vector;
        }
    }
    for start in (0..rest.len()).step_by(4) {
        let vector = lanes::load(rest, start);
        sums[start / 4] = sums[start / 4] + vector * vector;
    }
    let total = ((sums[0] + sums[2]) + (sums[1] + sums[3])).sum();
    1.0 / (total / x.len() as f32 + eps).sqrt()
}

/// Normalises one row in place.
pub fn normalize(row: &mut [f32], weight: &[f32], eps: f32) {
    let scale = F32x4::splat(inverse_rms(row, eps));
    for start in (0..row.len()).step_by(4) {
        let scaled = lanes::load(row, start) * scale;
        lanes::store(scaled * lanes::load(weight, start), row, start);
    }
}

/// Normalises the rows of `x` into `out`, or those of `out` itself where there is no `x`.
pub fn rms_norm(x: Option<View>, weight: &[f32], eps: f32, mut out: ViewMut) {
    for t in 0..out.rows() {
        let row = out.row(t);
        if let Some(x) = x {
            row.copy_from_slice(x.row(t));
        }
        normalize(row, weight, eps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, random, rms_norm_twin, wide};

    #[test]
    fn rms_norm_agrees_with_its_twin_for_every_width() {
        for n in (1..=67).chain([1600, 3200]) {
            let (x, weight) = (random(1, 3 * n), random(2, n));
            let mut out = vec![f32::NAN; 3 * n];
            rms_norm(Some(View::packed(&x, n)), &weight, 1e-6, ViewMut::packed(&mut out, n));
            let mut in_place = x.clone();
            rms_norm(None, &weight, 1e-6, ViewMut::packed(&mut in_place, n));
            assert_eq!(out, in_place);
            for t in 0..3 {
                let exact = rms_norm_twin(&wide(View::packed(&x, n), t), &weight, 1e-6);
                assert_close(View::packed(&out, n).row(t), &exact, 4e-7);
            }
        }
    }

    #[test]
    fn rms_norm_of_zeros_is_zero() {
        let mut row = [0.0; 7];
        normalize(&mut row, &[1.0; 7], 1e-6);
        assert_eq!(row, [0.0; 7]);
    }
}
