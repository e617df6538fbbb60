//! rope_append: rotates queries and keys by their absolute positions, then writes keys and values into the cache's
//! slots (RoPE, arXiv:2104.09864; dimension i pairs with i + head_dim / 2).
//! queries: [l, num_heads * head_dim] f32; keys: [l, num_kv_heads * head_dim] f32; values: [l, num_kv_heads * v_head_dim] f32;
//! angles: [l, head_dim] f32, cosines then sines, computed once for all layers; cache: f32 or f16.
use crate::kv_cache::{Element, Slots};
use crate::lanes;
use crate::simd::{F32x4, I32x4};
use crate::view::{View, ViewMut};

/// Cosines and sines of `(first_position + t) * inverse_frequencies[i]`, in f64 by the libm of this module, so that no
/// engine's own differs.
pub fn rope_angles(inverse_frequencies: &[f64], first_position: usize, angles: &mut [f32]) {
    let half = inverse_frequencies.len();
    for (t, row) in angles.chunks_exact_mut(2 * half).enumerate() {
        let (cosines, sines) = row.split_at_mut(half);
        for ((cos, sin), frequency) in cosines.iter_mut().zip(sines).zip(inverse_frequencies) {
            let angle = (first_position + t) as f64 * frequency;
            *cos = angle.cos() as f32;
            *sin = angle.sin() as f32;
        }
    }
}

/// Writes every head of a row rotated by the angles of its position.
pub fn rotate(from: &[f32], angles: &[f32], to: &mut [f32]) {
    let (cosines, sines) = angles.split_at(angles.len() / 2);
    for (from, to) in from.chunks_exact(angles.len()).zip(to.chunks_exact_mut(angles.len())) {
        let (first, second) = from.split_at(cosines.len());
        let (to_first, to_second) = to.split_at_mut(cosines.len());
        for i in (0..cosines.len()).step_by(4) {
            let (a, b) = (lanes::load(first, i), lanes::load(second, i));
            let (cos, sin) = (lanes::load(cosines, i), lanes::load(sines, i));
            lanes::store(a * cos - b * sin, to_first, i);
            lanes::store(b * cos + a * sin, to_second, i);
        }
    }
}

/// Writes every row of `queries` rotated; row t by row t of `angles`.
pub fn rotate_rows(queries: View, angles: View, mut out: ViewMut) {
    for t in 0..queries.rows() {
        rotate(queries.row(t), angles.row(t), out.row(t));
    }
}

/// Writes the rows of `source`, rotated if there are angles, into the slots of positions `first_position ..`. Returns whether
/// all of it is finite, as stored.
pub fn append<T: Element>(
    source: View,
    angles: Option<View>,
    slots: Slots,
    first_position: usize,
    cache: &mut [T],
    stride: usize,
) -> bool {
    let mut row = vec![0.0; source.columns()];
    let mut is_finite = true;
    for t in 0..source.rows() {
        match angles {
            Some(angles) => rotate(source.row(t), angles.row(t), &mut row),
            None => row.copy_from_slice(source.row(t)),
        }
        let start = slots.slot(first_position + t) * stride;
        is_finite &= encode(&row, &mut cache[start..start + row.len()]);
    }
    is_finite
}

