//! 16-bit floating point as f32, exactly: subnormals, infinities and NaN included.

use crate::simd::{F32x4, I16x8, I32x4};

/// Sign, and exponent and fraction three bits below their place in an f32.
const FIELDS: i32 = 0x8fff_e000_u32 as i32;

/// 2^112: the difference of the two formats' exponent biases.
pub const REBIAS: f32 = f32::from_bits((127 + 112) << 23);

/// The f16 with these bits as an f32.
pub fn f16_to_f32(bits: u16) -> f32 {
    let [[value, ..], _] = f16x8_to_f32(&[bits; 8]).map(F32x4::to_array);
    value
}

/// Bits of the nearest f16, ties to even; what is too large becomes infinite.
pub fn f32_to_f16(value: f32) -> u16 {
    let [bits, ..] = f32x8_to_f16([F32x4::splat(value); 2]);
    bits
}

/// Eight numbers as `f32_to_f16` rounds them.
#[inline(always)]
pub fn f32x8_to_f16(values: [F32x4; 2]) -> [u16; 8] {
    let [low, high] = values.map(round);
    let mut bits = [0; 8];
    low.narrow(high).store(&mut bits);
    bits
}

/// Four numbers as bits of f16.
#[inline(always)]
fn round(value: F32x4) -> I32x4 {
    let splat = I32x4::splat;
    let sign = value.bits().shr::<16>() & splat(0x8000);
    let magnitude = value.bits() & splat(0x7fff_ffff);
    let number = magnitude.as_f32();
    let odd = magnitude.shr::<13>() & splat(1);
    let normal = (magnitude + splat(0xfff) + odd).shr::<13>() - splat(112 << 10);
    // A subnormal half counts units of 2^-24, the last place of numbers in 0.5 .. 1.
    let subnormal = (number + F32x4::splat(0.5)).bits() - splat(0.5_f32.to_bits() as i32);
    let largest = number.eq(number).select(splat(0x7c00).as_f32(), splat(0x7e00).as_f32());
    let finite = number.lt(F32x4::splat(2_f32.powi(-14))).select(subnormal.as_f32(), normal.as_f32());
    sign | number.lt(F32x4::splat(65536.0)).select(finite, largest).bits()
}

/// Whether none of these f16 is infinite or NaN.
pub fn are_finite(bits: &[u16]) -> bool {
    bits.iter().all(|bits| bits & 0x7c00 != 0x7c00)
}

/// The bf16 with these bits as an f32.
pub fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Eight f16 as f32.
#[inline(always)]
pub fn f16x8_to_f32(from: &[u16; 8]) -> [F32x4; 2] {
    fields(from).map(fields_to_f32)
}

/// What `fields` made of f16, as f32: infinities and NaN, too.
#[inline(always)]
pub fn fields_to_f32(fields: I32x4) -> F32x4 {
    // Subnormal halves are subnormal floats here; the product normalises them.
    let value = fields.as_f32() * F32x4::splat(REBIAS);
    // Halves of the largest exponent, infinities and NaN, have become 65536 and more.
    let special = I32x4::splat(0x0f80_0000);
    let mask = (fields & special).eq(special);
    (value.bits() | (mask & I32x4::splat(0x7f80_0000))).as_f32()
}

/// Eight bf16 as f32.
#[inline(always)]
pub fn bf16x8_to_f32(from: &[u16; 8]) -> [F32x4; 2] {
    let halves = I16x8::load(from);
    [halves.upper_low().as_f32(), halves.upper_high().as_f32()]
}

/// Eight f16 as the bits of f32 that are 2^112 too small, infinities and NaN apart.
#[inline(always)]
pub fn fields(from: &[u16; 8]) -> [I32x4; 2] {
    let halves = I16x8::load(from);
    [halves.upper_low(), halves.upper_high()].map(|upper| upper.shr::<3>() & I32x4::splat(FIELDS))
}

/// As `fields`, those of even index before those of odd index.
#[inline(always)]
pub fn split_fields(from: &[u16; 8]) -> [I32x4; 2] {
    let halves = I16x8::load(from);
    // A product with 2^13 puts the even ones where a shift by three puts the odd ones.
    let even = halves.dot(I16x8::from_pair(1 << 13, 0));
    [even, halves.as_i32().shr::<3>()].map(|four| four & I32x4::splat(FIELDS))
}

