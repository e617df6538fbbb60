//! Lanes of 32, 16 and 8 bits as arrays.

use core::array::from_fn;

use super::{F32x4, I8x16, I16x8, I32x4, mask};

impl I32x4 {
    /// The same value in every lane.
    pub fn splat(value: i32) -> Self {
        Self([value; 4])
    }

    /// Lanes from an array.
    pub fn from_array(lanes: [i32; 4]) -> Self {
        Self(lanes)
    }

    /// Lanes in memory order.
    pub fn load(from: &[i32; 4]) -> Self {
        Self(*from)
    }

    /// Lanes as an array.
    pub fn to_array(self) -> [i32; 4] {
        self.0
    }

    /// Four 16-bit values, sign-extended.
    pub fn load_extend(from: &[u16; 4]) -> Self {
        Self(from.map(|value| i32::from(value as i16)))
    }

    /// Shifts left.
    pub fn shl<const BITS: u32>(self) -> Self {
        Self(self.0.map(|a| a << BITS))
    }

    /// Shifts left.
    pub fn shl_by(self, bits: u32) -> Self {
        Self(self.0.map(|a| a << bits))
    }

    /// Shifts right, copying the sign.
    pub fn shr<const BITS: u32>(self) -> Self {
        Self(self.0.map(|a| a >> BITS))
    }

    /// Lanes of `yes` where this mask is all ones, of `no` where it is all zeros.
    pub fn select(self, yes: F32x4, no: F32x4) -> F32x4 {
        F32x4(from_fn(|i| if self.0[i] == 0 { no.0[i] } else { yes.0[i] }))
    }

    /// Whether any bit is set.
    pub fn any(self) -> bool {
        self.0.iter().any(|&a| a != 0)
    }

    /// `self[i] + sum over j of signed[4 i + j] * bytes[4 i + j]`, the bytes read as unsigned.
    pub fn dot_bytes(self, signed: I8x16, bytes: I8x16) -> Self {
        let product = |i: usize| i32::from(signed.0[i]) * i32::from(bytes.0[i] as u8);
        Self(from_fn(|i| self.0[i] + (4 * i..4 * i + 4).map(product).sum::<i32>()))
    }

    lanes! {
        /// Wrapping sum.
        add(other: I32x4) -> I32x4 = |a, b| a.wrapping_add(b);
        /// Wrapping difference.
        sub(other: I32x4) -> I32x4 = |a, b| a.wrapping_sub(b);
        /// Larger.
        max(other: I32x4) -> I32x4 = |a, b| a.max(b);
        /// Bitwise and.
        bitand(other: I32x4) -> I32x4 = |a, b| a & b;
        /// Bitwise or.
        bitor(other: I32x4) -> I32x4 = |a, b| a | b;
        /// Bitwise exclusive or.
        bitxor(other: I32x4) -> I32x4 = |a, b| a ^ b;
        /// Mask of self == other.
        eq(other: I32x4) -> I32x4 = |a, b| mask(a == b);
        /// The nearest f32.
        to_f32() -> F32x4 = |a| a as f32;
        /// The same bits.
        as_f32() -> F32x4 = |a| f32::from_bits(a as u32);
    }

    /// Lanes 0 2 0' 2'.
    pub fn evens(self, other: Self) -> Self {
        Self([self.0[0], self.0[2], other.0[0], other.0[2]])
    }

    /// Lanes 1 3 1' 3'.
    pub fn odds(self, other: Self) -> Self {
        Self([self.0[1], self.0[3], other.0[1], other.0[3]])
    }

    /// Lanes 1 0 3 2.
    pub fn swap_neighbours(self) -> Self {
        Self(from_fn(|i| self.0[i ^ 1]))
    }

    /// Lanes 2 3 0 1.
    pub fn swap_halves(self) -> Self {
        Self(from_fn(|i| self.0[i ^ 2]))
    }

    /// Lanes 3 2 1 0.
    pub fn reverse(self) -> Self {
        Self(from_fn(|i| self.0[i ^ 3]))
    }

    /// The same bits.
    pub fn as_bytes(self) -> I8x16 {
        I8x16(from_fn(|i| self.0[i / 4].to_le_bytes()[i % 4] as i8))
    }

