//! Keys and values of a few positions, as rows of f32: where they are, if they can be used there, else copied. Which of them
//! a row of queries sees.
use core::ops::Range;

use super::TILE;
use crate::kv_cache::{Cache, Element, SlotMatrix, Slots};

/// Positions of a block; one begins at a multiple of it.
pub const BLOCK: usize = 32;

/// Rows of f32, `stride` elements apart.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Rows<'a> {
    /// Some columns of four rows.
    #[inline(always)]
    pub fn four(&self, rows: [usize; 4], column: usize, width: usize) -> [&'a [f32]; 4] {
        rows.map(|row| &self.values[row * self.stride + column..][..width])
    }
}

/// Keys and values at some positions of a block.
pub struct Block<'a> {
    /// All heads' keys, from the first of the positions on.
    pub keys: Rows<'a>,
    /// As `keys`.
    pub values: Rows<'a>,
    /// Which positions of the block are there, counted from its beginning.
    present: Range<usize>,
    /// Position where the block begins.
    start: usize,
    /// What each row of a tile sees of it.
    seen: [Range<usize>; TILE],
}

impl Block<'_> {
    /// Notes what a row sees, of all positions.
    pub fn see(&mut self, row: usize, positions: &Range<usize>) {
        let part = |position: usize| position.saturating_sub(self.start).min(BLOCK);
        self.seen[row] =
            part(positions.start).max(self.present.start)..part(positions.end).min(self.present.end);
    }

    /// What a row sees, from the block's beginning.
    #[inline(always)]
    pub fn seen(&self, row: usize) -> Range<usize> {
        self.seen[row].clone()
    }

    /// What a row sees of four positions.
    #[inline(always)]
    pub fn seen_of(&self, row: usize, quad: usize) -> Range<usize> {
        let seen = &self.seen[row];
        seen.start.max(4 * quad)..seen.end.min(4 * quad + 4)
    }

    /// Fours of positions, some of which are there.
    pub fn quads(&self) -> Range<usize> {
        self.present.start / 4..self.present.end.div_ceil(4)
    }

    /// Rows of keys and values for four positions; absent ones repeat a neighbour.
    #[inline(always)]
    pub fn clamped(&self, quad: usize) -> [usize; 4] {
        let Range { start, end } = self.present;
        core::array::from_fn(|lane| (4 * quad + lane).max(start).min(end - 1) - start)
    }
}

/// Room for the keys and values of a block.
pub struct Scratch {
    keys: Vec<f32>,
    values: Vec<f32>,
    widths: [usize; 2],
}

impl Scratch {
    /// Room for keys and values of these widths, all heads together. It is taken when something has to be copied.
    pub fn new(widths: [usize; 2]) -> Self {
        Self { keys: vec![], values: vec![], widths }
    }

    /// Keys and values at positions of one block.
    pub fn load<'a, T: Element>(&'a mut self, cache: &Cache<'a, T>, positions: Range<usize>) -> Block<'a> {
        let start = positions.start / BLOCK * BLOCK;
        Block {
            keys: rows(cache.keys, cache.slots, positions.clone(), self.widths[0], &mut self.keys),
            values: rows(cache.values, cache.slots, positions.clone(), self.widths[1], &mut self.values),
            present: positions.start - start..positions.end - start,
            start,
            seen: core::array::from_fn(|_| 0..0),
        }
    }
}

/// The slots of `positions`.
fn rows<'a, T: Element>(
    matrix: SlotMatrix<'a, T>,
    slots: Slots,
    positions: Range<usize>,
    width: usize,
    scratch: &'a mut Vec<f32>,
) -> Rows<'a> {
    let (first, last) = (slots.slot(positions.start), slots.slot(positions.end - 1));
    let in_a_row = last == first + positions.len() - 1;
    if let (true, Some(values)) = (in_a_row, T::as_f32(matrix.from(first, 0))) {
        return Rows { values, stride: matrix.stride };
    }
    scratch.resize(BLOCK * width, 0.0);
    for (position, row) in positions.zip(scratch.chunks_exact_mut(width)) {
        T::decode(matrix.part(slots.slot(position), 0..width), row);
    }
    Rows { values: scratch, stride: width }
}
