//! Some rows of queries, and their results so far, while blocks of keys and values come.
use core::ops::Range;

use super::heads::Heads;
use super::online_softmax::Sums;
use super::products::{TOGETHER, accumulate, accumulate_strips, score};
use super::source::{BLOCK, Block, Mask, Rows, Source, Strip, Values};
use crate::kv_cache::Element;
use crate::lanes;
use crate::math::Exp;
use crate::rounding::Rounding;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

/// Queries and results are in the order of [`Heads`].
pub struct Tile {
    heads: Heads,
    rows: usize,
    /// Eights of a query and of a result.
    eights: [usize; 2],
    /// Scaled by 1 / sqrt(head_dim), in the order of the cache's numbers, widened with zeros.
    queries: Vec<[f32; 8]>,
    /// Of a block's keys, then the weights of its values.
    scores: Vec<[f32; BLOCK]>,
    sums: Vec<Sums>,
    /// In the order of the cache's numbers.
    out: Vec<[f32; 8]>,
}

impl Tile {
    /// Without rows.
    pub fn new(heads: Heads) -> Self {
        let eights = heads.widths.map(|width| width.div_ceil(8));
        Self { heads, rows: 0, eights, queries: vec![], scores: vec![], sums: vec![], out: vec![] }
    }

    /// Takes some rows, times `unit`, and forgets all results.
    pub fn load<T: Element>(&mut self, queries: View, rows: Range<usize>, unit: f32) {
        let count = rows.len() * self.heads.count();
        self.rows = rows.len();
        self.heads.load::<T>(queries, rows, unit, &mut self.queries);
        self.scores.resize(count, [0.0; BLOCK]);
        self.sums.clear();
        self.sums.resize(count, Sums::default());
        self.out.clear();
        self.out.resize(count * self.eights[1], [0.0; 8]);
    }

    /// Brings all keys that any row sees, block by block, to the rows that see them: `seen` for each row.
    pub fn run<R: Rounding, S: Source>(&mut self, source: &mut S, seen: &[Range<usize>]) {
        let end = seen[seen.len() - 1].end;
        let mut start = seen[0].start;
        while start < end {
            let positions = start..end.min((start / BLOCK + 1) * BLOCK);
            start = positions.end;
            let mut block = source.block(positions);
            for (row, seen) in seen.iter().enumerate() {
                block.see(row, seen);
            }
            self.score_block::<R, S::Stored>(&block);
            self.weigh(&block);
            match &block.values {
                Values::Rows(values) => self.accumulate_rows::<R, S::Stored>(values, block.seen[0]),
                Values::Strips(values) => self.accumulate_strips::<R, S::Stored>(values, &block),
            }
        }
    }

    /// Where a key/value head's queries are.
    fn queries_of(&self, kv_head: usize) -> Range<usize> {
        let heads = self.heads.of(kv_head);
        heads.start * self.rows..heads.end * self.rows
    }

    /// Scores of all queries with all keys, whether seen or not: four keys at a time, those of all heads before the next, as
    /// memory likes it.
    #[inline(never)]
    fn score_block<R: Rounding, E: Element>(&mut self, block: &Block<E>) {
        for quad in block.quads() {
            for kv_head in 0..self.heads.kv_count() {
                let keys = block.keys.four(quad, kv_head);
                self.score_quad::<R, E>(self.queries_of(kv_head), quad, keys);
            }
        }
    }

    /// Scores of some queries, two at a time, with four keys.
    #[inline(always)]
    fn score_quad<R: Rounding, E: Element>(
        &mut self,
        range: Range<usize>,
        quad: usize,
        keys: [&[[E; 8]]; 4],
    ) {
        let eights = self.eights[0];
        let mut queries = &self.queries[range.start * eights..range.end * eights];
        for scores in self.scores[range].chunks_mut(2) {
            let (first, rest) = queries.split_at(eights);
            match scores {
                [a, b] => {
                    let (second, rest) = rest.split_at(eights);
                    let [x, y] = score::<R, E, 2>([first, second], keys);
                    lanes::store(x, a, 4 * quad);
                    lanes::store(y, b, 4 * quad);
                    queries = rest;
                }
                [a] => {
                    let [x] = score::<R, E, 1>([first], keys);
                    lanes::store(x, a, 4 * quad);
                }
                _ => {}
            }
        }
    }

