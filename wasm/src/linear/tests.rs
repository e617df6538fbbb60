use super::*;
use crate::dot::DotKind;
use crate::embed::embed;
use crate::gated_linear::gated_linear;
use crate::layout::unit_count;
use crate::matrix::Dtype;
use crate::testing::published::{DTYPES, KINDS, Prepared, Published, QUANTIZED};
use crate::testing::{assert_close, random};

/// Rows, columns and l: one, padding of every kind, tails, whole tiles and rows beside them.
const SHAPES: [(usize, usize, usize); 9] = [
    (1, 32, 1),
    (5, 64, 3),
    (16, 96, 4),
    (17, 32, 5),
    (33, 320, 9),
    (65, 256, 8),
    (20, 288, 2),
    (48, 64, 7),
    (300, 32, 3),
];

fn each_case(mut check: impl FnMut(&Published, DotKind, &Prepared, usize)) {
    for (i, (rows, columns, l)) in SHAPES.into_iter().enumerate() {
        for dtype in DTYPES {
            let is_quantized = QUANTIZED.contains(&dtype);
            // Other dtypes take any number of columns.
            let columns = if is_quantized { columns } else { columns - i };
            let published = Published::random(dtype, rows, columns, i as u32);
            let x = random(100 + i as u32, l * columns);
            for planes in 1..=if is_quantized { 2 } else { 1 } {
                let prepared = Prepared::new(&x, columns, planes);
                for &kind in &KINDS[..if is_quantized { KINDS.len() } else { 1 }] {
                    check(&published, kind, &prepared, l);
                }
            }
        }
    }
}

fn whole(matrix: &Matrix) -> Range<usize> {
    0..unit_count(matrix.rows())
}

/// out `[l, rows]` of the kernel.
fn run(matrix: &Matrix, prepared: &Prepared, l: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; l * matrix.rows()];
    let mut view = ViewMut::packed(&mut out, matrix.rows());
    linear(matrix, prepared.activations(), &mut view, whole(matrix), false);
    out
}

/// out `[l, rows]` of the formula.
fn twin(published: &Published, prepared: &Prepared) -> Vec<f64> {
    let x = prepared.twin(published.dtype);
    let dot = |x: &[f64], row| x.iter().zip(published.row(row)).map(|(x, w)| x * w).sum();
    x.chunks_exact(published.columns).flat_map(|x| (0..published.rows).map(move |row| dot(x, row))).collect()
}

#[test]
fn linear_is_the_formula() {
    each_case(|published, kind, prepared, l| {
        let got = run(&published.pack(kind), prepared, l);
        assert_close(&got, &twin(published, prepared), 2e-6);
    });
}

#[test]
fn linear_gives_a_row_the_same_bits_whatever_l() {
    each_case(|published, kind, prepared, l| {
        let matrix = published.pack(kind);
        let together = run(&matrix, prepared, l);
        for row in 0..l {
            let alone = Prepared::new(
                prepared.activations().x.row(row),
                published.columns,
                prepared.activations().quantized.planes,
            );
            assert_eq!(
                run(&matrix, &alone, 1),
                together[row * matrix.rows()..][..matrix.rows()],
                "row {row}"
            );
        }
    });
}

#[test]
fn linear_of_ranges_of_units_is_linear() {
    each_case(|published, kind, prepared, l| {
        let matrix = published.pack(kind);
        let mut out = vec![f32::NAN; l * matrix.rows()];
        for unit in whole(&matrix).rev() {
            let mut view = ViewMut::packed(&mut out, matrix.rows());
            linear(&matrix, prepared.activations(), &mut view, unit..unit + 1, false);
        }
        assert_eq!(out, run(&matrix, prepared, l));
    });
}

#[test]
fn linear_accumulates_and_leaves_what_lies_between_rows() {
    each_case(|published, kind, prepared, l| {
        let matrix = published.pack(kind);
        let stride = matrix.rows() + 3;
        let before = random(7, l * stride);
        let mut out = before.clone();
        // SAFETY: the rows lie in `out`, which nothing else uses.
        #[allow(unsafe_code)]
        let mut view = unsafe { ViewMut::new(out.as_mut_ptr(), l, matrix.rows(), stride) };
        linear(&matrix, prepared.activations(), &mut view, whole(&matrix), true);
        let products = run(&matrix, prepared, l);
        for (i, (&after, &before)) in out.iter().zip(&before).enumerate() {
            let (row, column) = (i / stride, i % stride);
            let added = if column < matrix.rows() { products[row * matrix.rows() + column] } else { 0.0 };
            assert_eq!(after, before + added);
        }
    });
}

