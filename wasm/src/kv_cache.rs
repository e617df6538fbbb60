//! Keys and values of one owner, as KvCache in runtime/backend.ts: which slot keeps which position, and f32 or f16 storage.
use core::ops::Range;

use crate::half::{REBIAS, f32x8_to_f16, fields_to_f32, split_fields};
use crate::lifted_f16::power_of_two;
use crate::simd::{F32x4, I32x4};

/// Storage type of a cache. Numbers are read eight at a time, in an order of the type's own.
pub trait Element: Copy {
    /// What the numbers that `eight` gives have to be multiplied by.
    const UNIT: f32 = Self::QUERY_UNIT * Self::SCORE_UNIT;
    /// The part of it that queries are multiplied by, a power of two that leaves them finite.
    const QUERY_UNIT: f32;
    /// The part of it that scores are multiplied by.
    const SCORE_UNIT: f32;
    /// Whether `eight` is as good as `exact`.
    const IS_EXACT: bool;
    /// The least magnitude that becomes infinite.
    const INFINITE: f32;
    /// Zero.
    const ZERO: Self;
    /// Eight numbers, rounded.
    fn encode(values: [F32x4; 2]) -> [Self; 8];
    /// Eight finite numbers, divided by UNIT, in the order of `arrange`.
    fn eight(from: &[Self; 8]) -> [F32x4; 2];
    /// Eight numbers of any kind, in the order of `arrange`.
    fn exact(from: &[Self; 8]) -> [F32x4; 2];
    /// Eight numbers in the order in which `eight` gives them.
    fn arrange(numbers: [f32; 8]) -> [f32; 8];
    /// What was before `arrange`.
    fn restore(numbers: [f32; 8]) -> [f32; 8];
}

impl Element for f32 {
    const QUERY_UNIT: f32 = 1.0;
    const SCORE_UNIT: f32 = 1.0;
    const IS_EXACT: bool = true;
    const INFINITE: f32 = f32::INFINITY;
    const ZERO: Self = 0.0;

    #[inline(always)]
    fn encode(values: [F32x4; 2]) -> [Self; 8] {
        let mut eight = [0.0; 8];
        let (fours, _) = eight.as_chunks_mut();
        values[0].store(&mut fours[0]);
        values[1].store(&mut fours[1]);
        eight
    }

    #[inline(always)]
    fn eight(from: &[Self; 8]) -> [F32x4; 2] {
        let (fours, _) = from.as_chunks();
        [F32x4::load(&fours[0]), F32x4::load(&fours[1])]
    }

    #[inline(always)]
    fn exact(from: &[Self; 8]) -> [F32x4; 2] {
        Self::eight(from)
    }

    fn arrange(numbers: [f32; 8]) -> [f32; 8] {
        numbers
    }

    fn restore(numbers: [f32; 8]) -> [f32; 8] {
        numbers
    }
}

/// f16 bits. Numbers of even index come before those of odd index, because that takes fewer instructions.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Half(pub u16);

impl Element for Half {
    const QUERY_UNIT: f32 = power_of_two(80);
    const SCORE_UNIT: f32 = REBIAS / Self::QUERY_UNIT;
    const IS_EXACT: bool = false;
    const INFINITE: f32 = 65520.0;
    const ZERO: Self = Self(0);

    #[inline(always)]
    fn encode(values: [F32x4; 2]) -> [Self; 8] {
        f32x8_to_f16(values).map(Self)
    }

    #[inline(always)]
    fn eight(from: &[Self; 8]) -> [F32x4; 2] {
        split_fields(&from.map(|half| half.0)).map(I32x4::as_f32)
    }

    #[inline(always)]
    fn exact(from: &[Self; 8]) -> [F32x4; 2] {
        split_fields(&from.map(|half| half.0)).map(fields_to_f32)
    }

    fn arrange([a, b, c, d, e, f, g, h]: [f32; 8]) -> [f32; 8] {
        [a, c, e, g, b, d, f, h]
    }

    fn restore([a, c, e, g, b, d, f, h]: [f32; 8]) -> [f32; 8] {
        [a, b, c, d, e, f, g, h]
    }
}

/// Where positions are kept: position p in slot p while p < num_meta_tokens or where there is no ring, else in slot
/// num_meta_tokens + (p - num_meta_tokens) mod ring_size.
#[derive(Clone, Copy)]
pub struct Slots {
    /// Slots at the front that are never overwritten.
    pub num_meta_tokens: usize,
    /// Slots of the ring behind them.
    pub ring_size: Option<usize>,
}

