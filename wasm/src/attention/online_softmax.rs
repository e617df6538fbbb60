//! One step of online softmax (Milakov and Gimelshein, arXiv:1805.02867): a block of keys comes to N queries of one head.
//! What a query computes does not depend on N, nor on which other keys a block holds.
use core::ops::Range;

use super::block::BLOCK;
use crate::lanes;
use crate::math::exp;
use crate::rounding::Rounding;
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

/// Scores of N queries, which lie one behind the other, with a quad of keys.
#[inline(always)]
pub fn score<R: Rounding, const N: usize>(
    queries: &[f32],
    keys: [&[f32]; 4],
    scores: [&mut [f32; BLOCK]; N],
    quad: usize,
) {
    let width = keys[0].len();
    let queries: [&[f32]; N] = core::array::from_fn(|n| &queries[n * width..(n + 1) * width]);
    for (scores, products) in scores.into_iter().zip(lanes::dots::<R, N>(queries, keys)) {
        lanes::store(products, scores, 4 * quad);
    }
}

impl Sums {
    /// Turns the scores that are `seen` into weights `e^(score - highest)`, which are 0 beside them in the same vectors, and adds
    /// them up; returns the factor for what was added before.
    #[inline(always)]
    pub fn add(&mut self, scores: &mut [f32; BLOCK], seen: Range<usize>) -> F32x4 {
        let vectors = seen.start / 4..seen.end.div_ceil(4);
        scores[4 * vectors.start..seen.start].fill(f32::NEG_INFINITY);
        scores[seen.end..4 * vectors.end].fill(f32::NEG_INFINITY);
        let scores = &mut scores.as_chunks_mut().0[vectors];
        let highest = scores
            .iter()
            .fold(F32x4::splat(self.highest), |highest, scores| highest.pmax(F32x4::load(scores)));
        let [a, b, c, d] = highest.to_array();
        let highest = a.max(b).max(c.max(d));
        let correction = exp(F32x4::splat(self.highest - highest));
        let mut total = F32x4::zero();
        for scores in scores {
            let weights = exp(F32x4::load(scores) - F32x4::splat(highest));
            weights.store(scores);
            total = total + weights;
        }
        let [factor, ..] = correction.to_array();
        *self = Self { highest, total: self.total * factor + total.sum() };
        correction
    }
}

/// Multiplies a row.
#[inline(always)]
pub fn scale(row: &mut [f32], factor: F32x4) {
    for start in (0..row.len()).step_by(4) {
        lanes::store(lanes::load(row, start) * factor, row, start);
    }
}

/// Adds the values of a quad that are `seen`, one after the other in every element, to N outputs, which lie one behind the other.
#[inline(always)]
pub fn accumulate<R: Rounding, const N: usize>(
    weights: [&[f32; BLOCK]; N],
    values: [&[f32]; 4],
    quad: usize,
    seen: Range<usize>,
    out: &mut [f32],
) {
    if seen.len() == 4 {
        add::<R, N, 4>(weights.map(|weights| &weights[4 * quad..]), values, out);
    } else {
        for key in seen {
            add::<R, N, 1>(weights.map(|weights| &weights[key..]), [values[key - 4 * quad]], out);
        }
    }
}

/// Adds K weighted rows.
#[inline(always)]
fn add<R: Rounding, const N: usize, const K: usize>(
    weights: [&[f32]; N],
    values: [&[f32]; K],
    out: &mut [f32],
) {
    let width = values[0].len();
    let weights = weights.map(|weights| -> [F32x4; K] { core::array::from_fn(|k| F32x4::splat(weights[k])) });
    for start in (0..width).step_by(4) {
        let values = values.map(|row| lanes::load(&row[..width], start));
        for (weights, out) in weights.iter().zip(out.chunks_exact_mut(width)) {
            let before = lanes::load(out, start);
            let sum = weights
                .iter()
                .zip(values)
                .fold(before, |sum, (&weight, value)| R::mul_add(weight, value, sum));
            lanes::store(sum, out, start);
        }
    }
}
