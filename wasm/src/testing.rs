//! What the kernels' tests share.
use crate::view::View;

pub mod published;

/// Normal-looking numbers in -2 .. 2, the same for the same seed: sums of four uniform ones from a linear congruential
/// generator (Knuth, The Art of Computer Programming, volume 2, 3.3.4, table 1, line 26).
pub fn random(seed: u32, count: usize) -> Vec<f32> {
    let mut state = u64::from(seed) ^ 0x5dee_ce66_d1ce_4e5b;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    (0..count).map(|_| uniform() + uniform() + uniform() + uniform() - 2.0).collect()
}

/// Panics unless every value is within `tolerance` of the exact one, relative to the largest exact magnitude, or 1.
pub fn assert_close(got: &[f32], exact: &[f64], tolerance: f64) {
    assert_eq!(got.len(), exact.len());
    let scale = exact.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (i, (&got, &exact)) in got.iter().zip(exact).enumerate() {
        assert!((f64::from(got) - exact).abs() <= tolerance * scale, "element {i} is {got}, not {exact}");
    }
}

/// A row in f64.
pub fn wide(view: View, row: usize) -> Vec<f64> {
    view.row(row).iter().map(|&x| f64::from(x)).collect()
}

/// The scalar twin of rms_norm, which three ops share.
pub fn rms_norm_twin(x: &[f64], weight: &[f32], eps: f64) -> Vec<f64> {
    let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
    x.iter().zip(weight).map(|(x, &w)| f64::from(w) * x / (mean + eps).sqrt()).collect()
}
