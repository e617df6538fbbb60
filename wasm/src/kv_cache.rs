//! Keys and values of one owner, as KvCache in runtime/backend.ts: which slot keeps which position, and f32 or f16 storage.
use core::ops::Range;

use crate::half::{f16_to_f32, f16x8_to_f32, f32_to_f16};

/// Storage type of a cache.
pub trait Element: Copy {
    /// Stores one number, rounded.
    fn encode(value: f32) -> Self;
    /// The numbers of a row.
    fn decode(from: &[Self], to: &mut [f32]);
    /// The numbers themselves where they are stored as f32.
    fn as_f32(from: &[Self]) -> Option<&[f32]>;
}

impl Element for f32 {
    fn encode(value: f32) -> Self {
        value
    }

    fn decode(from: &[Self], to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    #[inline(always)]
    fn as_f32(from: &[Self]) -> Option<&[f32]> {
        Some(from)
    }
}

/// f16 bits.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Half(pub u16);

impl Element for Half {
    fn encode(value: f32) -> Self {
        Self(f32_to_f16(value))
    }

    fn decode(from: &[Self], to: &mut [f32]) {
        let (blocks, rest) = from.as_chunks::<8>();
        let (to_blocks, to_rest) = to.as_chunks_mut::<8>();
        for (block, to) in blocks.iter().zip(to_blocks) {
            let [low, high] = f16x8_to_f32(&block.map(|half| half.0));
            let (to_low, to_high) = to.split_at_mut(4);
            low.store_partial(to_low);
            high.store_partial(to_high);
        }
        for (half, to) in rest.iter().zip(to_rest) {
            *to = f16_to_f32(half.0);
        }
    }

    fn as_f32(_from: &[Self]) -> Option<&[f32]> {
        None
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
    /// Everything from one element of a slot on.
    pub fn from(&self, slot: usize, column: usize) -> &'a [T] {
        &self.values[slot * self.stride + column..]
    }

    /// Some columns of a slot.
    pub fn part(&self, slot: usize, columns: Range<usize>) -> &'a [T] {
        &self.values[slot * self.stride..][columns]
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

    #[test]
    fn half_decodes_rows_of_any_length() {
        for length in 0..20 {
            let values: Vec<f32> = (0..length).map(|i| i as f32 * 0.25 - 2.0).collect();
            let halves: Vec<Half> = values.iter().map(|&x| Half::encode(x)).collect();
            let mut decoded = vec![f32::NAN; length];
            Half::decode(&halves, &mut decoded);
            assert_eq!(decoded, values);
        }
    }
}
