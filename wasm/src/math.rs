//! exp, silu, sigmoid and softplus on four lanes.
//!
//! Only plain operations of IEEE 754, but for `exp2_decay` no fused ones: every build on every machine gives the same bits.
//! Bounds, which the tests sweep, in units of the last place: exp 1, exp2_decay 2, sigmoid and softplus 3, denormal results
//! included; silu 4 above -87.
//! (All f32 of magnitude 2^-20 to 105 were tried once: 0.98, 2.40, 2.86 and 3.29.)
//! The polynomials are Remez approximations; their relative errors are below 2^-28 (exp, exp2) and 2^-27 (log1p).
use crate::rounding::Rounding;
use crate::simd::{F32x4, I32x4};

/// 1.5 * 2^23: adding it leaves the nearest integer in the low bits of the mantissa.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first has 9 significant bits, so that its product with an exponent is exact.
const LN2_HIGH: f32 = 355.0 / 512.0;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// exp rounds to 0 below and to infinity above.
const EXP_LOWEST: f32 = -104.0;
const EXP_HIGHEST: f32 = 89.0;
/// `(e^r - 1 - r) / r^2` for |r| <= ln 2 / 2; highest power first.
const EXP_TAIL: [f32; 5] = [0.001_381_459_9, 0.008_368_717, 0.041_668_39, 0.166_665_21, 0.499_999_93];
/// `(2^f - 1) / f` for |f| <= 1 / 2; highest power first.
const EXP2_TAIL: [f32; 6] =
    [0.000_153_533_62, 0.001_339_887_5, 0.009_618_437, 0.055_503_324, 0.240_226_48, 0.693_147_2];
/// `(atanh(s) - s) / s^3` in powers of s^2 for 0 <= s <= 1 / 3; highest power first.
const ATANH_TAIL: [f32; 4] = [0.140_059_94, 0.140_009_03, 0.200_107_64, 0.333_332_1];

/// Horner's rule; coefficients from the highest power down.
#[inline(always)]
fn polynomial<const N: usize>(x: F32x4, coefficients: [f32; N]) -> F32x4 {
    let mut sum = F32x4::splat(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = sum * x + F32x4::splat(coefficient);
    }
    sum
}

/// `2^n` for n in -126 ..= 127.
#[inline(always)]
fn power_of_two(n: I32x4) -> F32x4 {
    (n + I32x4::splat(127)).shl::<23>().as_f32()
}

/// `e^(x - n ln 2)`, where `n`, a whole number, is the one nearest to x / ln 2.
#[inline(always)]
fn exp_of_rest(x: F32x4, n: F32x4) -> F32x4 {
    let r = (x - n * F32x4::splat(LN2_HIGH)) - n * F32x4::splat(LN2_LOW);
    F32x4::splat(1.0) + (r + r * r * polynomial(r, EXP_TAIL))
}

/// `e^x`: 0 at -inf, inf at inf, NaN at NaN.
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let x = x.pmax(F32x4::splat(EXP_LOWEST)).pmin(F32x4::splat(EXP_HIGHEST));
    let shifted = x * F32x4::splat(core::f32::consts::LOG2_E) + F32x4::splat(ROUND);
    let power = exp_of_rest(x, shifted - F32x4::splat(ROUND));
    // 2^n is the product of two normal numbers: n goes from -150 to 128.
    let exponent = shifted.bits() - I32x4::splat(ROUND.to_bits() as i32);
    let half = exponent.shr::<1>();
    power * power_of_two(half) * power_of_two(exponent - half)
}

/// `e^x` for x <= 0, but never less than `e^-86`, about 4.5e-38: a quarter cheaper than [`exp`].
#[inline(always)]
pub fn exp_decay(x: F32x4) -> F32x4 {
    // Rounds, and leaves n + 127, the exponent field of 2^n, in the low bits.
    let round = F32x4::splat(ROUND + 127.0);
    let x = x.pmax(F32x4::splat(-86.0));
    let shifted = x * F32x4::splat(core::f32::consts::LOG2_E) + round;
    exp_of_rest(x, shifted - round) * shifted.bits().shl::<23>().as_f32()
}

/// `2^x` for x <= 0, but never less than `2^-126`: what a scan decays by, half as many instructions as [`exp`].
#[inline(always)]
pub fn exp2_decay<R: Rounding>(x: F32x4) -> F32x4 {
    // As in `exp_decay`.
    let round = F32x4::splat(ROUND + 127.0);
    let x = x.pmax(F32x4::splat(-126.0));
    let shifted = x + round;
    let rest = x - (shifted - round);
    let mut power = F32x4::splat(EXP2_TAIL[0]);
    for coefficient in &EXP2_TAIL[1..] {
        power = R::mul_add(power, rest, F32x4::splat(*coefficient));
    }
    R::mul_add(power, rest, F32x4::splat(1.0)) * shifted.bits().shl::<23>().as_f32()
}