impl Slots {
    /// Slot of a position.
    pub fn slot(&self, position: usize) -> usize {
        match (self.ring_size, position.checked_sub(self.num_meta_tokens)) {
            (Some(size), Some(behind)) => self.num_meta_tokens + behind % size,
            _ => position,
        }
    }

    /// Positions that the query at `position` sees: of meta tokens, and of others.
    pub fn visible(&self, position: usize, lookback: Option<usize>) -> [Range<usize>; 2] {
        let end = position + 1;
        let oldest = lookback.map_or(0, |lookback| position.saturating_sub(lookback));
        [0..self.num_meta_tokens.min(end), self.num_meta_tokens.max(oldest)..end]
    }
}

/// A matrix of slots to read: `[slots, columns]`, rows `stride` elements apart.
#[derive(Clone, Copy)]
pub struct SlotMatrix<'a, T> {
    /// From the first slot's first element to the last slot's last.
    pub values: &'a [T],
    /// Elements between the starts of neighbouring slots.
    pub stride: usize,
}

impl<'a, T> SlotMatrix<'a, T> {
    /// The first columns of a slot.
    pub fn slot(&self, slot: usize, columns: usize) -> &'a [T] {
        &self.values[slot * self.stride..][..columns]
    }
}

/// A cache to read.
#[derive(Clone, Copy)]
pub struct Cache<'a, T> {
    /// `[slots, num_kv_heads * head_dim]`.
    pub keys: SlotMatrix<'a, T>,
    /// `[slots, num_kv_heads * v_head_dim]`.
    pub values: SlotMatrix<'a, T>,
    /// Which slot keeps which position.
    pub slots: Slots,
    /// Key/value heads, which divide the columns evenly.
    pub num_kv_heads: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::half::f16_to_f32;

    #[test]
    fn slots_pin_the_meta_tokens_and_wrap_behind_them() {
        let ring = Slots { num_meta_tokens: 2, ring_size: Some(3) };
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8].map(|p| ring.slot(p)), [0, 1, 2, 3, 4, 2, 3, 4, 2]);
        let linear = Slots { num_meta_tokens: 2, ring_size: None };
        assert_eq!([0, 1, 2, 9].map(|p| linear.slot(p)), [0, 1, 2, 9]);
    }

    #[test]
    fn visible_is_what_the_rule_of_attention_says() {
        for num_meta_tokens in [0, 1, 3, 8] {
            for lookback in [None, Some(0), Some(1), Some(4), Some(30)] {
                for position in 0..20 {
                    let slots = Slots { num_meta_tokens, ring_size: None };
                    let ranges = slots.visible(position, lookback);
                    let seen: Vec<usize> = ranges.into_iter().flatten().collect();
                    let near = |j: usize| lookback.is_none_or(|lookback| position - j <= lookback);
                    let rule: Vec<usize> =
                        (0..=position).filter(|&j| j < num_meta_tokens || near(j)).collect();
                    assert_eq!(seen, rule);
                }
            }
        }
    }

    /// Every f16 in turn, at every place of eight.
    fn check_eights(length: u16, is_same: impl Fn([f32; 8], [f32; 8])) {
        for start in 0..length {
            let halves: [Half; 8] =
                core::array::from_fn(|i| Half(start.wrapping_add(977 * i as u16) % length));
            for sign in [0, 0x8000] {
                let halves = halves.map(|half| Half(half.0 | sign));
                let numbers = halves.map(|half| f16_to_f32(half.0));
                let exact = Half::exact(&halves).map(F32x4::to_array).concat().try_into().unwrap();
                is_same(Half::restore(exact), numbers);
                let eight = Half::eight(&halves).map(|four| (four * F32x4::splat(Half::UNIT)).to_array());
                is_same(Half::restore(eight.concat().try_into().unwrap()), numbers);
            }
        }
    }

    #[test]
    fn half_gives_finite_numbers_exactly_in_its_order() {
        check_eights(0x7c00, |got, wanted| assert_eq!(got.map(f32::to_bits), wanted.map(f32::to_bits)));
        let numbers = core::array::from_fn(|i| i as f32);
        assert_eq!(Half::restore(Half::arrange(numbers)), numbers);
    }

    #[test]
    fn half_gives_infinities_and_nan_where_any_number_may_be() {
        let halves = [0x7c00, 0xfc00, 0x7e00, 0x7c01, 0, 0x8000, 0x3c00, 0xfe00].map(Half);
        let exact = Half::exact(&halves).map(F32x4::to_array).concat().try_into().unwrap();
        let [a, b, c, d, e, f, g, h] = Half::restore(exact);
        assert_eq!([a, b, e, f, g], [f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1.0]);
        assert!([c, d, h].iter().all(|x| x.is_nan()));
    }
}
