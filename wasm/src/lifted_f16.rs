//! f16 times 2^10, as matrices store them where their range allows: none is subnormal then, and their value comes by a
//! shift and a product without the engine's slow path for subnormal operands (100 cycles and more).

use crate::half::fields;
use crate::simd::F32x4;

/// Exponent field of an f16, all ones for infinities and NaN.
const EXPONENT: u16 = 0x7c00;

/// Lifted f16 are stored times 2^10.
pub const LIFT: u16 = 10;

/// What a set of f16 allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum F16Range {
    /// All may be lifted: times 2^10 they are zero or normal.
    Liftable,
    /// Finite, but too large for that.
    Finite,
    /// Infinities or NaN among them.
    NotFinite,
}

/// The range of a set of f16.
pub fn range(bits: impl Iterator<Item = u16>) -> F16Range {
    match bits.map(|bits| bits & EXPONENT).max() {
        Some(EXPONENT) => F16Range::NotFinite,
        Some(largest) if largest >> 10 > 30 - LIFT => F16Range::Finite,
        _ => F16Range::Liftable,
    }
}

/// A liftable f16 times 2^10, exactly: subnormals become normal.
pub fn lift(bits: u16) -> u16 {
    let (sign, magnitude) = (bits & 0x8000, bits & 0x7fff);
    if magnitude & EXPONENT != 0 {
        return sign | (magnitude + (LIFT << 10));
    }
    if magnitude == 0 {
        return sign;
    }
    // fraction * 2^-24 * 2^10 = (fraction / 2^top) * 2^(top - 14)
    let top = magnitude.ilog2() as u16;
    sign | ((top + 1) << 10) | ((magnitude << (10 - top)) & 0x3ff)
}

/// Two to the power of an exponent.
pub const fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((127 + exponent) as u32) << 23)
}

/// The lifted f16 with these bits as an f32.
pub fn lifted_f16_to_f32(bits: u16) -> f32 {
    let [[value, ..], _] = lifted_f16x8_to_f32(&[bits; 8]).map(F32x4::to_array);
    value
}

/// Eight lifted f16 as f32.
#[inline(always)]
pub fn lifted_f16x8_to_f32(from: &[u16; 8]) -> [F32x4; 2] {
    fields(from).map(|fields| fields.as_f32() * F32x4::splat(power_of_two(112 - LIFT as i32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::half::f16_to_f32;

    #[test]
    fn lifted_f16_are_exact_for_all_liftable_bits() {
        for bits in 0..=u16::MAX {
            if range([bits].into_iter()) == F16Range::Liftable {
                let lifted = lift(bits);
                assert!(
                    lifted & 0x7fff == 0 || lifted & EXPONENT != 0,
                    "bits {bits:#06x} are subnormal when lifted"
                );
                assert_eq!(
                    lifted_f16_to_f32(lifted).to_bits(),
                    f16_to_f32(bits).to_bits(),
                    "bits {bits:#06x}"
                );
            } else {
                assert!(f16_to_f32(bits).abs() >= 64.0 || f16_to_f32(bits).is_nan());
            }
        }
    }

    #[test]
    fn range_judges_the_largest() {
        assert_eq!(range([0x0001, 0xd3ff].into_iter()), F16Range::Liftable);
        assert_eq!(range([0x0001, 0xd400].into_iter()), F16Range::Finite);
        assert_eq!(range([0x7bff].into_iter()), F16Range::Finite);
        assert_eq!(range([0x0001, 0xfc00].into_iter()), F16Range::NotFinite);
        assert_eq!(range([0x7e00].into_iter()), F16Range::NotFinite);
        assert_eq!(range([].into_iter()), F16Range::Liftable);
    }
}
