//! Attention against its scalar twin, and against itself in parts.
use super::*;
use crate::kv_cache::{Half, SlotMatrix, Slots};
use crate::rope_append::append;
use crate::simd::F32x4;
use crate::testing::{assert_close, random};
use crate::view::ViewMut;

/// A sequence of positions, and how it is seen.
#[derive(Clone, Copy)]
struct Case {
    num_heads: usize,
    num_kv_heads: usize,
    head_dim: usize,
    v_head_dim: usize,
    slots: Slots,
    lookback: Option<usize>,
    is_finite: bool,
}

/// Queries, keys and values of all positions.
struct Sequence {
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
}

impl Case {
    fn sequence(&self, length: usize) -> Sequence {
        Sequence {
            queries: random(1, length * self.num_heads * self.head_dim),
            keys: random(2, length * self.num_kv_heads * self.head_dim),
            values: random(3, length * self.num_kv_heads * self.v_head_dim),
        }
    }

    /// Appends and attends in chunks of the given sizes.
    fn run<T: Element>(&self, sequence: &Sequence, chunks: &[usize]) -> Vec<f32> {
        let length: usize = chunks.iter().sum();
        let kept = self.slots.ring_size.map_or(length, |size| size + self.slots.num_meta_tokens);
        let (columns, v_columns) = (self.num_kv_heads * self.head_dim, self.num_kv_heads * self.v_head_dim);
        let (stride, v_stride) = (columns + 3, v_columns + 5);
        let mut keys = vec![T::encode([F32x4::splat(f32::NAN); 2])[0]; kept * stride];
        let mut values = vec![T::encode([F32x4::splat(f32::NAN); 2])[0]; kept * v_stride];
        let mut out = vec![f32::NAN; length * self.num_heads * self.v_head_dim];
        let mut position = 0;
        for &l in chunks {
            let rows = |values: &[f32], columns: usize| values[position * columns..][..l * columns].to_vec();
            let (k, v) = (rows(&sequence.keys, columns), rows(&sequence.values, v_columns));
            append(View::packed(&k, columns), None, self.slots, position, &mut keys, stride);
            append(View::packed(&v, v_columns), None, self.slots, position, &mut values, v_stride);
            let cache = Cache {
                keys: SlotMatrix { values: &keys, stride },
                values: SlotMatrix { values: &values, stride: v_stride },
                slots: self.slots,
                num_kv_heads: self.num_kv_heads,
            };
            let queries = rows(&sequence.queries, self.num_heads * self.head_dim);
            let width = self.num_heads * self.v_head_dim;
            let to = ViewMut::packed(&mut out[position * width..][..l * width], width);
            let reach = Reach { position, lookback: self.lookback };
            attention(
                View::packed(&queries, self.num_heads * self.head_dim),
                self.num_heads,
                cache,
                self.is_finite,
                reach,
                to,
            );
            position += l;
        }
        out
    }

    /// The scalar twin: two passes over all keys, each tested against the rule.
    fn exact(&self, sequence: &Sequence, length: usize) -> Vec<f64> {
        let at = |values: &[f32], i: usize| f64::from(values[i]);
        let mut out = vec![];
        for position in 0..length {
            for head in 0..self.num_heads {
                let kv_head = head * self.num_kv_heads / self.num_heads;
                let query = (position * self.num_heads + head) * self.head_dim;
                let near = |j: usize| self.lookback.is_none_or(|lookback| position - j <= lookback);
                let seen: Vec<usize> =
                    (0..=position).filter(|&j| j < self.slots.num_meta_tokens || near(j)).collect();
                let score = |&j: &usize| {
                    let key = (j * self.num_kv_heads + kv_head) * self.head_dim;
                    let terms = (0..self.head_dim)
                        .map(|i| at(&sequence.queries, query + i) * at(&sequence.keys, key + i));
                    (terms.sum::<f64>() / (self.head_dim as f64).sqrt()).exp()
                };
                let weights: Vec<f64> = seen.iter().map(score).collect();
                let total: f64 = weights.iter().sum();
                out.extend((0..self.v_head_dim).map(|i| {
                    let value = |j: usize| {
                        at(&sequence.values, (j * self.num_kv_heads + kv_head) * self.v_head_dim + i)
                    };
                    seen.iter().zip(&weights).map(|(&j, w)| w / total * value(j)).sum::<f64>()
                }));
            }
        }
        out
    }
}

fn slots(num_meta_tokens: usize, ring_size: Option<usize>) -> Slots {
    Slots { num_meta_tokens, ring_size }
}

const CASE: Case = Case {
    num_heads: 4,
    num_kv_heads: 2,
    head_dim: 8,
    v_head_dim: 16,
    slots: Slots { num_meta_tokens: 5, ring_size: Some(50) },
    lookback: Some(37),
    is_finite: true,
};

