//! Matrices as checkpoints publish them, with the numbers that they stand for.
use crate::dot::DotKind;
use crate::half::{bf16_to_f32, f16_to_f32, f32_to_f16};
use crate::matrix::{Activations, Dtype, Matrix};
use crate::quantize_activations::{
    ActivationBlock, ActivationTile, BLOCK, QuantizedRows, TILE, quantize_activations,
};
use crate::testing::random;
use crate::view::View;

/// All dtypes.
pub const DTYPES: [Dtype; 6] = [Dtype::F32, Dtype::F16, Dtype::Bf16, Dtype::Q8_0, Dtype::Q4_0, Dtype::Iq4Nl];

/// Those of blocks.
pub const QUANTIZED: [Dtype; 3] = [Dtype::Q8_0, Dtype::Q4_0, Dtype::Iq4Nl];

/// The kinds of dot that native code stands for.
pub const KINDS: [DotKind; 3] = [DotKind::Wide, DotKind::Narrow, DotKind::Unsigned];

/// Row-major bytes and their values.
pub struct Published {
    pub dtype: Dtype,
    pub rows: usize,
    pub columns: usize,
    pub bytes: Vec<u8>,
    /// `[rows, columns]`, exact.
    pub weights: Vec<f64>,
}

impl Published {
    /// Weights of about 0.05; f16 and scales among them subnormal and negative.
    pub fn random(dtype: Dtype, rows: usize, columns: usize, seed: u32) -> Self {
        let values: Vec<f32> = random(seed, rows * columns).iter().map(|x| x * 0.05).collect();
        let (mut bytes, mut weights) = (Vec::new(), Vec::new());
        match dtype {
            Dtype::F32 => values.iter().for_each(|x| push(&mut bytes, &mut weights, x.to_le_bytes(), *x)),
            Dtype::F16 => values.iter().map(|x| f32_to_f16(*x)).for_each(|half| {
                push(&mut bytes, &mut weights, half.to_le_bytes(), f16_to_f32(half));
            }),
            Dtype::Bf16 => values.iter().map(|x| (x.to_bits() >> 16) as u16).for_each(|half| {
                push(&mut bytes, &mut weights, half.to_le_bytes(), bf16_to_f32(half));
            }),
            Dtype::Q8_0 | Dtype::Q4_0 | Dtype::Iq4Nl => {
                for (i, block) in values.chunks_exact(BLOCK).enumerate() {
                    let scale = if i % 5 == 0 { 3e-6 } else { block[0] / 100.0 };
                    let quants: Vec<i32> = block.iter().map(|x| (x * 1e6) as i32).collect();
                    push_block(&mut bytes, &mut weights, dtype, f32_to_f16(scale), &quants);
                }
            }
        }
        Self { dtype, rows, columns, bytes, weights }
    }

    /// One quantised row with one scale, given as f16 bits.
    pub fn quantized(dtype: Dtype, scale: u16, quants: &[i32]) -> Self {
        let (mut bytes, mut weights) = (Vec::new(), Vec::new());
        for block in quants.chunks_exact(BLOCK) {
            push_block(&mut bytes, &mut weights, dtype, scale, block);
        }
        Self { dtype, rows: 1, columns: quants.len(), bytes, weights }
    }

    /// Packed; panics if a scale is not finite.
    pub fn pack(&self, kind: DotKind) -> Matrix {
        let (matrix, is_finite) = self.pack_any(kind);
        assert!(is_finite);
        matrix
    }

    /// Packed, and whether all scales are finite.
    pub fn pack_any(&self, kind: DotKind) -> (Matrix, bool) {
        let mut matrix = Matrix::new(self.dtype, self.rows, self.columns, kind).unwrap();
        let row_bytes = matrix.source_row_bytes();
        assert_eq!(self.bytes.len(), self.rows * row_bytes);
        for (row, source) in self.bytes.chunks_exact(row_bytes).enumerate() {
            matrix.write_row(row, source);
        }
        matrix.seal()
    }

    /// Row `row`.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.weights[row * self.columns..][..self.columns]
    }
}

fn push<const N: usize>(bytes: &mut Vec<u8>, weights: &mut Vec<f64>, stored: [u8; N], value: f32) {
    bytes.extend(stored);
    weights.push(f64::from(value));
}

/// A block of ggml's: 8 bits take the quants' low bytes, 4 bits their low nibbles, columns 16 apart in one byte; q4_0 takes 8
/// off, iq4_nl looks them up.
fn push_block(bytes: &mut Vec<u8>, weights: &mut Vec<f64>, dtype: Dtype, scale: u16, quants: &[i32]) {
    bytes.extend(scale.to_le_bytes());
    let scale = f64::from(f16_to_f32(scale));
    if dtype == Dtype::Q8_0 {
        bytes.extend(quants.iter().map(|&quant| quant as u8));
        weights.extend(quants.iter().map(|&quant| scale * f64::from(quant as i8)));
    } else {
        bytes.extend((0..16).map(|i| (quants[i] & 15 | (quants[i + 16] & 15) << 4) as u8));
        weights.extend(quants.iter().map(|&quant| scale * nibble_weight(dtype, quant & 15)));
    }
}

fn nibble_weight(dtype: Dtype, nibble: i32) -> f64 {
    const TABLE: [i32; 16] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
    f64::from(if dtype == Dtype::Q4_0 { nibble - 8 } else { TABLE[nibble as usize] })
}

/// Activations with what quantisation makes of them.
pub struct Prepared {
    x: Vec<f32>,
    columns: usize,
    planes: usize,
    tiles: Vec<ActivationTile>,
    blocks: Vec<ActivationBlock>,
}

impl Prepared {
    /// Of x `[l, columns]`, in one plane or two.
    pub fn new(x: &[f32], columns: usize, planes: usize) -> Self {
        let (l, per_row) = (x.len() / columns, columns / BLOCK * planes);
        let mut tiles = vec![ActivationTile::default(); l / TILE * per_row];
        let mut blocks = vec![ActivationBlock::default(); l % TILE * per_row];
        if columns.is_multiple_of(BLOCK) {
            quantize_activations(View::packed(x, columns), planes, &mut tiles, &mut blocks);
        }
        Self { x: x.to_vec(), columns, planes, tiles, blocks }
    }

    /// As kernels take them.
    pub fn activations(&self) -> Activations<'_> {
        let quantized = QuantizedRows { planes: self.planes, tiles: &self.tiles, rows: &self.blocks };
        Activations { x: View::packed(&self.x, self.columns), quantized }
    }

    /// The scalar twin of what a matrix multiplies: x itself, or for quantised matrices, x rounded to multiples of
    /// max / 127 or max / 32639 in each block.
    pub fn twin(&self, dtype: Dtype) -> Vec<f64> {
        if !QUANTIZED.contains(&dtype) {
            return self.x.iter().map(|&x| f64::from(x)).collect();
        }
        let steps = if self.planes == 1 { 127.0 } else { 32639.0 };
        let round = |block: &[f32]| -> Vec<f64> {
            let max = block.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
            let inverse = steps / max;
            block
                .iter()
                .map(|x| f64::from((x * inverse).round_ties_even()) * f64::from(max) / f64::from(steps))
                .collect()
        };
        self.x.chunks_exact(BLOCK).flat_map(round).collect()
    }
}
