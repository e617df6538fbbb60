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
    let whole = values.width() / 4;
    let mut vector = 0;
    while vector + 4 <= whole {
        accumulate::<N, 4>(&scores, values, count, vector, corrections, out);
        vector += 4;
    }
    while vector < whole {
        accumulate::<N, 1>(&scores, values, count, vector, corrections, out);
        vector += 1;
    }
    accumulate_rest(&scores, values, count, corrections, out);
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

/// Adds weighted values to V vectors of the outputs, from vector `first` on.
#[inline(always)]
fn accumulate<const N: usize, const V: usize>(
    weights: &[[f32; BLOCK]; N],
    values: Rows,
    count: usize,
    first: usize,
    corrections: [F32x4; N],
    out: &mut [f32],
) {
    let width = values.width();
    let columns = 4 * first..4 * (first + V);
    let mut sums: [[F32x4; V]; N] = core::array::from_fn(|n| {
        let before = out[n * width..][columns.clone()].as_chunks().0;
        core::array::from_fn(|v| F32x4::load(&before[v]) * corrections[n])
    });
    for j in 0..count {
        let row = values.row(j)[columns.clone()].as_chunks().0;
        let vectors: [F32x4; V] = core::array::from_fn(|v| F32x4::load(&row[v]));
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let weight = F32x4::splat(weights[j]);
            *sums = core::array::from_fn(|v| sums[v] + weight * vectors[v]);
        }
    }
    for (n, sums) in sums.into_iter().enumerate() {
        let after = out[n * width..][columns.clone()].as_chunks_mut().0;
        for (sum, after) in sums.into_iter().zip(after) {
            sum.store(after);
        }
    }
}

/// Adds weighted values to the columns that fill no vector.
fn accumulate_rest<const N: usize>(
    weights: &[[f32; BLOCK]; N],
    values: Rows,
    count: usize,
    corrections: [F32x4; N],
    out: &mut [f32],
) {
    let width = values.width();
    let columns = width / 4 * 4..width;
    if columns.is_empty() {
        return;
    }
    for n in 0..N {
        let out = &mut out[n * width..][columns.clone()];
        let mut sum = F32x4::load_partial(out) * corrections[n];
        for (j, &weight) in weights[n][..count].iter().enumerate() {
            sum = sum + F32x4::splat(weight) * F32x4::load_partial(&values.row(j)[columns.clone()]);
        }
        sum.store_partial(out);
    }
}
