//! Products of queries and keys, and of weights and values: numbers of one head, whole eights of them. A query's product does
//! not depend on how many others are computed beside it.
use super::source::{BLOCK, Mask, Strip};
use crate::kv_cache::Element;
use crate::lanes;
use crate::rounding::Rounding;
use crate::simd::F32x4;

/// Queries whose results `accumulate_strips` keeps in registers.
pub const TOGETHER: usize = 4;

/// Scores of N queries with four keys.
#[inline(always)]
pub fn score<R: Rounding, E: Element, const N: usize>(
    queries: [&[[f32; 8]]; N],
    keys: [&[[E; 8]]; 4],
) -> [F32x4; N] {
    let eights = keys[0].len();
    let (queries, keys) = (queries.map(|query| &query[..eights]), keys.map(|key| &key[..eights]));
    let mut sums = [[F32x4::zero(); 4]; N];
    for i in 0..eights {
        for half in 0..2 {
            let queries: [F32x4; N] = queries.map(|query| f32::eight(&query[i])[half]);
            for key in 0..4 {
                let numbers = E::eight(&keys[key][i])[half];
                for n in 0..N {
                    sums[n][key] = R::mul_add(queries[n], numbers, sums[n][key]);
                }
            }
        }
    }
    sums.map(|sums| F32x4::sums(sums) * F32x4::splat(E::SCORE_UNIT))
}

/// Adds K weighted values to N outputs, one after the other in every element.
#[inline(always)]
pub fn accumulate<R: Rounding, E: Element, const N: usize, const K: usize>(
    weights: [&[f32]; N],
    values: [&[[E; 8]]; K],
    out: &mut [[f32; 8]],
) {
    let unit = F32x4::splat(E::UNIT);
    let weights: [[F32x4; K]; N] =
        weights.map(|weights| core::array::from_fn(|k| F32x4::splat(weights[k]) * unit));
    let eights = values[0].len();
    let values = values.map(|value| &value[..eights]);
    let mut rest = out;
    let outs: [&mut [[f32; 8]]; N] = core::array::from_fn(|_| {
        let (first, others) = core::mem::take(&mut rest).split_at_mut(eights);
        rest = others;
        first
    });
    for i in 0..eights {
        for half in 0..2 {
            let mut sums: [F32x4; N] = core::array::from_fn(|n| f32::eight(&outs[n][i])[half]);
            for k in 0..K {
                let numbers = E::eight(&values[k][i])[half];
                for n in 0..N {
                    sums[n] = R::mul_add(weights[n][k], numbers, sums[n]);
                }
            }
            for n in 0..N {
                sums[n].store(&mut outs[n][i].as_chunks_mut().0[half]);
            }
        }
    }
}

/// Adds the weighted values of those rows of a block that up to four queries see, in the order of `accumulate`.
#[inline(never)]
pub fn accumulate_strips<R: Rounding>(
    weights: &[[f32; BLOCK]],
    seen: Mask,
    values: &[Strip],
    out: &mut [[f32; 8]],
) {
    match weights.first_chunk::<TOGETHER>() {
        Some(four) => accumulate_together::<R, TOGETHER>(four, seen, values, out),
        None => {
            for (weights, out) in weights.iter().zip(out.chunks_exact_mut(values.len())) {
                accumulate_together::<R, 1>(&[*weights], seen, values, out);
            }
        }
    }
}

#[inline(always)]
fn accumulate_together<R: Rounding, const N: usize>(
    weights: &[[f32; BLOCK]; N],
    seen: Mask,
    values: &[Strip],
    mut out: &mut [[f32; 8]],
) {
    let weights = transpose(weights);
    let outs: [&mut [[f32; 8]]; N] = core::array::from_fn(|_| {
        let (first, others) = core::mem::take(&mut out).split_at_mut(values.len());
        out = others;
        first
    });
    for (i, values) in values.iter().enumerate() {
        let mut sums: [[F32x4; 2]; N] = core::array::from_fn(|n| f32::eight(&outs[n][i]));
        if seen == Mask::MAX {
            for (weights, values) in weights.iter().zip(values) {
                add::<R, N>(&mut sums, *weights, values);
            }
        } else {
            for index in (0..BLOCK).filter(|index| seen >> index & 1 != 0) {
                add::<R, N>(&mut sums, weights[index], &values[index]);
            }
        }
        for n in 0..N {
            outs[n][i] = f32::encode(sums[n]);
        }
    }
}

#[inline(always)]
fn add<R: Rounding, const N: usize>(sums: &mut [[F32x4; 2]; N], weights: F32x4, values: &[f32; 8]) {
    let lanes = [
        weights.repeat_lane::<0>(),
        weights.repeat_lane::<1>(),
        weights.repeat_lane::<2>(),
        weights.repeat_lane::<3>(),
    ];
    let values = f32::eight(values);
    for n in 0..N {
        sums[n] = core::array::from_fn(|half| R::mul_add(lanes[n], values[half], sums[n][half]));
    }
}

/// For each row of a block, the weights of up to four queries.
#[inline(always)]
fn transpose<const N: usize>(weights: &[[f32; BLOCK]; N]) -> [F32x4; BLOCK] {
    const { assert!(N <= 4) };
    let mut lanes = [F32x4::zero(); BLOCK];
    for (i, lanes) in lanes.as_chunks_mut().0.iter_mut().enumerate() {
        let four = |n: usize| weights.get(n).map_or(F32x4::zero(), |weights| lanes::load(weights, 4 * i));
        *lanes = F32x4::transposed([four(0), four(1), four(2), four(3)]);
    }
    lanes
}
