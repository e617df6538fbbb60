//! The floating-point formats that a matrix can be stored in.

use crate::half;
use crate::lifted_f16;
use crate::simd::F32x4;

/// How a weight is stored.
pub trait Format {
    /// A stored weight.
    type Bits: Copy;
    /// Bytes of a weight.
    const BYTES: usize;
    /// Zero.
    const ZERO: Self::Bits;
    /// From little-endian bytes.
    fn from_bytes(bytes: &[u8]) -> Self::Bits;
    /// As f32, exactly.
    fn to_f32(bits: Self::Bits) -> f32;
    /// Weights 4 * INDEX to 4 * INDEX + 3 as f32, exactly.
    fn four<const INDEX: usize>(bits: &[Self::Bits; 16]) -> F32x4;
}

/// IEEE 754 binary32.
pub struct F32;

/// IEEE 754 binary16.
pub struct F16;

/// IEEE 754 binary16 of which every weight is stored times 2^10 and is zero or a normal number.
pub struct LiftedF16;

/// The upper half of a binary32.
pub struct Bf16;

impl Format for F32 {
    type Bits = f32;
    const BYTES: usize = 4;
    const ZERO: f32 = 0.0;

    fn from_bytes(bytes: &[u8]) -> f32 {
        f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    fn to_f32(bits: f32) -> f32 {
        bits
    }

    #[inline(always)]
    fn four<const INDEX: usize>(bits: &[f32; 16]) -> F32x4 {
        let (fours, _) = bits.as_chunks();
        F32x4::load(&fours[INDEX])
    }
}

/// The formats of 16 bits: their vectors come eight by eight.
macro_rules! sixteen_bits {
    ($($format:ident: $to_f32:path, $to_f32x8:path;)+) => {$(
        impl Format for $format {
            type Bits = u16;
            const BYTES: usize = 2;
            const ZERO: u16 = 0;

            fn from_bytes(bytes: &[u8]) -> u16 {
                u16::from_le_bytes([bytes[0], bytes[1]])
            }

            fn to_f32(bits: u16) -> f32 {
                $to_f32(bits)
            }

            #[inline(always)]
            fn four<const INDEX: usize>(bits: &[u16; 16]) -> F32x4 {
                let (eights, _) = bits.as_chunks();
                $to_f32x8(&eights[INDEX / 2])[INDEX % 2]
            }
        }
    )+};
}

sixteen_bits! {
    F16: half::f16_to_f32, half::f16x8_to_f32;
    LiftedF16: lifted_f16::lifted_f16_to_f32, lifted_f16::lifted_f16x8_to_f32;
    Bf16: half::bf16_to_f32, half::bf16x8_to_f32;
}
