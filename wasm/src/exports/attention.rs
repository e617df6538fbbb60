//! `rope_append`, in its parts, and `attention`. A cache is f32, or f16 if `half`; ring_size 0 stands for no ring.

use core::ops::Range;
use core::slice::{from_raw_parts, from_raw_parts_mut};

use wasm_bindgen::prelude::wasm_bindgen;

use super::pool::{POOL, Shared, work};
use crate::attention::{self, Reach, TILE};
use crate::half;
use crate::kv_cache::{Cache, Element, Half, SlotMatrix, Slots};
use crate::rope_append;
use crate::view::{View, ViewMut};

/// What a multiply-add of scores and values costs.
const MULTIPLY_WORK: usize = 6;

fn slots(num_meta_tokens: usize, ring_size: usize) -> Slots {
    Slots { num_meta_tokens, ring_size: (ring_size > 0).then_some(ring_size) }
}

/// Fills angles `[l, 2 half]` for positions `first_position ..`.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn rope_angles(
    inverse_frequencies: *const f64,
    half: usize,
    first_position: usize,
    l: usize,
    angles: *mut f32,
) {
    // SAFETY: the caller's.
    let (frequencies, angles) =
        unsafe { (from_raw_parts(inverse_frequencies, half), from_raw_parts_mut(angles, l * 2 * half)) };
    rope_append::rope_angles(frequencies, first_position, angles);
}

/// Writes the rows of queries `[l, columns]`, rotated, to out.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn rope_rotate(
    queries: *const f32,
    stride: usize,
    l: usize,
    columns: usize,
    angles: *const f32,
    head_dim: usize,
    out: *mut f32,
    out_stride: usize,
) {
    // SAFETY: the caller's.
    let (queries, angles, out) = unsafe {
        (
            View::new(queries, l, columns, stride),
            View::new(angles, l, head_dim, head_dim),
            ViewMut::new(out, l, columns, out_stride),
        )
    };
    rope_append::rotate_rows(queries, angles, out);
}

/// Writes the rows of source `[l, columns]`, rotated if `angles` is not null, into the cache's slots of `position ..`. Returns
/// whether all of it is finite, as stored.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn cache_append(
    source: *const f32,
    source_stride: usize,
    l: usize,
    columns: usize,
    angles: *const f32,
    head_dim: usize,
    num_meta_tokens: usize,
    ring_size: usize,
    position: usize,
    cache: *mut u8,
    cache_slots: usize,
    cache_stride: usize,
    half: bool,
) -> bool {
    let length = (cache_slots - 1) * cache_stride + columns;
    let slots = slots(num_meta_tokens, ring_size);
    // SAFETY: the caller's; tensors are aligned to their elements.
    unsafe {
        let source = View::new(source, l, columns, source_stride);
        let angles = (!angles.is_null()).then(|| View::new(angles, l, head_dim, head_dim));
        if half {
            let cache = from_raw_parts_mut(cache.cast::<Half>(), length);
            rope_append::append(source, angles, slots, position, cache, cache_stride)
        } else {
            let cache = from_raw_parts_mut(cache.cast::<f32>(), length);
            rope_append::append(source, angles, slots, position, cache, cache_stride)
        }
    }
}

/// Whether none of `count` f16 is infinite or NaN.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
pub unsafe fn f16_are_finite(first: *const u16, count: usize) -> bool {
    // SAFETY: the caller's.
    half::are_finite(unsafe { from_raw_parts(first, count) })
}

/// See [`crate::attention`]; lookback 2^32 - 1 stands for no limit. `is_finite`: the cache holds no infinities and no NaN.
///
/// # Safety
/// See the module's parent.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn attention(
    queries: *const f32,
    queries_stride: usize,
    l: usize,
    num_heads: usize,
    num_kv_heads: usize,
    head_dim: usize,
    v_head_dim: usize,
    keys: *const u8,
    keys_stride: usize,
    values: *const u8,
    values_stride: usize,
    cache_slots: usize,
    half: bool,
    num_meta_tokens: usize,
    ring_size: usize,
    position: usize,
    lookback: usize,
    out: *mut f32,
    out_stride: usize,
    is_finite: bool,
) {
    // SAFETY: the caller's; parts are tiles of rows, or key/value heads.
    let pointers = unsafe { Shared::new((queries, keys, values, out)) };
    let slots = slots(num_meta_tokens, ring_size);
    let lookback = (lookback != usize::MAX).then_some(lookback);
    // The query heads h with floor(h * num_kv_heads / num_heads) = kv_head.
    let first_head = |kv_head: usize| (kv_head * num_heads).div_ceil(num_kv_heads);
    let some = |kv_heads: Range<usize>, rows: Range<usize>| {
        let (queries, keys, values, out) = pointers.get();
        let heads = first_head(kv_heads.start)..first_head(kv_heads.end);
        let num_kv_heads = kv_heads.len();
        let reach = Reach { position: position + rows.start, lookback };
        // SAFETY: as above; tensors are aligned to their elements.
        unsafe {
            let queries = View::new(
                queries.add(rows.start * queries_stride + heads.start * head_dim),
                rows.len(),
                heads.len() * head_dim,
                queries_stride,
            );
            let out = ViewMut::new(
                out.add(rows.start * out_stride + heads.start * v_head_dim),
                rows.len(),
                heads.len() * v_head_dim,
                out_stride,
            );
            let k = Extent {
                kv_heads: kv_heads.clone(),
                slots: cache_slots,
                width: head_dim,
                stride: keys_stride,
            };
            let v = Extent { kv_heads, slots: cache_slots, width: v_head_dim, stride: values_stride };
            if half {
                let cache = Cache { keys: k.at::<Half>(keys), values: v.at(values), slots, num_kv_heads };
                attention::attention(queries, heads.len(), cache, is_finite, reach, out);
            } else {
                let cache = Cache { keys: k.at::<f32>(keys), values: v.at(values), slots, num_kv_heads };
                attention::attention(queries, heads.len(), cache, is_finite, reach, out);
            }
        }
    };
    let tiles = l.div_ceil(TILE);
    // Heads of a row that are computed together read all of a slot together, which memory likes.
    let heads_together = tiles == 1 && num_heads.is_multiple_of(num_kv_heads);
    let seen = cache_slots.min(position + l);
    let work = work(&[l, num_heads, head_dim + v_head_dim, seen, MULTIPLY_WORK]);
    if heads_together {
        return POOL.split_coarsely(num_kv_heads, work, &|heads| some(heads, 0..l));
    }
    POOL.split(tiles * num_kv_heads, work, &|items| {
        let mut start = items.start;
        while start < items.end {
            let (kv_head, tile) = (start / tiles, start % tiles);
            let count = (items.end - start).min(tiles - tile);
            some(kv_head..kv_head + 1, tile * TILE..l.min((tile + count) * TILE));
            start += count;
        }
    });
}

/// Some key/value heads' columns of a matrix of slots.
struct Extent {
    kv_heads: Range<usize>,
    slots: usize,
    /// Columns of a head.
    width: usize,
    stride: usize,
}

impl Extent {
    unsafe fn at<'a, T: Element>(&self, first: *const u8) -> SlotMatrix<'a, T> {
        let length = (self.slots - 1) * self.stride + self.kv_heads.len() * self.width;
        // SAFETY: the caller's.
        let values =
            unsafe { from_raw_parts(first.cast::<T>().add(self.kv_heads.start * self.width), length) };
        SlotMatrix { values, stride: self.stride }
    }
}
