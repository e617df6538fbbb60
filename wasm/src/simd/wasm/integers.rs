//! Lanes of 32, 16 and 8 bits as instructions.

use core::arch::wasm32::*;

use super::{F32x4, I8x16, I16x8, I32x4, load, store};

impl I32x4 {
    /// The same value in every lane.
    #[inline(always)]
    pub fn splat(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    /// Lanes from an array.
    #[inline(always)]
    pub fn from_array([a, b, c, d]: [i32; 4]) -> Self {
        Self(i32x4(a, b, c, d))
    }

    /// Lanes in memory order.
    #[inline(always)]
    pub fn load(from: &[i32; 4]) -> Self {
        Self(load(from))
    }

    /// Lanes as an array.
    #[inline(always)]
    pub fn to_array(self) -> [i32; 4] {
        [
            i32x4_extract_lane::<0>(self.0),
            i32x4_extract_lane::<1>(self.0),
            i32x4_extract_lane::<2>(self.0),
            i32x4_extract_lane::<3>(self.0),
        ]
    }

    /// Four 16-bit values, sign-extended.
    #[inline(always)]
    pub fn load_extend(from: &[u16; 4]) -> Self {
        // SAFETY: the reference is valid for its 8 bytes; the load needs no alignment.
        Self(unsafe { i32x4_load_extend_i16x4(from.as_ptr().cast()) })
    }

    /// Shifts left.
    #[inline(always)]
    pub fn shl<const BITS: u32>(self) -> Self {
        Self(i32x4_shl(self.0, BITS))
    }

    /// Shifts left by an amount known to the compiler.
    #[inline(always)]
    pub fn shl_by(self, bits: u32) -> Self {
        Self(i32x4_shl(self.0, bits))
    }

    /// Shifts right, copying the sign.
    #[inline(always)]
    pub fn shr<const BITS: u32>(self) -> Self {
        Self(i32x4_shr(self.0, BITS))
    }

    /// Lanes of `yes` where this mask is all ones, of `no` where it is all zeros.
    #[inline(always)]
    pub fn select(self, yes: F32x4, no: F32x4) -> F32x4 {
        F32x4(v128_bitselect(yes.0, no.0, self.0))
    }

    /// Whether any bit is set.
    #[inline(always)]
    pub fn any(self) -> bool {
        v128_any_true(self.0)
    }

    /// `self[i] + sum over j of signed[4 i + j] * bytes[4 i + j]`. Exact everywhere while the bytes are in 0..=127. A relaxed
    /// module's engine may read others as signed or unsigned, or saturate sums of two products at 16 bits; a plain module
    /// reads them as signed.
    #[inline(always)]
    pub fn dot_bytes(self, signed: I8x16, bytes: I8x16) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(i32x4_relaxed_dot_i8x16_i7x16_add(signed.0, bytes.0, self.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            let low = signed.extend_low().dot(bytes.extend_low());
            let high = signed.extend_high().dot(bytes.extend_high());
            self + low.evens(high) + low.odds(high)
        }
    }

    methods! {
        /// Wrapping sum.
        add(other: I32x4) -> I32x4 = i32x4_add;
        /// Wrapping difference.
        sub(other: I32x4) -> I32x4 = i32x4_sub;
        /// Larger.
        max(other: I32x4) -> I32x4 = i32x4_max;
        /// Bitwise and.
        bitand(other: I32x4) -> I32x4 = v128_and;
        /// Bitwise or.
        bitor(other: I32x4) -> I32x4 = v128_or;
        /// Bitwise exclusive or.
        bitxor(other: I32x4) -> I32x4 = v128_xor;
        /// Mask of self == other.
        eq(other: I32x4) -> I32x4 = i32x4_eq;
        /// The nearest f32.
        to_f32() -> F32x4 = f32x4_convert_i32x4;
        /// The same bits.
        as_f32() -> F32x4 = |a| a;
        /// Lanes 0 2 0' 2'.
        evens(other: I32x4) -> I32x4 = |a, b| i32x4_shuffle::<0, 2, 4, 6>(a, b);
        /// Lanes 1 3 1' 3'.
        odds(other: I32x4) -> I32x4 = |a, b| i32x4_shuffle::<1, 3, 5, 7>(a, b);
        /// Lanes 1 0 3 2.
        swap_neighbours() -> I32x4 = |a| i32x4_shuffle::<1, 0, 3, 2>(a, a);
        /// Lanes 2 3 0 1.
        swap_halves() -> I32x4 = |a| i32x4_shuffle::<2, 3, 0, 1>(a, a);
        /// Lanes 3 2 1 0.
        reverse() -> I32x4 = |a| i32x4_shuffle::<3, 2, 1, 0>(a, a);
        /// The same bits.
        as_bytes() -> I8x16 = |a| a;
        /// All lanes, as unsigned ones of 16 bits: the nearest where one does not fit.
        narrow(other: I32x4) -> I16x8 = u16x8_narrow_i32x4;
    }
}

impl I16x8 {
    /// Lanes in memory order.
    #[inline(always)]
    pub fn load(from: &[u16; 8]) -> Self {
        Self(load(from))
    }

