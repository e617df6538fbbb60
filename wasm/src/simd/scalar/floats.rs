//! Lanes of f32 as arrays.

use core::array::from_fn;

use super::{F32x4, I32x4, mask};

impl F32x4 {
    /// The same value in every lane.
    pub fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    /// Lanes in memory order.
    pub fn load(from: &[f32; 4]) -> Self {
        Self(*from)
    }

    /// Lanes in memory order.
    pub fn store(self, to: &mut [f32; 4]) {
        *to = self.0;
    }

    /// Lanes from an array.
    pub fn from_array(lanes: [f32; 4]) -> Self {
        Self(lanes)
    }

    /// Lanes as an array.
    pub fn to_array(self) -> [f32; 4] {
        self.0
    }

    /// `self * factor + addend`, rounded twice.
    pub fn mul_add(self, factor: Self, addend: Self) -> Self {
        self.mul(factor).add(addend)
    }

    /// One lane in all four.
    pub fn repeat_lane<const LANE: usize>(self) -> Self {
        Self([self.0[LANE]; 4])
    }

    lanes! {
        /// Sum.
        add(other: F32x4) -> F32x4 = |a, b| a + b;
        /// Difference.
        sub(other: F32x4) -> F32x4 = |a, b| a - b;
        /// Product.
        mul(other: F32x4) -> F32x4 = |a, b| a * b;
        /// Quotient.
        div(other: F32x4) -> F32x4 = |a, b| a / b;
        /// Smaller; NaN if either is.
        min(other: F32x4) -> F32x4 = |a, b| if a.is_nan() || b.is_nan() { f32::NAN } else { a.min(b) };
        /// Larger; NaN if either is.
        max(other: F32x4) -> F32x4 = |a, b| if a.is_nan() || b.is_nan() { f32::NAN } else { a.max(b) };
        /// `other` where it is smaller, else self: keeps self's NaN.
        pmin(other: F32x4) -> F32x4 = |a, b| if b < a { b } else { a };
        /// `other` where it is larger, else self: keeps self's NaN.
        pmax(other: F32x4) -> F32x4 = |a, b| if a < b { b } else { a };
        /// Magnitude.
        abs() -> F32x4 = |a| a.abs();
        /// Opposite sign.
        neg() -> F32x4 = |a| -a;
        /// Square root.
        sqrt() -> F32x4 = |a| a.sqrt();
        /// Mask of self < other.
        lt(other: F32x4) -> I32x4 = |a, b| mask(a < b);
        /// Mask of self == other.
        eq(other: F32x4) -> I32x4 = |a, b| mask(a == b);
        /// The same bits.
        bits() -> I32x4 = |a| a.to_bits() as i32;
    }

    /// Lanes 0 0' 1 1'.
    pub fn zip_low(self, other: Self) -> Self {
        Self([self.0[0], other.0[0], self.0[1], other.0[1]])
    }

    /// Lanes 2 2' 3 3'.
    pub fn zip_high(self, other: Self) -> Self {
        Self([self.0[2], other.0[2], self.0[3], other.0[3]])
    }
}
