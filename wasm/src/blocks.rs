//! Quantised weights in memory: blocks of 32 columns of 4 neighbouring rows, with the rows' f16 scales inline.
//!
//! Every 16 bytes hold 4 columns of each of the 4 rows, so that one 8-bit dot instruction serves 4 rows; a kernel reads
//! 4 such streams from distant quarters of the matrix at once, which memory likes better than one.

use crate::dot::DotKind;
use crate::layout::GROUP;
use crate::simd::I8x16;

mod iq4;

pub use iq4::Iq4Block;

/// A block of 4 rows and 32 columns.
pub trait WeightBlock: Copy {
    /// A block of zeros with zero scales.
    const ZERO: Self;
    /// Bytes of one row's block in ggml's layout: an f16 scale, then the quants.
    const SOURCE_BYTES: usize;
    /// The stored integer is the weight plus 2^SHIFT where `is_biased`.
    const SHIFT: u32;
    /// Whether the stored integers have that offset for this kind of dot.
    fn is_biased(kind: DotKind) -> bool;
    /// Whether this kind of dot multiplies the stored integers in one step.
    fn is_relaxed(kind: DotKind) -> bool;
    /// Columns i, i + 4, i + 8 and i + 12, and those 16 further, of the four rows; i below 4.
    fn quads(&self, i: usize, kind: DotKind) -> [I8x16; 2];
    /// The block's first byte in memory.
    fn first_byte(&self) -> u8;
    /// The rows' scales, f16 bits.
    fn scales(&self) -> &[u16; GROUP];
    /// The rows' scales, f16 bits.
    fn scales_mut(&mut self) -> &mut [u16; GROUP];
    /// Puts one row's quants (ggml's bytes without the scale) in.
    fn set_quants(&mut self, row: usize, quants: &[u8], kind: DotKind);
    /// The integer weight of a row at a column.
    fn weight(&self, row: usize, column: usize, kind: DotKind) -> i32;
}

/// q8_0: one byte a weight.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Q8Block {
    quants: [[u8; 16]; 8],
    scales: [u16; GROUP],
}

/// q4_0: lower nibbles are columns 0 to 15, upper nibbles columns 16 to 31, as in ggml.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Q4Block {
    quants: [[u8; 16]; 4],
    scales: [u16; GROUP],
}

impl WeightBlock for Q8Block {
    const ZERO: Self = Self { quants: [[0; 16]; 8], scales: [0; GROUP] };
    const SOURCE_BYTES: usize = 34;
    const SHIFT: u32 = 7;

    #[inline(always)]
    fn is_biased(kind: DotKind) -> bool {
        kind == DotKind::Unsigned
    }

    #[inline(always)]
    fn is_relaxed(kind: DotKind) -> bool {
        matches!(kind, DotKind::Unsigned | DotKind::Signed)
    }

    #[inline(always)]
    fn quads(&self, i: usize, _: DotKind) -> [I8x16; 2] {
        [I8x16::load_unsigned(&self.quants[i]), I8x16::load_unsigned(&self.quants[i + 4])]
    }

    #[inline(always)]
    fn first_byte(&self) -> u8 {
        self.quants[0][0]
    }

    #[inline(always)]
    fn scales(&self) -> &[u16; GROUP] {
        &self.scales
    }

    fn scales_mut(&mut self) -> &mut [u16; GROUP] {
        &mut self.scales
    }

    fn set_quants(&mut self, row: usize, quants: &[u8], kind: DotKind) {
        let flip = if Self::is_biased(kind) { 0x80 } else { 0 };
        for (column, &quant) in quants.iter().enumerate() {
            let (quad, place) = place(column);
            self.quants[quad][4 * row + place] = quant ^ flip;
        }
    }

    fn weight(&self, row: usize, column: usize, kind: DotKind) -> i32 {
        let (quad, place) = place(column);
        let byte = self.quants[quad][4 * row + place];
        if Self::is_biased(kind) { i32::from(byte) - 128 } else { i32::from(byte as i8) }
    }
}

impl WeightBlock for Q4Block {
    const ZERO: Self = Self { quants: [[0; 16]; 4], scales: [0; GROUP] };
    const SOURCE_BYTES: usize = 18;
    const SHIFT: u32 = 3;

    #[inline(always)]
    fn is_biased(_: DotKind) -> bool {
        true
    }

    #[inline(always)]
    fn is_relaxed(kind: DotKind) -> bool {
        kind != DotKind::Wide
    }

    #[inline(always)]
    fn quads(&self, i: usize, _: DotKind) -> [I8x16; 2] {
        let bytes = I8x16::load_unsigned(&self.quants[i]);
        [bytes.low_nibbles(), bytes.high_nibbles()]
    }

    #[inline(always)]
    fn first_byte(&self) -> u8 {
        self.quants[0][0]
    }

    #[inline(always)]
    fn scales(&self) -> &[u16; GROUP] {
        &self.scales
    }

    fn scales_mut(&mut self) -> &mut [u16; GROUP] {
        &mut self.scales
    }

    fn set_quants(&mut self, row: usize, quants: &[u8], _: DotKind) {
        for (column, &pair) in quants.iter().enumerate() {
            let (quad, place) = place(column);
            self.quants[quad][4 * row + place] = pair;
        }
    }

    fn weight(&self, row: usize, column: usize, _: DotKind) -> i32 {
        let (quad, place) = place(column % 16);
        let pair = self.quants[quad][4 * row + place];
        i32::from(pair >> (column / 16 * 4) & 15) - 8
    }
}

/// Which quad of columns a column belongs to, and its place there: quads take every fourth of 16 columns, so that
/// quantised activations need no shuffles to be packed alike.
#[inline(always)]
fn place(column: usize) -> (usize, usize) {
    (column / 16 * 4 + column % 4, column % 16 / 4)
}