    /// Turns a block's scores into weights, and fits what was added before to them.
    #[inline(never)]
    fn weigh<E>(&mut self, block: &Block<E>) {
        let eights = self.eights[1];
        let exp = Exp::new();
        for kv_head in 0..self.heads.kv_count() {
            let all = self.queries_of(kv_head);
            let per_row = all.len() / self.rows;
            for (i, query) in all.enumerate() {
                let seen = block.seen[i / per_row];
                if seen != 0 {
                    let factor = self.sums[query].add(&exp, &mut self.scores[query], seen);
                    scale(&mut self.out[query * eights..(query + 1) * eights], factor);
                }
            }
        }
    }

    /// Adds the weighted values that each row sees; where all rows see all of them, several rows at a time.
    fn accumulate_strips<R: Rounding, E>(&mut self, values: &[Strip], block: &Block<E>) {
        let eights = self.eights[1];
        for (kv_head, values) in values.chunks_exact(eights).enumerate() {
            let all = self.queries_of(kv_head);
            let parts = if block.is_seen_by_all(self.rows) { 1 } else { self.rows };
            let count = all.len() / parts;
            for (part, &seen) in block.seen[..parts].iter().enumerate() {
                let range = all.start + part * count..all.start + (part + 1) * count;
                let outs = self.out[range.start * eights..range.end * eights].chunks_mut(TOGETHER * eights);
                for (out, weights) in outs.zip(self.scores[range].chunks(TOGETHER)) {
                    accumulate_strips::<R>(weights, seen, values, out);
                }
            }
        }
    }

    /// Adds the weighted values that a single row sees: up to four at a time, those of all heads before the next.
    #[inline(never)]
    fn accumulate_rows<R: Rounding, E: Element>(&mut self, values: &Rows<E>, seen: Mask) {
        for quad in 0..BLOCK / 4 {
            for kv_head in 0..self.heads.kv_count() {
                let values = values.four(quad, kv_head);
                match seen >> (4 * quad) & 15 {
                    15 => self.accumulate::<R, E, 4>(kv_head, 4 * quad, values),
                    seen => {
                        for lane in (0..4).filter(|lane| seen >> lane & 1 != 0) {
                            self.accumulate::<R, E, 1>(kv_head, 4 * quad + lane, [values[lane]]);
                        }
                    }
                }
            }
        }
    }

    /// Adds K weighted values to the results of a single row, two heads at a time.
    #[inline(always)]
    fn accumulate<R: Rounding, E: Element, const K: usize>(
        &mut self,
        kv_head: usize,
        index: usize,
        values: [&[[E; 8]]; K],
    ) {
        let eights = self.eights[1];
        let range = self.heads.of(kv_head);
        let mut outs = &mut self.out[range.start * eights..range.end * eights];
        for weights in self.scores[range].chunks(2) {
            let (out, rest) = outs.split_at_mut(weights.len() * eights);
            outs = rest;
            match weights {
                [a, b] => accumulate::<R, E, 2, K>([a, b].map(|x| &x[index..]), values, out),
                [a] => accumulate::<R, E, 1, K>([&a[index..]], values, out),
                _ => {}
            }
        }
    }

    /// Divides by the sums of the weights, and writes.
    pub fn store<T: Element>(&self, rows: Range<usize>, out: &mut ViewMut) {
        let results = self.out.chunks_exact(self.eights[1]).zip(self.sums.iter().map(|sums| sums.total));
        self.heads.store::<T>(results, rows, out);
    }
}

/// Multiplies a row.
#[inline(always)]
fn scale(row: &mut [[f32; 8]], factor: F32x4) {
    if factor.to_array()[0] == 1.0 {
        return;
    }
    for eight in row {
        for four in eight.as_chunks_mut().0 {
            (F32x4::load(four) * factor).store(four);
        }
    }
}
