//! Finds out how this engine multiplies bytes.

use crate::dot::DotKind;
use crate::simd::{HAS_DOT_BYTES, I8x16, I32x4};

/// What this module's engine does with the 8-bit dot, judged on operands at their extremes, where sums saturate, and at
/// random; any doubt gives the slower kind.
pub fn probe_dot() -> DotKind {
    if !HAS_DOT_BYTES {
        return DotKind::Wide;
    }
    // Xorshift: https://www.jstatsoft.org/article/view/v008i14, one of Marsaglia's example triples of shifts.
    let mut seed = 0x9e37_79b9_u32;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed
    };
    let (mut narrow, mut unsigned, mut signed) = (true, true, true);
    for round in 0..512 {
        let extreme = [255, 128, 127, 0, 1, 254][round % 6];
        let weights: [u8; 16] = core::array::from_fn(|_| if round < 256 { extreme } else { random() as u8 });
        let activations: [i8; 16] = core::array::from_fn(|_| match round {
            0..64 => 127,
            64..128 => -127,
            128..256 if random() & 0x100 == 0 => 127,
            128..256 => -127,
            _ => (random() as i8).max(-127),
        });
        let start = random() as i32 >> 8;
        unsigned &= is_exact(start, activations, weights, i32::from);
        signed &= is_exact(start, activations, weights, |byte| i32::from(byte as i8));
        narrow &= is_exact(start, activations, weights.map(|byte| byte & 127), i32::from);
    }
    match (narrow, unsigned, signed) {
        (true, true, false) => DotKind::Unsigned,
        (true, false, true) => DotKind::Signed,
        (true, _, _) => DotKind::Narrow,
        _ => DotKind::Wide,
    }
}

/// Whether the 8-bit dot takes bytes for these weights.
fn is_exact(start: i32, activations: [i8; 16], bytes: [u8; 16], weight: fn(u8) -> i32) -> bool {
    let got =
        I32x4::splat(start).dot_bytes(I8x16::load(&activations), I8x16::load_unsigned(&bytes)).to_array();
    let exact = core::array::from_fn(|lane| {
        let product = |i: usize| i32::from(activations[i]) * weight(bytes[i]);
        start + (4 * lane..4 * lane + 4).map(product).sum::<i32>()
    });
    got == exact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probe_dot_sees_that_the_native_twin_is_unsigned() {
        assert_eq!(probe_dot(), DotKind::Unsigned);
    }
}
