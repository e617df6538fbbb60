//! Rows of any length as vectors of four lanes, and the dot products that attention and the scan share.
use crate::rounding::Rounding;
use crate::simd::F32x4;

/// Elements `start .. start + 4` of a row, zeros behind its end.
#[inline(always)]
pub fn load(row: &[f32], start: usize) -> F32x4 {
    let rest = &row[start..];
    match rest.first_chunk() {
        Some(lanes) => F32x4::load(lanes),
        None => F32x4::load_partial(rest),
    }
}

/// Writes elements `start .. start + 4` of a row, as far as it goes.
#[inline(always)]
pub fn store(values: F32x4, row: &mut [f32], start: usize) {
    let rest = &mut row[start..];
    match rest.first_chunk_mut() {
        Some(lanes) => values.store(lanes),
        None => values.store_partial(rest),
    }
}

/// Dot products of `N` vectors with four rows; all are as long as the first vector. Each product is summed in the same
/// order whatever `N` is.
#[inline(always)]
pub fn dots<R: Rounding, const N: usize>(vectors: [&[f32]; N], rows: [&[f32]; 4]) -> [F32x4; N] {
    let length = vectors[0].len();
    let split = |row| -> (&[[f32; 4]], &[f32]) { <[f32]>::as_chunks(&(row as &[f32])[..length]) };
    let (vectors, rows) = (vectors.map(split), rows.map(split));
    let mut sums = [[F32x4::zero(); 4]; N];
    for i in 0..length / 4 {
        let lanes = rows.map(|row| F32x4::load(&row.0[i]));
        for (sums, vector) in sums.iter_mut().zip(vectors) {
            let vector = F32x4::load(&vector.0[i]);
            *sums = core::array::from_fn(|row| R::mul_add(vector, lanes[row], sums[row]));
        }
    }
    if !length.is_multiple_of(4) {
        let lanes = rows.map(|row| F32x4::load_partial(row.1));
        for (sums, vector) in sums.iter_mut().zip(vectors) {
            let vector = F32x4::load_partial(vector.1);
            *sums = core::array::from_fn(|row| R::mul_add(vector, lanes[row], sums[row]));
        }
    }
    sums.map(F32x4::sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounding::Twice;
    use crate::testing::random;

    #[test]
    fn load_and_store_stop_at_the_end_of_the_row() {
        for length in 0..9 {
            for start in 0..=length {
                let row = random(1, length);
                let count = (length - start).min(4);
                let mut expected = [0.0; 4];
                expected[..count].copy_from_slice(&row[start..start + count]);
                let lanes = load(&row, start);
                assert_eq!(lanes.to_array(), expected);
                let mut copy = vec![f32::NAN; length];
                store(lanes, &mut copy, start);
                assert_eq!(copy[start..start + count], expected[..count]);
                assert!(copy[..start].iter().chain(&copy[start + count..]).all(|x| x.is_nan()));
            }
        }
    }

    #[test]
    fn dots_are_the_scalar_ones_for_every_length() {
        for length in 1..=37 {
            let values = random(length as u32, 6 * length);
            let row = |i: usize| &values[i * length..(i + 1) * length];
            let rows = [row(0), row(1), row(2), row(3)];
            let pair = dots::<Twice, 2>([row(4), row(5)], rows);
            for (q, got) in pair.iter().enumerate() {
                assert_eq!(got.to_array(), dots::<Twice, 1>([row(4 + q)], rows)[0].to_array());
                for (&got, other) in got.to_array().iter().zip(rows) {
                    let exact: f64 =
                        row(4 + q).iter().zip(other).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    assert!((f64::from(got) - exact).abs() < 1e-5, "{got}, not {exact}, at length {length}");
                }
            }
        }
    }
}
