//! iq4_nl: q4_0's nibbles, but indices into a table.

use crate::dot::DotKind;
use crate::layout::GROUP;
use crate::simd::I8x16;

use super::{Q4Block, WeightBlock};

/// What the indices stand for (ggml's `kvalues_iq4nl`).
const TABLE: [i8; 16] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/// The same plus 128, the bytes' bits read as signed.
const BIASED_TABLE: [i8; 16] = {
    let mut biased = TABLE;
    let mut i = 0;
    while i < biased.len() {
        biased[i] ^= -128;
        i += 1;
    }
    biased
};

/// iq4_nl: lower nibbles are columns 0 to 15, upper nibbles columns 16 to 31, as in ggml.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Iq4Block(Q4Block);

impl WeightBlock for Iq4Block {
    const ZERO: Self = Self(Q4Block::ZERO);
    const SOURCE_BYTES: usize = Q4Block::SOURCE_BYTES;
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
    fn quads(&self, i: usize, kind: DotKind) -> [I8x16; 2] {
        let table = I8x16::load(if Self::is_biased(kind) { &BIASED_TABLE } else { &TABLE });
        self.0.quads(i, kind).map(|indices| table.look_up(indices))
    }

    #[inline(always)]
    fn first_byte(&self) -> u8 {
        self.0.first_byte()
    }

    #[inline(always)]
    fn scales(&self) -> &[u16; GROUP] {
        self.0.scales()
    }

    fn scales_mut(&mut self) -> &mut [u16; GROUP] {
        self.0.scales_mut()
    }

    fn set_quants(&mut self, row: usize, quants: &[u8], kind: DotKind) {
        self.0.set_quants(row, quants, kind);
    }

    fn weight(&self, row: usize, column: usize, kind: DotKind) -> i32 {
        let index = self.0.weight(row, column, kind) + 8;
        i32::from(TABLE[index as usize])
    }
}
