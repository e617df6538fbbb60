//! add_bias: `x = activation(x + bias)` for each row, in place: what follows the product in a dense layer.
//! x: [l, n] f32; bias: [n] f32. For the encoder.
//!
//! gelu is the exact one, `x (1 + erf(x / sqrt 2)) / 2` (arXiv:1606.08415), its erf the approximation 7.1.26 of
//! Abramowitz and Stegun, Handbook of Mathematical Functions: off by at most 1.5e-7, and as much again for f32.
use crate::lanes;
use crate::math::Exp;
use crate::simd::F32x4;
use crate::view::ViewMut;

/// What is done to a sum.
#[derive(Clone, Copy)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// See the module.
    Gelu,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
}

impl Activation {
    /// The one that JavaScript knows by a number; None: there is no such.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Identity, Self::Gelu, Self::Sigmoid].get(number as usize).copied()
    }
}

/// p of 7.1.26.
const P: f32 = 0.327_591_1;
/// a5 to a1 of 7.1.26.
const A: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];

/// See the module.
#[inline(always)]
fn gelu(exp: &Exp, x: F32x4) -> F32x4 {
    let (one, half) = (F32x4::splat(1.0), F32x4::splat(0.5));
    let u = x.abs() * F32x4::splat(core::f32::consts::FRAC_1_SQRT_2);
    let t = one / (one + F32x4::splat(P) * u);
    let sum = A.iter().fold(F32x4::zero(), |sum, &a| (sum + F32x4::splat(a)) * t);
    let upper_tail = half * sum * exp.exp(-(u * u));
    x * x.lt(F32x4::zero()).select(upper_tail, one - upper_tail)
}

/// Adds and activates.
pub fn add_bias(mut x: ViewMut, bias: &[f32], activation: Activation) {
    let exp = Exp::new();
    for t in 0..x.rows() {
        let row = x.row(t);
        for start in (0..bias.len()).step_by(4) {
            let sum = lanes::load(row, start) + lanes::load(bias, start);
            let activated = match activation {
                Activation::Identity => sum,
                Activation::Gelu => gelu(&exp, sum),
                Activation::Sigmoid => exp.sigmoid(sum),
            };
            lanes::store(activated, row, start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    /// erf by its series of positive terms (Abramowitz and Stegun, 7.1.6).
    fn erf(x: f64) -> f64 {
        let mut term = x.abs();
        let mut sum = term;
        for n in 1..400 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        x.signum() * (sum * (-x * x).exp() * core::f64::consts::FRAC_2_SQRT_PI).min(1.0)
    }

    #[test]
    fn gelu_is_the_exact_one_to_four_parts_in_ten_million() {
        for i in -60_000..60_000 {
            let x = i as f32 / 5_000.0;
            let exact = f64::from(x) * (1.0 + erf(f64::from(x) * core::f64::consts::FRAC_1_SQRT_2)) / 2.0;
            let got = gelu(&Exp::new(), F32x4::splat(x)).to_array()[0];
            assert!(
                (f64::from(got) - exact).abs() <= 4e-7 * f64::from(x.abs()),
                "{got}, not {exact}, at {x}"
            );
        }
    }

    #[test]
    fn gelu_keeps_its_limits() {
        let at = |x: f32| gelu(&Exp::new(), F32x4::splat(x)).to_array()[0];
        assert_eq!([at(0.0), at(1e4), at(-1e4)], [0.0, 1e4, 0.0]);
        assert!(at(f32::NAN).is_nan());
    }

    #[test]
    fn add_bias_adds_to_every_row_of_every_width() {
        for n in 1..=13 {
            let (before, bias) = (random(1, 3 * n), random(2, n));
            for (number, function) in [
                |x| x,
                |x| gelu(&Exp::new(), F32x4::splat(x)).to_array()[0],
                |x: f32| Exp::new().sigmoid(F32x4::splat(x)).to_array()[0],
            ]
            .into_iter()
            .enumerate()
            {
                let mut x = before.clone();
                let activation = Activation::from_number(number as u32).unwrap();
                add_bias(ViewMut::packed(&mut x, n), &bias, activation);
                let exact: Vec<f32> = (0..3 * n).map(|i| function(before[i] + bias[i % n])).collect();
                assert_eq!(x, exact);
            }
        }
        assert!(Activation::from_number(3).is_none());
    }
}