    /// Lanes in memory order.
    #[inline(always)]
    pub fn store(self, to: &mut [u16; 8]) {
        store(self.0, to);
    }

    /// Two values, four times.
    #[inline(always)]
    pub fn from_pair(even: i16, odd: i16) -> Self {
        Self(i16x8(even, odd, even, odd, even, odd, even, odd))
    }

    methods! {
        /// The same bits.
        as_i32() -> I32x4 = |a| a;
        /// Lanes 0 to 3 as the upper halves of 32-bit lanes, zeros below.
        upper_low() -> I32x4 = |a| i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(i16x8_splat(0), a);
        /// Lanes 4 to 7 as the upper halves of 32-bit lanes, zeros below.
        upper_high() -> I32x4 = |a| i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(i16x8_splat(0), a);
        /// Lanes 4 to 7, then 0 to 3.
        swap_halves() -> I16x8 = |a| i32x4_shuffle::<2, 3, 0, 1>(a, a);
        /// Sums of the products of neighbours: `self[2 i] * other[2 i] + self[2 i + 1] * other[2 i + 1]`.
        dot(other: I16x8) -> I32x4 = i32x4_dot_i16x8;
    }
}

impl I8x16 {
    /// Lanes in memory order.
    #[inline(always)]
    pub fn load(from: &[i8; 16]) -> Self {
        Self(load(from))
    }

    /// Lanes in memory order.
    #[inline(always)]
    pub fn load_unsigned(from: &[u8; 16]) -> Self {
        Self(load(from))
    }

    /// Lanes as an array.
    #[inline(always)]
    pub fn to_array(self) -> [i8; 16] {
        let mut lanes = [0; 16];
        store(self.0, &mut lanes);
        lanes
    }

    /// Lanes 4 * QUAD to 4 * QUAD + 3, four times.
    #[inline(always)]
    pub fn repeat_quad<const QUAD: usize>(self) -> Self {
        Self(i32x4_shuffle::<QUAD, QUAD, QUAD, QUAD>(self.0, self.0))
    }

    /// Lanes of `self`, picked by indices in 0..=15.
    #[inline(always)]
    pub fn look_up(self, indices: I8x16) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(i8x16_relaxed_swizzle(self.0, indices.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        Self(i8x16_swizzle(self.0, indices.0))
    }

    methods! {
        /// Lanes' lower four bits.
        low_nibbles() -> I8x16 = |a| v128_and(a, u8x16_splat(15));
        /// Lanes' upper four bits.
        high_nibbles() -> I8x16 = |a| v128_and(u16x8_shr(a, 4), u8x16_splat(15));
        /// Lanes 0 to 7 as the upper halves of 16-bit lanes, zeros below.
        upper_low() -> I16x8 = |a| {
            i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(i8x16_splat(0), a)
        };
        /// Lanes 8 to 15 as the upper halves of 16-bit lanes, zeros below.
        upper_high() -> I16x8 = |a| {
            i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(i8x16_splat(0), a)
        };
        /// Lanes 0 to 7, sign-extended.
        extend_low() -> I16x8 = i16x8_extend_low_i8x16;
        /// Lanes 8 to 15, sign-extended.
        extend_high() -> I16x8 = i16x8_extend_high_i8x16;
        /// The same bits.
        as_i32() -> I32x4 = |a| a;
    }
}
