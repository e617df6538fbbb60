//! Keys and values of one head and a few positions, as rows of f32: where they are, if they can be used there, else copied.
use core::ops::Range;

use crate::kv_cache::{Cache, Element, SlotMatrix, Slots};

/// Positions of a block; a block begins at a multiple of it, or where a row's sight does.
pub const BLOCK: usize = 32;

/// Rows of f32, `stride` elements apart.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
    width: usize,
}

impl<'a> Rows<'a> {
    /// Row `index`.
    #[inline(always)]
    pub fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.stride..][..self.width]
    }

    /// Elements of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows from `count` on.
    pub fn skip(&self, count: usize) -> Self {
        Self { values: &self.values[count * self.stride..], ..*self }
    }
}

/// Room for the keys and values of a block.
pub struct Scratch {
    keys: Vec<f32>,
    values: Vec<f32>,
    widths: [usize; 2],
}

impl Scratch {
    /// Room for keys and values of these widths.
    pub fn new(widths: [usize; 2]) -> Self {
        Self { keys: vec![0.0; BLOCK * widths[0]], values: vec![0.0; BLOCK * widths[1]], widths }
    }

    /// Keys and values of a head at at most BLOCK positions.
    pub fn load<'a, T: Element>(
        &'a mut self,
        cache: &Cache<'a, T>,
        kv_head: usize,
        positions: Range<usize>,
    ) -> (Rows<'a>, Rows<'a>) {
        let [columns, v_columns] = self.widths.map(|width| kv_head * width..(kv_head + 1) * width);
        (
            rows(cache.keys, cache.slots, positions.clone(), columns, &mut self.keys),
            rows(cache.values, cache.slots, positions, v_columns, &mut self.values),
        )
    }
}

/// Some columns of the slots of `positions`.
fn rows<'a, T: Element>(
    matrix: SlotMatrix<'a, T>,
    slots: Slots,
    positions: Range<usize>,
    columns: Range<usize>,
    scratch: &'a mut [f32],
) -> Rows<'a> {
    let (first, last) = (slots.slot(positions.start), slots.slot(positions.end - 1));
    let width = columns.len();
    let in_a_row = last == first + positions.len() - 1;
    if let (true, Some(values)) = (in_a_row, T::as_f32(matrix.from(first, columns.start))) {
        return Rows { values, stride: matrix.stride, width };
    }
    for (position, row) in positions.zip(scratch.chunks_exact_mut(width)) {
        T::decode(matrix.part(slots.slot(position), columns.clone()), row);
    }
    Rows { values: scratch, stride: width, width }
}