/// Four f16, finite, times 2^-112.
#[inline(always)]
pub fn scale_fields(from: &[u16; 4]) -> F32x4 {
    (I32x4::load_extend(from).shl::<13>() & I32x4::splat(FIELDS)).as_f32()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IEEE 754-2019, 3.4, evaluated in f64.
    fn formula(bits: u16, exponent_bits: u32) -> f64 {
        let fraction_bits = 15 - exponent_bits;
        let fraction = f64::from(bits & ((1 << fraction_bits) - 1)) / f64::from(1 << fraction_bits);
        let exponent = i32::from(bits >> fraction_bits & ((1 << exponent_bits) - 1));
        let bias = (1 << (exponent_bits - 1)) - 1;
        let magnitude = match exponent {
            0 => fraction * 2_f64.powi(1 - bias),
            _ if exponent == 2 * bias + 1 && fraction == 0.0 => f64::INFINITY,
            _ if exponent == 2 * bias + 1 => f64::NAN,
            _ => (1.0 + fraction) * 2_f64.powi(exponent - bias),
        };
        if bits >> 15 == 1 { -magnitude } else { magnitude }
    }

    fn assert_same(got: f32, wanted: f64, bits: u16) {
        let same = if wanted.is_nan() {
            got.is_nan()
        } else {
            f64::from(got) == wanted && got.is_sign_negative() == wanted.is_sign_negative()
        };
        assert!(same, "bits {bits:#06x}: got {got}, wanted {wanted}");
    }

    #[test]
    fn f16_to_f32_is_exact_for_all_bits() {
        for bits in 0..=u16::MAX {
            assert_same(f16_to_f32(bits), formula(bits, 5), bits);
            let [low, high] = f16x8_to_f32(&[bits, 0, 0, bits, 0, bits, bits, 0]);
            assert_same(low.to_array()[3], formula(bits, 5), bits);
            assert_same(high.to_array()[1], formula(bits, 5), bits);
        }
    }

    #[test]
    fn are_finite_finds_a_single_one_that_is_not() {
        let mut bits = vec![0x7bff; 30];
        bits[3] = 0xfbff;
        assert!(are_finite(&bits));
        for special in [0x7c00, 0xfc00, 0x7e00, 0xffff] {
            for at in 0..30 {
                let before = core::mem::replace(&mut bits[at], special);
                assert!(!are_finite(&bits));
                bits[at] = before;
            }
        }
    }

    #[test]
    fn f32_to_f16_takes_the_nearest_and_ties_to_even() {
        for bits in 0..0x7c00_u16 {
            let (here, next) =
                (f16_to_f32(bits), if bits == 0x7bff { 65536.0 } else { f16_to_f32(bits + 1) });
            let middle = here + (next - here) / 2.0;
            let even = bits + bits % 2;
            for (sign, factor) in [(0, 1.0), (0x8000, -1.0)] {
                assert_eq!(f32_to_f16(factor * here), sign | bits);
                assert_eq!(f32_to_f16(factor * middle), sign | even);
                assert_eq!(f32_to_f16(factor * middle.next_down()), sign | bits);
                assert_eq!(f32_to_f16(factor * middle.next_up()), sign | (bits + 1));
            }
        }
        assert_eq!(f32_to_f16(f32::INFINITY), 0x7c00);
        assert_eq!(f32_to_f16(-3e38), 0xfc00);
        assert!(f16_to_f32(f32_to_f16(f32::NAN)).is_nan());
    }

    #[test]
    fn bf16_to_f32_is_exact_for_all_bits() {
        for bits in 0..=u16::MAX {
            assert_same(bf16_to_f32(bits), formula(bits, 8), bits);
            let [low, high] = bf16x8_to_f32(&[bits, 0, 0, bits, 0, bits, bits, 0]);
            assert_same(low.to_array()[3], formula(bits, 8), bits);
            assert_same(high.to_array()[2], formula(bits, 8), bits);
        }
    }
}