    /// All lanes, as unsigned ones of 16 bits: the nearest where one does not fit.
    pub fn narrow(self, other: Self) -> I16x8 {
        let lanes = [self.0, other.0];
        I16x8(from_fn(|i| lanes[i / 4][i % 4].clamp(0, 0xffff) as u16 as i16))
    }
}

impl I16x8 {
    /// Lanes in memory order.
    pub fn load(from: &[u16; 8]) -> Self {
        Self(from.map(|value| value as i16))
    }

    /// Lanes in memory order.
    pub fn store(self, to: &mut [u16; 8]) {
        *to = self.0.map(|value| value as u16);
    }

    /// Two values, four times.
    pub fn from_pair(even: i16, odd: i16) -> Self {
        Self(from_fn(|i| if i % 2 == 0 { even } else { odd }))
    }

    /// The same bits.
    pub fn as_i32(self) -> I32x4 {
        I32x4(from_fn(|i| i32::from(self.0[2 * i + 1]) << 16 | i32::from(self.0[2 * i] as u16)))
    }

    /// Lanes 0 to 3 as the upper halves of 32-bit lanes, zeros below.
    pub fn upper_low(self) -> I32x4 {
        I32x4(from_fn(|i| i32::from(self.0[i]) << 16))
    }

    /// Lanes 4 to 7 as the upper halves of 32-bit lanes, zeros below.
    pub fn upper_high(self) -> I32x4 {
        I32x4(from_fn(|i| i32::from(self.0[4 + i]) << 16))
    }

    /// Lanes 4 to 7, then 0 to 3.
    pub fn swap_halves(self) -> Self {
        Self(from_fn(|i| self.0[i ^ 4]))
    }

    /// Sums of the products of neighbours: `self[2 i] * other[2 i] + self[2 i + 1] * other[2 i + 1]`.
    pub fn dot(self, other: Self) -> I32x4 {
        let product = |i: usize| i32::from(self.0[i]) * i32::from(other.0[i]);
        I32x4(from_fn(|i| product(2 * i) + product(2 * i + 1)))
    }
}

impl I8x16 {
    /// Lanes in memory order.
    pub fn load(from: &[i8; 16]) -> Self {
        Self(*from)
    }

    /// Lanes in memory order.
    pub fn load_unsigned(from: &[u8; 16]) -> Self {
        Self(from.map(|value| value as i8))
    }

    /// Lanes as an array.
    pub fn to_array(self) -> [i8; 16] {
        self.0
    }

    /// Lanes 4 * QUAD to 4 * QUAD + 3, four times.
    pub fn repeat_quad<const QUAD: usize>(self) -> Self {
        Self(from_fn(|i| self.0[4 * QUAD + i % 4]))
    }

    /// Lanes of `self`, picked by indices in 0..=15.
    pub fn look_up(self, indices: Self) -> Self {
        Self(indices.0.map(|index| self.0[index as usize]))
    }

    /// Lanes' lower four bits.
    pub fn low_nibbles(self) -> Self {
        Self(self.0.map(|a| a & 15))
    }

    /// Lanes' upper four bits.
    pub fn high_nibbles(self) -> Self {
        Self(self.0.map(|a| (a as u8 >> 4) as i8))
    }

    /// Lanes 0 to 7 as the upper halves of 16-bit lanes, zeros below.
    pub fn upper_low(self) -> I16x8 {
        I16x8(self.extend_low().0.map(|a| a << 8))
    }

    /// Lanes 8 to 15 as the upper halves of 16-bit lanes, zeros below.
    pub fn upper_high(self) -> I16x8 {
        I16x8(self.extend_high().0.map(|a| a << 8))
    }

    /// Lanes 0 to 7, sign-extended.
    pub fn extend_low(self) -> I16x8 {
        I16x8(from_fn(|i| i16::from(self.0[i])))
    }

    /// Lanes 8 to 15, sign-extended.
    pub fn extend_high(self) -> I16x8 {
        I16x8(from_fn(|i| i16::from(self.0[8 + i])))
    }
    /// The same bits.
    pub fn as_i32(self) -> I32x4 {
        I32x4(from_fn(|i| i32::from_le_bytes(from_fn(|j| self.0[4 * i + j] as u8))))
    }
}
