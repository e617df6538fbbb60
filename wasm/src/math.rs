//! exp, silu, sigmoid and softplus on four lanes.
//!
//! Only plain operations of IEEE 754, but for `exp2_decay` no fused ones: every build on every machine gives the same bits.
//! The functions are methods of their constants, which a kernel makes once, before its loops.
//! Bounds, which the tests sweep, in units of the last place: exp 1, exp2_decay 2, sigmoid and softplus 3, denormal results
//! included; silu 4 above -87.
//! (All f32 of magnitude 2^-20 to 105 were tried once: 0.98, 2.40, 2.86 and 3.29.)
//! The polynomials are Remez approximations; their relative errors are below 2^-28 (exp, exp2) and 2^-27 (log1p).
use core::f32::consts::LOG2_E;

use crate::rounding::Rounding;
use crate::simd::F32x4;

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

/// A number in every lane that the compiler does not know to be a constant. V8 would make a constant anew at each use for
/// which it has no register, in three instructions, two of which compete with the arithmetic; this it loads.
#[inline(always)]
fn unknown(value: f32) -> F32x4 {
    F32x4::splat(core::hint::black_box(value))
}

/// Horner's rule; coefficients from the highest power down.
#[inline(always)]
fn polynomial<const N: usize>(x: F32x4, coefficients: [F32x4; N]) -> F32x4 {
    let mut sum = coefficients[0];
    for &coefficient in &coefficients[1..] {
        sum = sum * x + coefficient;
    }
    sum
}

/// exp, and what is made of it.
#[derive(Clone, Copy)]
pub struct Exp {
    lowest: F32x4,
    log2_e: F32x4,
    round: F32x4,
    ln2: [F32x4; 2],
    tail: [F32x4; 5],
    one: F32x4,
    atanh_tail: [F32x4; 4],
}

impl Exp {
    /// The constants.
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            lowest: unknown(EXP_LOWEST),
            log2_e: unknown(LOG2_E),
            round: unknown(ROUND),
            ln2: [LN2_HIGH, LN2_LOW].map(unknown),
            tail: EXP_TAIL.map(unknown),
            one: unknown(1.0),
            atanh_tail: ATANH_TAIL.map(unknown),
        }
    }

    /// `e^(x - n ln 2)`, where `n`, a whole number, is the one nearest to x / ln 2.
    #[inline(always)]
    fn of_rest(&self, x: F32x4, n: F32x4) -> F32x4 {
        let r = (x - n * self.ln2[0]) - n * self.ln2[1];
        self.one + (r + r * r * polynomial(r, self.tail))
    }

    /// `e^x`: 0 at -inf, inf at inf, NaN at NaN.
    #[inline(always)]
    pub fn exp(&self, x: F32x4) -> F32x4 {
        self.up_to_highest(x.pmin(F32x4::splat(EXP_HIGHEST)))
    }

    /// `e^x` for x up to [`EXP_HIGHEST`].
    #[inline(always)]
    fn up_to_highest(&self, x: F32x4) -> F32x4 {
        let x = x.pmax(self.lowest);
        let shifted = x * self.log2_e + self.round;
        let power = self.of_rest(x, shifted - self.round);
        // 2^n is the product of two normal numbers: n goes from -150 to 128.
        let exponent = shifted.bits() - self.round.bits();
        let half = exponent.shr::<1>();
        let powers = [half, exponent - half].map(|n| (n.shl::<23>() + self.one.bits()).as_f32());
        power * powers[0] * powers[1]
    }

    /// `e^x` for x <= 0, but never less than `e^-86`, about 4.5e-38: a quarter cheaper than [`Exp::exp`].
    #[inline(always)]
    pub fn decay(&self, x: F32x4) -> F32x4 {
        // Rounds, and leaves n + 127, the exponent field of 2^n, in the low bits.
        let round = F32x4::splat(ROUND + 127.0);
        let x = x.pmax(F32x4::splat(-86.0));
        let shifted = x * self.log2_e + round;
        self.of_rest(x, shifted - round) * shifted.bits().shl::<23>().as_f32()
    }

    /// Numerator and denominator of `1 / (1 + e^-x)`, of which neither overflows.
    #[inline(always)]
    fn sigmoid_parts(&self, x: F32x4) -> (F32x4, F32x4) {
        let decay = self.up_to_highest(-x.abs());
        (x.lt(F32x4::zero()).select(decay, self.one), self.one + decay)
    }

    /// `1 / (1 + e^-x)`.
    #[inline(always)]
    pub fn sigmoid(&self, x: F32x4) -> F32x4 {
        let (numerator, denominator) = self.sigmoid_parts(x);
        numerator / denominator
    }

    /// `x / (1 + e^-x)`; NaN at -inf, as in the reference.
    #[inline(always)]
    pub fn silu(&self, x: F32x4) -> F32x4 {
        let (numerator, denominator) = self.sigmoid_parts(x);
        x * (numerator / denominator)
    }

    /// `ln(1 + e^x)` as `max(x, 0) + log1p(e^-|x|)`: neither overflow nor cancellation.
    #[inline(always)]
    pub fn softplus(&self, x: F32x4) -> F32x4 {
        let decay = self.up_to_highest(-x.abs());
        // log1p(u) = 2 atanh(s) with s = u / (2 + u) <= 1 / 3
        let s = decay / (self.one + self.one + decay);
        let square = s * s;
        let half = s + s * square * polynomial(square, self.atanh_tail);
        x.pmax(F32x4::zero()) + (half + half)
    }
}

/// What a scan decays by: half as many instructions as [`Exp::exp`].
#[derive(Clone, Copy)]
pub struct Exp2 {
    tail: [F32x4; 6],
    one: F32x4,
    lowest: F32x4,
    round: F32x4,
}

impl Exp2 {
    /// The constants.
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            tail: EXP2_TAIL.map(unknown),
            one: unknown(1.0),
            lowest: unknown(-126.0),
            round: unknown(ROUND),
        }
    }

    /// `2^x` for x <= 0, but never less than `2^-126`.
    #[inline(always)]
    pub fn decay<R: Rounding>(&self, x: F32x4) -> F32x4 {
        let x = x.pmax(self.lowest);
        let shifted = x + self.round;
        let rest = x - (shifted - self.round);
        let mut power = self.tail[0];
        for &coefficient in &self.tail[1..] {
            power = R::mul_add(power, rest, coefficient);
        }
        // Both powers and their product are normal: it takes an addition to the exponent.
        let power = R::mul_add(power, rest, self.one);
        (power.bits() + shifted.bits().shl::<23>()).as_f32()
    }
}

#[cfg(test)]
mod tests;
