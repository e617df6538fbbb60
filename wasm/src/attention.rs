//! attention: causal grouped-query attention over a cache; what a row sees is in kv_cache.rs (`Slots::visible`).
//!   out[i, h] = sum_j softmax_j(queries[i, h] . keys[j] / sqrt(head_dim)) values[j], keys and values of h's key/value head.
//! queries: [l, num_heads * head_dim] f32; cache keys, values: f32 or f16; out: [l, num_heads * v_head_dim] f32.
//! Blocks of keys go by ascending position and begin at multiples of BLOCK, so a row's result is the same bits however its
//! prompt was split. A block serves every row of a tile and every query head of its key/value head before the next is read.
use core::ops::Range;

use crate::kv_cache::{Cache, Element};
use crate::view::{View, ViewMut};

mod block;
mod online_softmax;
#[cfg(test)]
mod tests;

use block::{BLOCK, Rows, Scratch};
use online_softmax::{Sums, update};

/// Rows of a tile.
pub const TILE: usize = 8;

/// Where the rows of a call stand, and how far they see.
#[derive(Clone, Copy)]
pub struct Reach {
    /// Absolute position of the first row.
    pub position: usize,
    /// Largest distance to a key that is not a meta token; none: no limit.
    pub lookback: Option<usize>,
}

/// Computes all rows of `queries`, `num_heads` heads each.
pub fn attention<T: Element>(
    queries: View,
    num_heads: usize,
    cache: Cache<T>,
    reach: Reach,
    mut out: ViewMut,
) {
    let widths = [queries.columns(), out.columns()].map(|columns| columns / num_heads);
    let mut scratch = Scratch::new(widths);
    let mut tile = Tile { heads: 0..0, widths, queries: vec![], out: vec![], sums: vec![] };
    for kv_head in 0..cache.num_kv_heads {
        // The heads h with floor(h * num_kv_heads / num_heads) = kv_head.
        let first_of = |kv_head: usize| (kv_head * num_heads).div_ceil(cache.num_kv_heads);
        tile.heads = first_of(kv_head)..first_of(kv_head + 1);
        for first in (0..queries.rows()).step_by(TILE) {
            let rows = first..queries.rows().min(first + TILE);
            tile.load(queries, rows.clone());
            tile.run(&cache, kv_head, Reach { position: reach.position + first, ..reach }, &mut scratch);
            tile.store(rows, &mut out);
        }
    }
}

/// The queries of some rows that share a key/value head, and their results so far; row-major, then by head.
struct Tile {
    heads: Range<usize>,
    /// head_dim and v_head_dim.
    widths: [usize; 2],
    /// Scaled by 1 / sqrt(head_dim).
    queries: Vec<f32>,
    out: Vec<f32>,
    sums: Vec<Sums>,
}

impl Tile {
    /// Takes the queries of some rows and forgets all results.
    fn load(&mut self, queries: View, rows: Range<usize>) {
        let [width, v_width] = self.widths;
        let scale = 1.0 / (width as f32).sqrt();
        let count = rows.len() * self.heads.len();
        self.queries.clear();
        for t in rows {
            let heads = &queries.row(t)[self.heads.start * width..self.heads.end * width];
            self.queries.extend(heads.iter().map(|x| x * scale));
        }
        self.sums.clear();
        self.sums.resize(count, Sums::default());
        self.out.clear();
        self.out.resize(count * v_width, 0.0);
    }

    /// Brings all keys that any row sees, block by block, to the rows that see them.
    fn run<T: Element>(&mut self, cache: &Cache<T>, kv_head: usize, reach: Reach, scratch: &mut Scratch) {
        let rows = self.sums.len() / self.heads.len().max(1);
        if rows == 0 {
            return;
        }
        let visible = |row: usize| cache.slots.visible(reach.position + row, reach.lookback);
        for part in [0, 1] {
            let (first, last) = (visible(0)[part].clone(), visible(rows - 1)[part].clone());
            let mut start = first.start;
            while start < last.end {
                let positions = start..last.end.min((start / BLOCK + 1) * BLOCK);
                let (keys, values) = scratch.load(cache, kv_head, positions.clone());
                for row in 0..rows {
                    let seen = &visible(row)[part];
                    let seen = seen.start.max(positions.start)..seen.end.min(positions.end);
                    if !seen.is_empty() {
                        let skip = seen.start - positions.start;
                        self.update_row(row, keys.skip(skip), values.skip(skip), seen.len());
                    }
                }
                start = positions.end;
            }
        }
    }

    /// Brings the first `count` keys of a block to all heads of a row, two heads at a time.
    fn update_row(&mut self, row: usize, keys: Rows, values: Rows, count: usize) {
        let [width, v_width] = self.widths;
        let mut query = row * self.heads.len();
        let end = query + self.heads.len();
        while query < end {
            let together = (end - query).min(2);
            let next = query + together;
            let queries = &self.queries[query * width..next * width];
            let out = &mut self.out[query * v_width..next * v_width];
            let sums = &mut self.sums[query..next];
            match together {
                2 => update::<2>(queries, keys, values, count, sums, out),
                _ => update::<1>(queries, keys, values, count, sums, out),
            }
            query = next;
        }
    }

    /// Divides by the sums of the weights, and writes.
    fn store(&self, rows: Range<usize>, out: &mut ViewMut) {
        let v_width = self.widths[1];
        let columns = self.heads.start * v_width..self.heads.end * v_width;
        let heads = self.out.chunks_exact(v_width).zip(&self.sums).collect::<Vec<_>>();
        for (t, heads) in rows.zip(heads.chunks(self.heads.len().max(1))) {
            let to = out.part(t, columns.clone());
            for (to, (from, sums)) in to.chunks_exact_mut(v_width).zip(heads) {
                for (to, from) in to.iter_mut().zip(*from) {
                    *to = from / sums.total;
                }
            }
        }
    }
}
