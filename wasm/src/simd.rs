//! Vectors of 128 bits. One set of names, two executions: WebAssembly's instructions, or plain arrays on other targets
//! and in a WebAssembly build without `+simd128`, which measurements compare with.
//!
//! What a lane computes is what WebAssembly's specification says (min and max propagate NaN, conversions saturate,
//! `nearest` rounds to even), except for [`F32x4::mul_add`] and [`I32x4::dot_bytes`], which a relaxed-SIMD engine may
//! round or interpret otherwise; their comments say how.

#[cfg(not(target_feature = "simd128"))]
mod scalar;
#[cfg(target_feature = "simd128")]
mod wasm;

#[cfg(not(target_feature = "simd128"))]
pub use scalar::{F32x4, I8x16, I16x8, I32x4};
#[cfg(target_feature = "simd128")]
pub use wasm::{F32x4, I8x16, I16x8, I32x4};

/// Whether byte products are one instruction here (or stand for one, in native tests).
pub const HAS_DOT_BYTES: bool = cfg!(any(target_feature = "relaxed-simd", not(target_feature = "simd128")));

/// Whether [`F32x4::mul_add`] can round once here.
pub const HAS_FUSED: bool = cfg!(target_feature = "relaxed-simd");

use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Sub};

/// Writes operators in terms of the methods of both executions.
macro_rules! operators {
    ($($vector:ident: $($operator:ident $method:ident),+;)+) => {$($(
        impl $operator for $vector {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                $vector::$method(self, other)
            }
        }
    )+)+};
}

operators! {
    F32x4: Add add, Sub sub, Mul mul, Div div;
    I32x4: Add add, Sub sub, BitAnd bitand, BitOr bitor, BitXor bitxor;
}

impl Neg for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        F32x4::neg(self)
    }
}

impl F32x4 {
    /// Four zeros.
    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(0.0)
    }

    /// The first lanes from a slice of fewer than four elements, zeros behind.
    #[inline(always)]
    pub fn load_partial(from: &[f32]) -> Self {
        let mut lanes = [0.0; 4];
        lanes[..from.len()].copy_from_slice(from);
        Self::from_array(lanes)
    }

    /// Writes the first lanes to a slice of at most four elements.
    #[inline(always)]
    pub fn store_partial(self, to: &mut [f32]) {
        let count = to.len();
        to.copy_from_slice(&self.to_array()[..count]);
    }

    /// Sum of the lanes: (0 + 2) + (1 + 3).
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        (a + c) + (b + d)
    }

    /// The four sums of four vectors' lanes, each added in the order of [`F32x4::sum`].
    #[inline(always)]
    pub fn sums(vectors: [Self; 4]) -> Self {
        let [a, b, c, d] = vectors;
        let first = a.zip_low(c) + a.zip_high(c);
        let second = b.zip_low(d) + b.zip_high(d);
        first.zip_low(second) + first.zip_high(second)
    }
    /// Lane i of all four vectors in vector i.
    #[inline(always)]
    pub fn transposed([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let (low, high) = ([a.zip_low(c), b.zip_low(d)], [a.zip_high(c), b.zip_high(d)]);
        [low[0].zip_low(low[1]), low[0].zip_high(low[1]), high[0].zip_low(high[1]), high[0].zip_high(high[1])]
    }
}
