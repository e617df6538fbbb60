//! Keys and values of a few positions: read where they are, or copied as f32, once for many queries.
use core::ops::Range;

use super::TILE;
use crate::kv_cache::{Cache, Element};

/// Positions of a block; one begins at a multiple of it.
pub const BLOCK: usize = 32;

/// A bit for each row of a block.
pub type Mask = u32;

/// Where blocks come from.
pub trait Source {
    /// Numbers of a block.
    type Stored: Element;
    /// Keys and values at positions of one block.
    fn block(&mut self, positions: Range<usize>) -> Block<'_, Self::Stored>;
}

/// The rows of a block; absent ones repeat another.
pub struct Rows<'a, E> {
    values: &'a [E],
    starts: [usize; BLOCK],
    /// Numbers of a head, whole eights.
    width: usize,
}

impl<'a, E> Rows<'a, E> {
    /// One head's part of a row.
    #[inline(always)]
    pub fn row(&self, index: usize, head: usize) -> &'a [[E; 8]] {
        let row = &self.values[self.starts[index] + head * self.width..][..self.width];
        row.as_chunks().0
    }

    /// One head's part of four rows.
    #[inline(always)]
    pub fn four(&self, quad: usize, head: usize) -> [&'a [[E; 8]]; 4] {
        core::array::from_fn(|lane| self.row(4 * quad + lane, head))
    }
}

/// Eight numbers of every value of a block.
pub type Strip = [[f32; 8]; BLOCK];

/// The values of a block, on the stack while it is at hand.
#[allow(clippy::large_enum_variant)]
pub enum Values<'a, E> {
    /// Row by row, for one row of queries.
    Rows(Rows<'a, E>),
    /// Head by head, the strips of a head one after the other.
    Strips(&'a [Strip]),
}

/// Keys and values at some positions of a block.
pub struct Block<'a, E> {
    /// All heads' keys.
    pub keys: Rows<'a, E>,
    /// As `keys`.
    pub values: Values<'a, E>,
    /// Position where the block begins.
    start: usize,
    /// Which of its rows are there.
    pub present: Mask,
    /// Which each row of a tile sees.
    pub seen: [Mask; TILE],
}

impl<E> Block<'_, E> {
    /// Notes what a row sees, of all positions.
    pub fn see(&mut self, row: usize, positions: &Range<usize>) {
        self.seen[row] = mask(self.start, positions) & self.present;
    }

    /// Whether some rows see all of it.
    pub fn is_seen_by_all(&self, rows: usize) -> bool {
        self.seen[..rows].iter().all(|&seen| seen == Mask::MAX)
    }

    /// Fours of rows, some of which are there.
    pub fn quads(&self) -> impl Iterator<Item = usize> + use<E> {
        let present = self.present;
        (0..BLOCK / 4).filter(move |quad| present >> (4 * quad) & 15 != 0)
    }
}

/// Position in a block of its row `index`. Four neighbours are so far apart that they lie in as many pages of memory, each of
/// which is read from its beginning to its end: hardware prefetches four such streams, and not the rows of one page in turns.
fn position(index: usize) -> usize {
    index % 4 * (BLOCK / 4) + index / 4
}

/// The rows of a block at some positions.
fn mask(start: usize, positions: &Range<usize>) -> Mask {
    if positions.start <= start && start + BLOCK <= positions.end {
        return Mask::MAX;
    }
    let is_in = |&index: &usize| positions.contains(&(start + position(index)));
    (0..BLOCK).filter(is_in).fold(0, |mask, index| mask | 1 << index)
}

fn block<'a, E>(positions: Range<usize>, keys: Rows<'a, E>, values: Values<'a, E>) -> Block<'a, E> {
    let start = positions.start / BLOCK * BLOCK;
    Block { keys, values, start, present: mask(start, &positions), seen: [0; TILE] }
}

/// `of` the position of each row of a block, the nearest one's where one is absent.
fn starts(positions: &Range<usize>, of: impl Fn(usize) -> usize) -> [usize; BLOCK] {
    let start = positions.start / BLOCK * BLOCK;
    core::array::from_fn(|i| of((start + position(i)).clamp(positions.start, positions.end - 1)))
}

/// Where the cache keeps them; heads of whole eights and finite numbers only.
pub struct Direct<'a, T> {
    cache: Cache<'a, T>,
    widths: [usize; 2],
}

impl<'a, T: Element> Direct<'a, T> {
    /// Heads of keys and values have these widths.
    pub fn new(cache: Cache<'a, T>, widths: [usize; 2]) -> Self {
        Self { cache, widths }
    }
}

impl<T: Element> Source for Direct<'_, T> {
    type Stored = T;

    fn block(&mut self, positions: Range<usize>) -> Block<'_, T> {
        let slots = starts(&positions, |position| self.cache.slots.slot(position));
        let [keys, values] = [self.cache.keys, self.cache.values];
        let [keys, values] = [(keys, self.widths[0]), (values, self.widths[1])].map(|(matrix, width)| Rows {
            values: matrix.values,
            starts: slots.map(|slot| slot * matrix.stride),
            width,
        });
        block(positions, keys, Values::Rows(values))
    }
}

/// Copies, widened to whole eights with zeros.
pub struct Copied<'a, T> {
    cache: Cache<'a, T>,
    widths: [usize; 2],
    /// Row by row.
    keys: Vec<[f32; 8]>,
    /// The strips of each head.
    values: Vec<Strip>,
}

impl<'a, T: Element> Copied<'a, T> {
    /// Heads of keys and values have these widths.
    pub fn new(cache: Cache<'a, T>, widths: [usize; 2]) -> Self {
        let [keys, values] = widths.map(|width| cache.num_kv_heads * width.div_ceil(8));
        Self { cache, widths, keys: vec![[0.0; 8]; BLOCK * keys], values: vec![[[0.0; 8]; BLOCK]; values] }
    }
}

impl<T: Element> Source for Copied<'_, T> {
    type Stored = f32;

    fn block(&mut self, positions: Range<usize>) -> Block<'_, f32> {
        let Self { cache, widths, keys, values } = self;
        let slots = starts(&positions, |position| cache.slots.slot(position));
        let per_row = keys.len() / BLOCK;
        for (index, slot) in slots.into_iter().enumerate() {
            let row = &mut keys[index * per_row..][..per_row];
            let heads = cache.num_kv_heads;
            let key = cache.keys.slot(slot, heads * widths[0]);
            each_eight(key, widths[0], |i, eight| row[i] = eight);
            let value = cache.values.slot(slot, heads * widths[1]);
            each_eight(value, widths[1], |i, eight| values[i][index] = eight);
        }
        let keys = Rows {
            values: keys.as_flattened(),
            starts: core::array::from_fn(|index| index * per_row * 8),
            width: widths[0].div_ceil(8) * 8,
        };
        block(positions, keys, Values::Strips(values))
    }
}

/// Calls `take` with all eights of a slot, head by head, and their numbers.
#[inline(always)]
fn each_eight<T: Element>(slot: &[T], width: usize, mut take: impl FnMut(usize, [f32; 8])) {
    let mut i = 0;
    for head in slot.chunks_exact(width) {
        let (eights, rest) = head.as_chunks();
        for eight in eights {
            take(i, f32::encode(T::exact(eight)));
            i += 1;
        }
        if !rest.is_empty() {
            let mut eight = [T::ZERO; 8];
            eight[..rest.len()].copy_from_slice(rest);
            take(i, f32::encode(T::exact(&eight)));
            i += 1;
        }
    }
}
