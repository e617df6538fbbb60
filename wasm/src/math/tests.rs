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
    assert_within(1.0, |x| Exp::new().exp(x), f64::exp, -256.0);
}

#[test]
fn exp_decay_is_exp_down_to_its_least_value() {
    for bits in (2f32.powi(-40).to_bits()..86f32.to_bits()).step_by(1009) {
        let x = -f32::from_bits(bits);
        assert_eq!(lane(|x| Exp::new().decay(x), x), lane(|x| Exp::new().exp(x), x), "at {x}");
    }
    let least = lane(|x| Exp::new().exp(x), -86.0);
    assert!(least < 4.5e-38);
    for x in [-86.0, -86.1, -104.0, -1e30, f32::NEG_INFINITY] {
        assert_eq!(lane(|x| Exp::new().decay(x), x), least);
    }
    assert_eq!([lane(|x| Exp::new().decay(x), 0.0), lane(|x| Exp::new().decay(x), -0.0)], [1.0; 2]);
    assert!(lane(|x| Exp::new().decay(x), f32::NAN).is_nan());
}

#[test]
fn exp2_decay_is_within_two_ulps_down_to_its_least_value() {
    for bits in (2f32.powi(-40).to_bits()..126f32.to_bits()).step_by(997) {
        let x = -f32::from_bits(bits);
        let error = ulps(lane(|x| Exp2::new().decay::<Twice>(x), x), f64::from(x).exp2());
        assert!(error <= 2.0, "{error} ulp at {x}");
    }
    for x in [-126.0, -127.0, -1e30, f32::NEG_INFINITY] {
        assert_eq!(lane(|x| Exp2::new().decay::<Twice>(x), x), f32::MIN_POSITIVE);
    }
    assert_eq!(
        [lane(|x| Exp2::new().decay::<Twice>(x), 0.0), lane(|x| Exp2::new().decay::<Twice>(x), -0.0)],
        [1.0; 2]
    );
    assert!(lane(|x| Exp2::new().decay::<Twice>(x), f32::NAN).is_nan());
}

#[test]
fn exp_keeps_its_limits() {
    assert_eq!(lane(|x| Exp::new().exp(x), 0.0), 1.0);
    assert_eq!(lane(|x| Exp::new().exp(x), f32::NEG_INFINITY), 0.0);
    assert_eq!(lane(|x| Exp::new().exp(x), -1e4), 0.0);
    assert_eq!(lane(|x| Exp::new().exp(x), f32::INFINITY), f32::INFINITY);
    assert_eq!(lane(|x| Exp::new().exp(x), 1e4), f32::INFINITY);
    assert!(lane(|x| Exp::new().exp(x), f32::NAN).is_nan());
    let lanes =
        Exp::new().exp(F32x4::from_array([f32::NAN, 0.0, f32::NEG_INFINITY, f32::INFINITY])).to_array();
    assert!(lanes[0].is_nan());
    assert_eq!(lanes[1..], [1.0, 0.0, f32::INFINITY]);
}

#[test]
fn sigmoid_is_within_three_ulps_and_silu_within_four() {
    assert_within(3.0, |x| Exp::new().sigmoid(x), |x| 1.0 / (1.0 + (-x).exp()), -256.0);
    assert_within(4.0, |x| Exp::new().silu(x), |x| x / (1.0 + (-x).exp()), -87.0);
}

#[test]
fn silu_keeps_its_limits() {
    assert_eq!(lane(|x| Exp::new().silu(x), 1e4), 1e4);
    assert_eq!(lane(|x| Exp::new().silu(x), -1e4), 0.0);
    assert_eq!(lane(|x| Exp::new().silu(x), 0.0), 0.0);
    assert_eq!(lane(|x| Exp::new().silu(x), f32::INFINITY), f32::INFINITY);
    assert!(lane(|x| Exp::new().silu(x), f32::NAN).is_nan());
    assert_eq!(lane(|x| Exp::new().sigmoid(x), f32::NEG_INFINITY), 0.0);
    assert_eq!(lane(|x| Exp::new().sigmoid(x), f32::INFINITY), 1.0);
}

#[test]
fn softplus_is_within_three_ulps() {
    assert_within(3.0, |x| Exp::new().softplus(x), |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), -256.0);
}

#[test]
fn softplus_keeps_its_limits() {
    assert_eq!(lane(|x| Exp::new().softplus(x), 1e4), 1e4);
    assert_eq!(lane(|x| Exp::new().softplus(x), -1e4), 0.0);
    assert_eq!(lane(|x| Exp::new().softplus(x), 0.0), core::f32::consts::LN_2);
    assert_eq!(lane(|x| Exp::new().softplus(x), f32::INFINITY), f32::INFINITY);
    assert_eq!(lane(|x| Exp::new().softplus(x), f32::NEG_INFINITY), 0.0);
    assert!(lane(|x| Exp::new().softplus(x), f32::NAN).is_nan());
}
