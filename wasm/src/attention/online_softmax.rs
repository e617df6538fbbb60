//! One step of online softmax (Milakov and Gimelshein, arXiv:1805.02867): a block of keys comes to N queries of one head.
//! What a query computes does not depend on N, nor on which other keys a block holds.
use super::block::{BLOCK, Rows};
use crate::lanes;
use crate::math::exp;
use crate::simd::F32x4;

/// A query's softmax so far.
#[derive(Clone, Copy)]
pub struct Sums {
    /// Highest score.
    highest: f32,
    /// Sum of `e^(score - highest)`.
    pub total: f32,
}

impl Default for Sums {
    fn default() -> Self {
        Self { highest: f32::NEG_INFINITY, total: 0.0 }
    }
}

/// Adds the first `count` keys (at most BLOCK) to the results of N queries, which lie one behind the other, as their
/// unfinished outputs do.
pub fn update<const N: usize>(
    queries: &[f32],
    keys: Rows,
    values: Rows,
    count: usize,
    sums: &mut [Sums],
    out: &mut [f32],
) {
    let mut scores = [[f32::NEG_INFINITY; BLOCK]; N];
    score(queries, keys, count, &mut scores);
    let mut corrections = [F32x4::zero(); N];
    for (n, correction) in corrections.iter_mut().enumerate() {
        *correction = F32x4::splat(sums[n].add(&mut scores[n][..count.next_multiple_of(4)]));
    }
    let width = values.width();
    let mut start = 0;
    while start + 16 <= width {
        accumulate::<N, 4>(&scores, values, count, start, corrections, out);
        start += 16;
    }
    while start < width {
        accumulate::<N, 1>(&scores, values, count, start, corrections, out);
        start += 4;
    }
}

/// Scores of all queries; those behind `count` stay -inf.
#[inline(always)]
fn score<const N: usize>(queries: &[f32], keys: Rows, count: usize, scores: &mut [[f32; BLOCK]; N]) {
    let width = keys.width();
    let queries: [&[f32]; N] = core::array::from_fn(|n| &queries[n * width..(n + 1) * width]);
    for first in (0..count).step_by(4) {
        // Lanes behind the last key repeat it.
        let rows = [0, 1, 2, 3].map(|lane| keys.row((first + lane).min(count - 1)));
        for (scores, products) in scores.iter_mut().zip(lanes::dots(queries, rows)) {
            let seen = (count - first).min(4);
            products.store_partial(&mut scores[first..first + seen]);
        }
    }
}

impl Sums {
    /// Turns scores into weights `e^(score - highest)` and adds them up; returns the factor for what was added before.
    #[inline(always)]
    fn add(&mut self, scores: &mut [f32]) -> f32 {
        let scores = scores.as_chunks_mut().0;
        let highest = scores
            .iter()
            .fold(F32x4::splat(self.highest), |highest, scores| highest.pmax(F32x4::load(scores)));
        let [a, b, c, d] = highest.to_array();
        let highest = a.max(b).max(c.max(d));
        let correction = exp(F32x4::splat(self.highest - highest)).to_array()[0];
        let mut total = F32x4::zero();
        for scores in scores {
            let weights = exp(F32x4::load(scores) - F32x4::splat(highest));
            weights.store(scores);
            total = total + weights;
        }
        *self = Self { highest, total: self.total * correction + total.sum() };
        correction
    }
}

/// Adds weighted values to V vectors of the outputs, from column `start` on.
#[inline(always)]
fn accumulate<const N: usize, const V: usize>(
    weights: &[[f32; BLOCK]; N],
    values: Rows,
    count: usize,
    start: usize,
    corrections: [F32x4; N],
    out: &mut [f32],
) {
    let width = values.width();
    let mut sums: [[F32x4; V]; N] = core::array::from_fn(|n| {
        let row = &out[n * width..(n + 1) * width];
        core::array::from_fn(|v| lanes::load(row, start + 4 * v) * corrections[n])
    });
    for j in 0..count {
        let row = values.row(j);
        let vectors: [F32x4; V] = core::array::from_fn(|v| lanes::load(row, start + 4 * v));
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let weight = F32x4::splat(weights[j]);
            *sums = core::array::from_fn(|v| sums[v] + weight * vectors[v]);
        }
    }
    for (n, sums) in sums.into_iter().enumerate() {
        let row = &mut out[n * width..(n + 1) * width];
        for (v, sum) in sums.into_iter().enumerate() {
            lanes::store(sum, row, start + 4 * v);
        }
    }
}