/// Stores numbers; whether all are finite then.
fn encode<T: Element>(from: &[f32], to: &mut [T]) -> bool {
    let mut finite = I32x4::splat(-1);
    for (start, to) in (0..from.len()).step_by(8).zip(to.chunks_mut(8)) {
        let values = [start, start + 4].map(|start| lanes::load(from, start.min(from.len())));
        for value in values {
            finite = finite & value.abs().lt(F32x4::splat(T::INFINITE));
        }
        to.copy_from_slice(&T::encode(values)[..to.len()]);
    }
    finite.to_array() == [-1; 4]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv_cache::Half;
    use crate::testing::{assert_close, random};

    fn frequencies(half: usize) -> Vec<f64> {
        (0..half).map(|i| 10000_f64.powf(-(i as f64) / half as f64)).collect()
    }

    /// Angles of one position.
    fn angles(half: usize, position: usize) -> Vec<f32> {
        let mut angles = vec![f32::NAN; 2 * half];
        rope_angles(&frequencies(half), position, &mut angles);
        angles
    }

    #[test]
    fn rope_angles_stay_exact_at_far_positions() {
        // cos and sin of 99999 and of 99999 * 0.01 rad: mpmath 1.3, 40 digits.
        let mut angles = [f32::NAN; 4];
        rope_angles(&[1.0, 0.01], 99_999, &mut angles);
        let exact = [
            -0.509_875_372_417_900_9,
            0.570_619_615_163_947_5,
            0.860_248_280_789_742,
            0.821_214_499_865_990_2,
        ];
        for (angle, exact) in angles.into_iter().zip(exact) {
            assert!((f64::from(angle) - exact).abs() < 4e-8, "{angle}, not {exact}");
        }
    }

    #[test]
    fn rope_angles_of_a_range_are_those_of_its_positions() {
        let mut range = vec![f32::NAN; 5 * 12];
        rope_angles(&frequencies(6), 1234, &mut range);
        for t in 0..5 {
            assert_eq!(range[t * 12..(t + 1) * 12], angles(6, 1234 + t));
        }
    }

    #[test]
    fn rotate_agrees_with_its_twin_for_every_head_size() {
        for half in 1..=19 {
            let heads = random(half as u32, 3 * 2 * half);
            let angles = angles(half, 77);
            let mut rotated = vec![f32::NAN; heads.len()];
            rotate(&heads, &angles, &mut rotated);
            let exact: Vec<f64> = (0..heads.len())
                .map(|at| {
                    let (head, i) = (at / (2 * half), at % (2 * half));
                    let angle = 77.0 * frequencies(half)[i % half];
                    let [a, b] = [i % half, i % half + half].map(|i| f64::from(heads[head * 2 * half + i]));
                    if i < half {
                        a * angle.cos() - b * angle.sin()
                    } else {
                        b * angle.cos() + a * angle.sin()
                    }
                })
                .collect();
            assert_close(&rotated, &exact, 2e-7);
        }
    }

    fn assert_appends<T: Element>(tolerance: f32) {
        let (columns, stride) = (6, 9);
        let slots = Slots { num_meta_tokens: 2, ring_size: Some(3) };
        let source = random(1, 3 * columns);
        let mut cache = vec![T::encode([F32x4::splat(-7.0); 2])[0]; 4 * stride + columns];
        assert!(append(View::packed(&source, columns), None, slots, 4, &mut cache, stride));
        let numbers: Vec<f32> = cache.iter().map(|&number| T::exact(&[number; 8])[0].to_array()[0]).collect();
        for (at, &number) in numbers.iter().enumerate() {
            // Positions 4, 5, 6 are in slots 4, 2, 3.
            let row = [None, None, Some(1), Some(2), Some(0)][at / stride];
            let expected = match row {
                Some(row) if at % stride < columns => source[row * columns + at % stride],
                _ => -7.0,
            };
            assert!((number - expected).abs() <= tolerance, "element {at} is {number}, not {expected}");
        }
    }

    #[test]
    fn append_writes_the_slots_of_the_positions_and_nothing_else() {
        assert_appends::<f32>(0.0);
        assert_appends::<Half>(1e-3);
    }

    #[test]
    fn append_rotates_keys_as_rotate_does() {
        let source = random(2, 8);
        let angles = angles(2, 5);
        let mut cache = vec![0.0_f32; 6 * 8];
        let slots = Slots { num_meta_tokens: 0, ring_size: None };
        append(View::packed(&source, 8), Some(View::packed(&angles, 4)), slots, 5, &mut cache, 8);
        let mut rotated = [f32::NAN; 8];
        rotate(&source, &angles, &mut rotated);
        assert_eq!(cache[40..], rotated);
    }

    #[test]
    fn append_tells_of_numbers_that_are_not_finite_as_stored() {
        let slots = Slots { num_meta_tokens: 0, ring_size: None };
        for (value, is_finite_half, is_finite) in [
            (65_519.0, true, true),
            (-65_520.0, false, true),
            (f32::NAN, false, false),
            (f32::INFINITY, false, false),
        ] {
            for at in 0..11 {
                let mut source = random(4, 11);
                source[at] = value;
                let source = View::packed(&source, 11);
                let mut halves = [Half(0); 11];
                assert_eq!(append(source, None, slots, 0, &mut halves, 11), is_finite_half);
                assert_eq!(halves.iter().all(|half| half.0 & 0x7c00 != 0x7c00), is_finite_half);
                assert_eq!(append(source, None, slots, 0, &mut [0.0_f32; 11], 11), is_finite);
            }
        }
    }
}