/// Numerator and denominator of `1 / (1 + e^-x)`, of which neither overflows.
#[inline(always)]
fn sigmoid_parts(x: F32x4) -> (F32x4, F32x4) {
    let decay = exp(-x.abs());
    let one = F32x4::splat(1.0);
    (x.lt(F32x4::zero()).select(decay, one), one + decay)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid(x: F32x4) -> F32x4 {
    let (numerator, denominator) = sigmoid_parts(x);
    numerator / denominator
}

/// `x / (1 + e^-x)`; NaN at -inf, as in the reference.
#[inline(always)]
pub fn silu(x: F32x4) -> F32x4 {
    let (numerator, denominator) = sigmoid_parts(x);
    x * (numerator / denominator)
}

/// `ln(1 + e^x)` as `max(x, 0) + log1p(e^-|x|)`: neither overflow nor cancellation.
#[inline(always)]
pub fn softplus(x: F32x4) -> F32x4 {
    let decay = exp(-x.abs());
    // log1p(u) = 2 atanh(s) with s = u / (2 + u) <= 1 / 3
    let s = decay / (F32x4::splat(2.0) + decay);
    let square = s * s;
    let half = s + s * square * polynomial(square, ATANH_TAIL);
    x.pmax(F32x4::zero()) + (half + half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounding::Twice;

    type Function = fn(F32x4) -> F32x4;

    fn lane(function: Function, x: f32) -> f32 {
        function(F32x4::splat(x)).to_array()[0]
    }

    /// Distance to the exact value, in units of f32's last place there.
    fn ulps(got: f32, exact: f64) -> f64 {
        let exponent = exact.abs().max(f32::MIN_POSITIVE as f64).log2().floor();
        (got as f64 - exact).abs() / (exponent - 23.0).exp2()
    }

    /// Compares with f64's own at every 3001st f32 of magnitude 2^-40 to 2^8, from `lowest` on.
    fn assert_within(bound: f64, function: Function, twin: fn(f64) -> f64, lowest: f32) {
        for bits in (2f32.powi(-40).to_bits()..2f32.powi(8).to_bits()).step_by(3001) {
            for x in [f32::from_bits(bits), (-f32::from_bits(bits)).max(lowest)] {
                let (got, exact) = (lane(function, x), twin(x as f64));
                if exact > f32::MAX as f64 {
                    assert!(got == f32::INFINITY || exact < 3.403e38 && got > 3.402e38, "{got} at {x}");
                } else {
                    assert!(ulps(got, exact) <= bound, "{got} at {x}, not {exact}: {} ulp", ulps(got, exact));
                }
            }
        }
    }

    #[test]
    fn exp_is_within_one_ulp() {
        assert_within(1.0, exp, f64::exp, -256.0);
    }

    #[test]
    fn exp_decay_is_exp_down_to_its_least_value() {
        for bits in (2f32.powi(-40).to_bits()..86f32.to_bits()).step_by(1009) {
            let x = -f32::from_bits(bits);
            assert_eq!(lane(exp_decay, x), lane(exp, x), "at {x}");
        }
        let least = lane(exp, -86.0);
        assert!(least < 4.5e-38);
        for x in [-86.0, -86.1, -104.0, -1e30, f32::NEG_INFINITY] {
            assert_eq!(lane(exp_decay, x), least);
        }
        assert_eq!([lane(exp_decay, 0.0), lane(exp_decay, -0.0)], [1.0; 2]);
        assert!(lane(exp_decay, f32::NAN).is_nan());
    }

    #[test]
    fn exp2_decay_is_within_two_ulps_down_to_its_least_value() {
        for bits in (2f32.powi(-40).to_bits()..126f32.to_bits()).step_by(997) {
            let x = -f32::from_bits(bits);
            let error = ulps(lane(exp2_decay::<Twice>, x), f64::from(x).exp2());
            assert!(error <= 2.0, "{error} ulp at {x}");
        }
        for x in [-126.0, -127.0, -1e30, f32::NEG_INFINITY] {
            assert_eq!(lane(exp2_decay::<Twice>, x), f32::MIN_POSITIVE);
        }
        assert_eq!([lane(exp2_decay::<Twice>, 0.0), lane(exp2_decay::<Twice>, -0.0)], [1.0; 2]);
        assert!(lane(exp2_decay::<Twice>, f32::NAN).is_nan());
    }

    #[test]
    fn exp_keeps_its_limits() {
        assert_eq!(lane(exp, 0.0), 1.0);
        assert_eq!(lane(exp, f32::NEG_INFINITY), 0.0);
        assert_eq!(lane(exp, -1e4), 0.0);
        assert_eq!(lane(exp, f32::INFINITY), f32::INFINITY);
        assert_eq!(lane(exp, 1e4), f32::INFINITY);
        assert!(lane(exp, f32::NAN).is_nan());
        let lanes = exp(F32x4::from_array([f32::NAN, 0.0, f32::NEG_INFINITY, f32::INFINITY])).to_array();
        assert!(lanes[0].is_nan());
        assert_eq!(lanes[1..], [1.0, 0.0, f32::INFINITY]);
    }

    #[test]
    fn sigmoid_is_within_three_ulps_and_silu_within_four() {
        assert_within(3.0, sigmoid, |x| 1.0 / (1.0 + (-x).exp()), -256.0);
        assert_within(4.0, silu, |x| x / (1.0 + (-x).exp()), -87.0);
    }

    #[test]
    fn silu_keeps_its_limits() {
        assert_eq!(lane(silu, 1e4), 1e4);
        assert_eq!(lane(silu, -1e4), 0.0);
        assert_eq!(lane(silu, 0.0), 0.0);
        assert_eq!(lane(silu, f32::INFINITY), f32::INFINITY);
        assert!(lane(silu, f32::NAN).is_nan());
        assert_eq!(lane(sigmoid, f32::NEG_INFINITY), 0.0);
        assert_eq!(lane(sigmoid, f32::INFINITY), 1.0);
    }

    #[test]
    fn softplus_is_within_three_ulps() {
        assert_within(3.0, softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), -256.0);
    }

    #[test]
    fn softplus_keeps_its_limits() {
        assert_eq!(lane(softplus, 1e4), 1e4);
        assert_eq!(lane(softplus, -1e4), 0.0);
        assert_eq!(lane(softplus, 0.0), core::f32::consts::LN_2);
        assert_eq!(lane(softplus, f32::INFINITY), f32::INFINITY);
        assert_eq!(lane(softplus, f32::NEG_INFINITY), 0.0);
        assert!(lane(softplus, f32::NAN).is_nan());
    }
}
