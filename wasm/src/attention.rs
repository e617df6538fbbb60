//! attention: causal grouped-query attention over a cache; what a row sees is in kv_cache.rs (`Slots::visible`).
//!   out[i, h] = sum_j softmax_j(queries[i, h] . keys[j] / sqrt(head_dim)) values[j], keys and values of h's key/value head.
//! queries: [l, num_heads * head_dim] f32; cache keys, values: f32 or f16; out: [l, num_heads * v_head_dim] f32.
//! Blocks of keys go by ascending position and begin at multiples of BLOCK, so a row's result is the same bits however its
//! prompt was split. A block serves every row and head of a tile before the next is read.
use core::ops::Range;

use crate::kv_cache::{Cache, Element};
use crate::rounding::Rounding;
use crate::view::{View, ViewMut};
use crate::with_rounding;

mod heads;
mod online_softmax;
mod products;
mod source;
#[cfg(test)]
mod tests;
mod tile;

use heads::Heads;
use source::{Copied, Direct, Source};
use tile::Tile;

/// Rows of a tile.
pub const TILE: usize = 32;

/// Where the rows of a call stand, and how far they see.
#[derive(Clone, Copy)]
pub struct Reach {
    /// Absolute position of the first row.
    pub position: usize,
    /// Largest distance to a key that is not a meta token; none: no limit.
    pub lookback: Option<usize>,
}

/// Computes all rows of `queries`, `num_heads` heads each. `is_finite`: the cache holds no infinities and no NaN.
pub fn attention<T: Element>(
    queries: View,
    num_heads: usize,
    cache: Cache<T>,
    is_finite: bool,
    reach: Reach,
    out: ViewMut,
) {
    let widths = [queries.columns(), out.columns()].map(|columns| columns / num_heads);
    let heads = Heads::new(num_heads, cache.num_kv_heads, widths);
    // What one row reads, it reads once; several share copies.
    let is_direct =
        queries.rows() == 1 && (is_finite || T::IS_EXACT) && widths.iter().all(|width| width % 8 == 0);
    if is_direct {
        let source = Direct::new(cache, widths);
        with_rounding!(attend::<T, Direct<T>>(queries, heads, cache, source, reach, out));
    } else {
        let source = Copied::new(cache, widths);
        with_rounding!(attend::<T, Copied<T>>(queries, heads, cache, source, reach, out));
    }
}

fn attend<R: Rounding, T: Element, S: Source>(
    queries: View,
    heads: Heads,
    cache: Cache<T>,
    mut source: S,
    reach: Reach,
    mut out: ViewMut,
) {
    let mut tile = Tile::new(heads);
    for first in (0..queries.rows()).step_by(TILE) {
        let rows = first..queries.rows().min(first + TILE);
        tile.load::<T>(queries, rows.clone(), S::Stored::QUERY_UNIT);
        let reach = Reach { position: reach.position + first, ..reach };
        let visible = |row: usize| cache.slots.visible(reach.position + row, reach.lookback);
        for part in [0, 1] {
            let seen: [Range<usize>; TILE] =
                core::array::from_fn(|row| if row < rows.len() { visible(row)[part].clone() } else { 0..0 });
            tile.run::<R, S>(&mut source, &seen[..rows.len()]);
        }
        tile.store::<T>(rows, &mut out);
    }
}