#[test]
fn attention_agrees_with_its_twin_for_every_shape() {
    for (num_heads, num_kv_heads) in [(1, 1), (2, 1), (3, 1), (5, 1), (4, 4), (6, 2), (5, 2), (10, 2)] {
        for (head_dim, v_head_dim) in [(2, 1), (4, 4), (6, 3), (8, 16), (10, 17), (12, 37), (64, 128)] {
            let case = Case { num_heads, num_kv_heads, head_dim, v_head_dim, ..CASE };
            let sequence = case.sequence(45);
            let exact = case.exact(&sequence, 45);
            assert_close(&case.run::<f32>(&sequence, &[10, 1, 9, 12, 13]), &exact, 1e-6);
            assert_close(&case.run::<Half>(&sequence, &[10, 1, 9, 12, 13]), &exact, 2e-3);
        }
    }
}

#[test]
fn attention_sees_what_the_rule_says_around_every_edge() {
    for num_meta_tokens in [0, 1, 31, 32, 33, 40] {
        for lookback in [0, 1, 30, 31, 32, 33, 63, 64] {
            let slots = slots(num_meta_tokens, Some(lookback + 10));
            let case = Case { head_dim: 4, v_head_dim: 4, slots, lookback: Some(lookback), ..CASE };
            let sequence = case.sequence(120);
            let exact = case.exact(&sequence, 120);
            assert_close(&case.run::<f32>(&sequence, &[10; 12]), &exact, 1e-6);
        }
    }
}

#[test]
fn attention_does_not_depend_on_the_split() {
    for slots in
        [slots(5, Some(50)), slots(0, Some(47)), slots(33, Some(64)), slots(33, None), slots(0, None)]
    {
        for lookback in [Some(0), Some(33), Some(37)] {
            let case = Case { slots, lookback, ..CASE };
            let sequence = case.sequence(140);
            let steps = case.run::<f32>(&sequence, &[1; 140]);
            for chunks in
                [&[10; 14][..], &[7; 20], &[9, 1, 8, 2, 10, 3, 7, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10]]
            {
                assert_eq!(case.run::<f32>(&sequence, chunks), steps);
            }
            assert_eq!(case.run::<Half>(&sequence, &[10; 14]), case.run::<Half>(&sequence, &[1; 140]));
        }
    }
}

#[test]
fn attention_with_a_window_of_the_whole_sequence_is_full_attention() {
    let windowed = Case { slots: slots(5, Some(300)), lookback: Some(139), ..CASE };
    let full = Case { slots: slots(5, None), lookback: None, ..CASE };
    let sequence = full.sequence(140);
    let steps = full.run::<f32>(&sequence, &[1; 140]);
    assert_eq!(full.run::<f32>(&sequence, &[140]), steps);
    assert_eq!(windowed.run::<f32>(&sequence, &[140]), steps);
}

#[test]
fn attention_does_not_depend_on_whether_f16_may_be_infinite_where_none_is() {
    for (head_dim, v_head_dim) in [(8, 16), (10, 17), (64, 128)] {
        for slots in [slots(5, Some(50)), slots(33, None)] {
            let case = Case { head_dim, v_head_dim, slots, ..CASE };
            let sequence = case.sequence(70);
            let finite = case.run::<Half>(&sequence, &[1; 70]);
            assert_eq!(Case { is_finite: false, ..case }.run::<Half>(&sequence, &[1; 70]), finite);
        }
    }
}

#[test]
fn attention_gives_nan_to_the_rows_that_see_it_and_to_no_others() {
    let case = Case { slots: slots(5, None), lookback: Some(20), is_finite: false, ..CASE };
    let finite = case.sequence(60);
    let mut sequence = case.sequence(60);
    // Of one position's first key/value head, which two of four heads read.
    sequence.values[30 * 2 * 16 + 3] = f32::NAN;
    for chunks in [&[1; 60][..], &[20; 3], &[60]] {
        let (out, finite) = (case.run::<Half>(&sequence, chunks), case.run::<Half>(&finite, chunks));
        for (at, (&got, &wanted)) in out.iter().zip(&finite).enumerate() {
            let (position, head, i) = (at / 64, at / 16 % 4, at % 16);
            let is_nan = (30..=50).contains(&position) && head < 2 && i == 3;
            assert!(
                if is_nan { got.is_nan() } else { got == wanted },
                "element {i} of head {head} at {position}"
            );
        }
    }
}

#[test]
fn attention_survives_scores_that_overflow_exp() {
    let case = Case { lookback: None, slots: slots(0, None), ..CASE };
    let mut sequence = case.sequence(70);
    sequence.queries.iter_mut().for_each(|x| *x *= 1e3);
    let out = case.run::<f32>(&sequence, &[70]);
    assert!(out.iter().all(|x| x.abs() <= 2.0));
}
