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

mod block;
mod online_softmax;
#[cfg(test)]
mod tests;

use block::{BLOCK, Block, Scratch};
use online_softmax::{Sums, accumulate, scale, score};

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
pub fn attention<T: Element>(queries: View, num_heads: usize, cache: Cache<T>, reach: Reach, out: ViewMut) {
    with_rounding!(attend::<T>(queries, num_heads, cache, reach, out));
}

fn attend<R: Rounding, T: Element>(
    queries: View,
    num_heads: usize,
    cache: Cache<T>,
    reach: Reach,
    mut out: ViewMut,
) {
    let widths = [queries.columns(), out.columns()].map(|columns| columns / num_heads);
    let mut scratch = Scratch::new(widths.map(|width| width * cache.num_kv_heads));
    let mut tile = Tile {
        num_heads,
        num_kv_heads: cache.num_kv_heads,
        widths,
        queries: vec![],
        scores: vec![],
        sums: vec![],
        out: vec![],
    };
    for first in (0..queries.rows()).step_by(TILE) {
        let rows = first..queries.rows().min(first + TILE);
        tile.load(queries, rows.clone());
        tile.run::<R, T>(&cache, Reach { position: reach.position + first, ..reach }, &mut scratch);
        tile.store(rows, &mut out);
    }
}

/// Some rows of queries, and their results so far; row-major, then by head.
struct Tile {
    num_heads: usize,
    num_kv_heads: usize,
    /// head_dim and v_head_dim.
    widths: [usize; 2],
    /// Scaled by 1 / sqrt(head_dim).
    queries: Vec<f32>,
    /// Of a block's keys, then the weights of its values.
    scores: Vec<[f32; BLOCK]>,
    sums: Vec<Sums>,
    out: Vec<f32>,
}

impl Tile {
    /// Takes some rows and forgets all results.
    fn load(&mut self, queries: View, rows: Range<usize>) {
        let [width, v_width] = self.widths;
        let scale = 1.0 / (width as f32).sqrt();
        let count = rows.len() * self.num_heads;
        self.queries.clear();
        for t in rows {
            self.queries.extend(queries.row(t).iter().map(|x| x * scale));
        }
        self.scores.resize(count, [0.0; BLOCK]);
        self.sums.clear();
        self.sums.resize(count, Sums::default());
        self.out.clear();
        self.out.resize(count * v_width, 0.0);
    }

    /// Brings all keys that any row sees, block by block, to the rows that see them.
    fn run<R: Rounding, T: Element>(&mut self, cache: &Cache<T>, reach: Reach, scratch: &mut Scratch) {
        let rows = self.sums.len() / self.num_heads;
        let visible = |row: usize| cache.slots.visible(reach.position + row, reach.lookback);
        for part in [0, 1] {
            let end = visible(rows - 1)[part].end;
            let mut start = visible(0)[part].start;
            while start < end {
                let positions = start..end.min((start / BLOCK + 1) * BLOCK);
                start = positions.end;
                let mut block = scratch.load(cache, positions);
                for row in 0..rows {
                    block.see(row, &visible(row)[part]);
                }
                self.each_quad(rows, &block, |tile, row, quad, kv_head| {
                    tile.score_quad::<R>(row, quad, kv_head, &block);
                });
                self.weigh(rows, &block);
                self.each_quad(rows, &block, |tile, row, quad, kv_head| {
                    tile.accumulate_quad::<R>(row, quad, kv_head, &block);
                });
            }
        }
    }

    /// Calls `compute` with every row, and every four keys of which it sees some, and every key/value head. One row reads all of
    /// a slot before the next, as memory likes it; several keep a head's results in cache.
    fn each_quad(
        &mut self,
        rows: usize,
        block: &Block,
        mut compute: impl FnMut(&mut Self, usize, usize, usize),
    ) {
        let quads = block.quads();
        for i in 0..quads.len() * self.num_kv_heads {
            let (quad, kv_head) = match rows {
                1 => (i / self.num_kv_heads, i % self.num_kv_heads),
                _ => (i % quads.len(), i / quads.len()),
            };
            for row in 0..rows {
                if !block.seen_of(row, quads.start + quad).is_empty() {
                    compute(self, row, quads.start + quad, kv_head);
                }
            }
        }
    }

    /// Where the heads h of a row with floor(h * num_kv_heads / num_heads) = kv_head are.
    #[inline(always)]
    fn heads_of(&self, row: usize, kv_head: usize) -> Range<usize> {
        let first_of =
            |kv_head: usize| row * self.num_heads + (kv_head * self.num_heads).div_ceil(self.num_kv_heads);
        first_of(kv_head)..first_of(kv_head + 1)
    }

    /// Scores of four keys, two heads at a time.
    #[inline(always)]
    fn score_quad<R: Rounding>(&mut self, row: usize, quad: usize, kv_head: usize, block: &Block) {
        let width = self.widths[0];
        let keys = block.keys.four(block.clamped(quad), kv_head * width, width);
        let heads = self.heads_of(row, kv_head);
        let queries = self.queries[heads.start * width..heads.end * width].chunks(2 * width);
        for (queries, scores) in queries.zip(self.scores[heads].chunks_mut(2)) {
            match scores {
                [a, b] => score::<R, 2>(queries, keys, [a, b], quad),
                [a] => score::<R, 1>(queries, keys, [a], quad),
                _ => {}
            }
        }
    }

    /// Turns a block's scores into weights, and fits what was added before to them.
    fn weigh(&mut self, rows: usize, block: &Block) {
        let outs = self.out.chunks_exact_mut(self.widths[1]);
        for (i, ((sums, scores), out)) in self.sums.iter_mut().zip(&mut self.scores).zip(outs).enumerate() {
            let seen = block.seen(i / self.num_heads);
            if i < rows * self.num_heads && !seen.is_empty() {
                scale(out, sums.add(scores, seen));
            }
        }
    }

    /// Adds four weighted values, two heads at a time.
    #[inline(always)]
    fn accumulate_quad<R: Rounding>(&mut self, row: usize, quad: usize, kv_head: usize, block: &Block) {
        let width = self.widths[1];
        let heads = self.heads_of(row, kv_head);
        let seen = block.seen_of(row, quad);
        let values = block.values.four(block.clamped(quad), kv_head * width, width);
        let outs = self.out[heads.start * width..heads.end * width].chunks_mut(2 * width);
        for (out, weights) in outs.zip(self.scores[heads].chunks(2)) {
            match weights {
                [a, b] => accumulate::<R, 2>([a, b], values, quad, seen.clone(), out),
                [a] => accumulate::<R, 1>([a], values, quad, seen.clone(), out),
                _ => {}
            }
        }
    }

    /// Divides by the sums of the weights, and writes.
    fn store(&self, rows: Range<usize>, out: &mut ViewMut) {
        let heads = self.out.chunks_exact(self.widths[1]).zip(&self.sums).collect::<Vec<_>>();
        for (t, heads) in rows.zip(heads.chunks(self.num_heads)) {
            for (to, (from, sums)) in out.row(t).chunks_exact_mut(self.widths[1]).zip(heads) {
                for (to, from) in to.iter_mut().zip(*from) {
                    *to = from / sums.total;
                }
            }
        }
    }
}
