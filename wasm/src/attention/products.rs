//! Products of queries and keys, and of weights and values: numbers of one head, whole eights of them. A query's product does
//! not depend on how many others are computed beside it.
use super::source::{BLOCK, Mask, Strip};
use crate::kv_cache::Element;
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
    let weights = transpose(weights);
    let eights = values.len();
    let count = out.len() / eights;
    for (i, values) in values.iter().enumerate() {
        let mut sums = [[F32x4::zero(); 2]; TOGETHER];
        for (n, sums) in sums[..count].iter_mut().enumerate() {
            *sums = f32::eight(&out[n * eights + i]);
        }
        if seen == Mask::MAX {
            add_strip::<R>(&mut sums, &weights, values);
        } else {
            for index in (0..BLOCK).filter(|index| seen >> index & 1 != 0) {
                add::<R>(&mut sums, weights[index], &values[index]);
            }
        }
        for (n, sums) in sums[..count].iter().enumerate() {
            out[n * eights + i] = f32::encode(*sums);
        }
    }
}

#[inline(always)]
fn add_strip<R: Rounding>(sums: &mut [[F32x4; 2]; TOGETHER], weights: &[F32x4; BLOCK], values: &Strip) {
    for (weights, values) in weights.iter().zip(values) {
        add::<R>(sums, *weights, values);
    }
}

#[inline(always)]
fn add<R: Rounding>(sums: &mut [[F32x4; 2]; TOGETHER], weights: F32x4, values: &[f32; 8]) {
    let values = f32::eight(values);
    add_query::<R, 0>(sums, weights, values);
    add_query::<R, 1>(sums, weights, values);
    add_query::<R, 2>(sums, weights, values);
    add_query::<R, 3>(sums, weights, values);
}

#[inline(always)]
fn add_query<R: Rounding, const N: usize>(
    sums: &mut [[F32x4; 2]; TOGETHER],
    weights: F32x4,
    values: [F32x4; 2],
) {
    let weight = weights.repeat_lane::<N>();
    for half in 0..2 {
        sums[N][half] = R::mul_add(weight, values[half], sums[N][half]);
    }
}

/// For each row of a block, the weights of up to four queries.
fn transpose(weights: &[[f32; BLOCK]]) -> [F32x4; BLOCK] {
    core::array::from_fn(|index| {
        F32x4::from_array(core::array::from_fn(|n| weights.get(n).map_or(0.0, |weights| weights[index])))
    })
}