#[test]
fn linear_with_quantised_weights_is_exact_at_the_extremes() {
    // Activations that are their own quotients, weights of all 256 values, both ends beside each other.
    let quants: Vec<i32> =
        (0..288).map(|i| if i % 32 < 8 { [-128, 127][i / 2 % 2] } else { i as i32 - 128 }).collect();
    let x: Vec<f32> =
        (0..288).map(|i| if i % 32 < 8 { [127.0, -127.0][i % 2] } else { (i % 7) as f32 }).collect();
    for dtype in QUANTIZED {
        let published = Published::quantized(dtype, 0x3c00, &quants);
        for kind in KINDS {
            for x in [x.clone(), vec![127.0; 288], vec![-127.0; 288]] {
                let prepared = Prepared::new(&x.repeat(5), 288, 1);
                let exact: f64 = x.iter().zip(published.row(0)).map(|(&x, w)| f64::from(x) * w).sum();
                assert_eq!(run(&published.pack(kind), &prepared, 5), [exact as f32; 5]);
            }
        }
    }
}

#[test]
fn linear_takes_scales_of_every_size() {
    for scale in [0x0000, 0x0001, 0x83ff, 0x0400, 0x53ff, 0x5400, 0xfbff, 0x7bff] {
        let published = Published::quantized(Dtype::Q8_0, scale, &[1; 32]);
        let matrix = published.pack(DotKind::Unsigned);
        let exact = published.row(0)[0] as f32;
        assert_eq!(run(&matrix, &Prepared::new(&[127.0; 32], 32, 1), 1), [exact * 127.0 * 32.0]);
        let mut row = [f32::NAN; 32];
        matrix.dequantize_row(0, &mut row);
        assert_eq!(row, [exact; 32]);
    }
}

#[test]
fn seal_refuses_scales_that_are_not_finite() {
    for scale in [0x7c00, 0xfc00, 0x7e00] {
        for dtype in QUANTIZED {
            assert!(!Published::quantized(dtype, scale, &[1; 32]).pack_any(DotKind::Wide).1);
        }
    }
}

#[test]
fn linear_keeps_what_is_not_finite() {
    for dtype in DTYPES {
        let matrix = Published::random(dtype, 5, 64, 1).pack(DotKind::Unsigned);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = random(2, 64);
            x[40] = bad;
            assert!(
                run(&matrix, &Prepared::new(&x, 64, 1), 1).iter().all(|out| !out.is_finite()),
                "{dtype:?} {bad}"
            );
        }
    }
}

#[test]
fn linear_of_f16_keeps_infinities_and_nan_of_weights() {
    let mut published = Published::random(Dtype::F16, 2, 8, 1);
    published.bytes[2..4].copy_from_slice(&0x7c00_u16.to_le_bytes());
    published.bytes[20..22].copy_from_slice(&0x7e00_u16.to_le_bytes());
    let got = run(&published.pack(DotKind::Wide), &Prepared::new(&[1.0; 8], 8, 1), 1);
    assert!(got[0] == f32::INFINITY && got[1].is_nan());
}

#[test]
fn gated_linear_is_silu_of_one_product_times_the_other() {
    each_case(|gate, kind, prepared, l| {
        for dtype in [gate.dtype, Dtype::F32] {
            let up = Published::random(dtype, gate.rows, gate.columns, 77);
            let (gate_packed, up_packed) = (gate.pack(kind), up.pack(kind));
            let mut out = vec![f32::NAN; l * gate.rows];
            let mut view = ViewMut::packed(&mut out, gate.rows);
            gated_linear(&gate_packed, &up_packed, prepared.activations(), &mut view, whole(&gate_packed));
            let gated = twin(gate, prepared).into_iter().zip(twin(&up, prepared));
            let exact: Vec<f64> = gated.map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up).collect();
            assert_close(&out, &exact, 4e-6);
        }
    });
}

#[test]
fn embed_gives_the_published_rows() {
    each_case(|published, kind, _, _| {
        let ids = [published.rows as u32 - 1, 0, published.rows as u32 / 2, 0];
        let mut out = vec![f32::NAN; ids.len() * published.columns];
        embed(&published.pack(kind), &ids, &mut ViewMut::packed(&mut out, published.columns));
        let exact: Vec<f32> =
            ids.iter().flat_map(|&id| published.row(id as usize)).map(|&weight| weight as f32).collect();
        assert_eq!(out, exact);
    });
}
