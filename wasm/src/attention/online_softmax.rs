//! One step of online softmax (Milakov and Gimelshein, arXiv:1805.02867): scores of a block of keys come to a query.
//! What a query computes does not depend on which other keys a block holds.
use super::source::{BLOCK, Mask};
use crate::math::Exp;
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

impl Sums {
    /// Turns the scores that are `seen` into weights `e^(score - highest)`, those of others into 0, and adds
    /// them up; returns the factor for what was added before.
    #[inline(always)]
    pub fn add(&mut self, exp: &Exp, scores: &mut [f32; BLOCK], seen: Mask) -> F32x4 {
        if seen != Mask::MAX {
            let unseen = scores.iter_mut().enumerate().filter(|(index, _)| seen >> index & 1 == 0);
            unseen.for_each(|(_, score)| *score = f32::NEG_INFINITY);
        }
        let scores = scores.as_chunks_mut().0;
        let highest = scores
            .iter()
            .fold(F32x4::splat(self.highest), |highest, scores| highest.pmax(F32x4::load(scores)));
        let [a, b, c, d] = highest.to_array();
        let highest = a.max(b).max(c.max(d));
        let correction = exp.decay(F32x4::splat(self.highest - highest));
        let mut total = F32x4::zero();
        for scores in scores {
            let weights = exp.decay(F32x4::load(scores) - F32x4::splat(highest));
            weights.store(scores);
            total = total + weights;
        }
        let [factor, ..] = correction.to_array();
        *self = Self { highest, total: self.total * factor + total.sum() };
        correction
    }
}
