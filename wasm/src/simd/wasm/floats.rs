//! Lanes of f32 as instructions.

use core::arch::wasm32::*;

use super::{F32x4, I32x4, load, store};

impl F32x4 {
    /// The same value in every lane.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// Lanes in memory order.
    #[inline(always)]
    pub fn load(from: &[f32; 4]) -> Self {
        Self(load(from))
    }

    /// Lanes in memory order.
    #[inline(always)]
    pub fn store(self, to: &mut [f32; 4]) {
        store(self.0, to);
    }

    /// Lanes from an array.
    #[inline(always)]
    pub fn from_array([a, b, c, d]: [f32; 4]) -> Self {
        Self(f32x4(a, b, c, d))
    }

    /// Lanes as an array.
    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        [
            f32x4_extract_lane::<0>(self.0),
            f32x4_extract_lane::<1>(self.0),
            f32x4_extract_lane::<2>(self.0),
            f32x4_extract_lane::<3>(self.0),
        ]
    }

    /// `self * factor + addend`: one rounding or two in a relaxed module (as the engine likes), two in a plain one.
    #[inline(always)]
    pub fn mul_add(self, factor: Self, addend: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(f32x4_relaxed_madd(self.0, factor.0, addend.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        return Self(f32x4_add(f32x4_mul(self.0, factor.0), addend.0));
    }

    /// One lane in all four.
    #[inline(always)]
    pub fn repeat_lane<const LANE: usize>(self) -> Self {
        Self(i32x4_shuffle::<LANE, LANE, LANE, LANE>(self.0, self.0))
    }

    methods! {
        /// Sum.
        add(other: F32x4) -> F32x4 = f32x4_add;
        /// Difference.
        sub(other: F32x4) -> F32x4 = f32x4_sub;
        /// Product.
        mul(other: F32x4) -> F32x4 = f32x4_mul;
        /// Quotient.
        div(other: F32x4) -> F32x4 = f32x4_div;
        /// Smaller; NaN if either is.
        min(other: F32x4) -> F32x4 = f32x4_min;
        /// Larger; NaN if either is.
        max(other: F32x4) -> F32x4 = f32x4_max;
        /// `other` where it is smaller, else self: keeps self's NaN, and is one instruction on x86.
        pmin(other: F32x4) -> F32x4 = f32x4_pmin;
        /// `other` where it is larger, else self: keeps self's NaN, and is one instruction on x86.
        pmax(other: F32x4) -> F32x4 = f32x4_pmax;
        /// Magnitude.
        abs() -> F32x4 = f32x4_abs;
        /// Opposite sign.
        neg() -> F32x4 = f32x4_neg;
        /// Square root.
        sqrt() -> F32x4 = f32x4_sqrt;
        /// Mask of self < other.
        lt(other: F32x4) -> I32x4 = f32x4_lt;
        /// Mask of self == other.
        eq(other: F32x4) -> I32x4 = f32x4_eq;
        /// The same bits.
        bits() -> I32x4 = |a| a;
        /// Lanes 0 0' 1 1'.
        zip_low(other: F32x4) -> F32x4 = |a, b| i32x4_shuffle::<0, 4, 1, 5>(a, b);
        /// Lanes 2 2' 3 3'.
        zip_high(other: F32x4) -> F32x4 = |a, b| i32x4_shuffle::<2, 6, 3, 7>(a, b);
    }
}
