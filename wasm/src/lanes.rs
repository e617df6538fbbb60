//! Rows of any length as vectors of four lanes, and dot products with four rows at once.
use crate::float_format::Format;
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

/// Dot products of a vector with four rows of its length, each summed in the same order whatever the rows' format is.
#[inline(always)]
pub fn dots<R: Rounding, F: Format>(vector: &[f32], rows: [&[F::Bits]; 4]) -> F32x4 {
    let mut sums = [F32x4::zero(); 4];
    let (blocks, last) = vector.as_chunks();
    let rows = rows.map(|row| row[..vector.len()].as_chunks());
    for (i, block) in blocks.iter().enumerate() {
        sums = add_products::<R, F>(sums, block, rows.map(|(blocks, _)| &blocks[i]));
    }
    if !last.is_empty() {
        let rows = rows.map(|(_, last)| padded(last, F::ZERO));
        sums = add_products::<R, F>(sums, &padded(last, 0.0), rows.each_ref());
    }
    F32x4::sums(sums)
}

#[inline(always)]
fn add_products<R: Rounding, F: Format>(
    sums: [F32x4; 4],
    vector: &[f32; 16],
    rows: [&[F::Bits; 16]; 4],
) -> [F32x4; 4] {
    let (fours, _) = vector.as_chunks();
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| F32x4::load(&fours[i]));
    core::array::from_fn(|row| {
        let sum = R::mul_add(a, F::four::<0>(rows[row]), sums[row]);
        let sum = R::mul_add(b, F::four::<1>(rows[row]), sum);
        let sum = R::mul_add(c, F::four::<2>(rows[row]), sum);
        R::mul_add(d, F::four::<3>(rows[row]), sum)
    })
}

/// Fewer than sixteen numbers, zeros behind them.
fn padded<T: Copy>(numbers: &[T], zero: T) -> [T; 16] {
    let mut block = [zero; 16];
    block[..numbers.len()].copy_from_slice(numbers);
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float_format::{Bf16, F32};
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
    fn dots_are_the_scalar_ones_for_every_length_and_format() {
        for length in 1..=37 {
            let bits = random(length as u32, 5 * length).iter().map(|x| (x.to_bits() >> 16) as u16).collect();
            let bits: Vec<u16> = bits;
            let values: Vec<f32> = bits.iter().map(|&bits| Bf16::to_f32(bits)).collect();
            let range = |i: usize| i * length..(i + 1) * length;
            let rows = [0, 1, 2, 3].map(|i| &values[range(i)]);
            let vector = &values[range(4)];
            let got = dots::<Twice, F32>(vector, rows).to_array();
            let narrow = dots::<Twice, Bf16>(vector, [0, 1, 2, 3].map(|i| &bits[range(i)]));
            assert_eq!(got, narrow.to_array());
            for (&got, row) in got.iter().zip(rows) {
                let exact: f64 = vector.iter().zip(row).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                assert!((f64::from(got) - exact).abs() < 1e-5, "{got}, not {exact}, at length {length}");
            }
        }
    }
}
