//! How queries lie in a tile: by key/value head, then by row, then by query head; each as whole eights of numbers, in the order of
//! the cache's.
use core::ops::Range;

use crate::kv_cache::Element;
use crate::view::{View, ViewMut};

/// The heads of a row of queries.
pub struct Heads {
    /// First head of each key/value head, then the number of heads.
    first: Vec<usize>,
    /// head_dim and v_head_dim.
    pub widths: [usize; 2],
}

impl Heads {
    /// `count` heads for `kv_count` key/value heads: head h reads that of floor(h * kv_count / count).
    pub fn new(count: usize, kv_count: usize, widths: [usize; 2]) -> Self {
        let first = (0..=kv_count).map(|kv_head| (kv_head * count).div_ceil(kv_count)).collect();
        Self { first, widths }
    }

    /// Query heads.
    pub fn count(&self) -> usize {
        self.first[self.kv_count()]
    }

    /// Key/value heads.
    pub fn kv_count(&self) -> usize {
        self.first.len() - 1
    }

    /// The heads that read a key/value head.
    #[inline(always)]
    pub fn of(&self, kv_head: usize) -> Range<usize> {
        self.first[kv_head]..self.first[kv_head + 1]
    }

    /// Rows of queries, times `unit` / sqrt(head_dim), widened with zeros.
    pub fn load<T: Element>(&self, queries: View, rows: Range<usize>, unit: f32, to: &mut Vec<[f32; 8]>) {
        let width = self.widths[0];
        let scale = 1.0 / (width as f32).sqrt();
        to.clear();
        for kv_head in 0..self.kv_count() {
            for t in rows.clone() {
                for head in self.of(kv_head) {
                    let query = &queries.row(t)[head * width..(head + 1) * width];
                    to.extend(query.chunks(8).map(|numbers| {
                        let mut eight = [0.0; 8];
                        eight[..numbers.len()].copy_from_slice(numbers);
                        T::arrange(eight.map(|x| x * scale * unit))
                    }));
                }
            }
        }
    }

    /// Writes rows of results, each divided by the number that comes with it.
    pub fn store<'a, T: Element>(
        &self,
        mut results: impl Iterator<Item = (&'a [[f32; 8]], f32)>,
        rows: Range<usize>,
        out: &mut ViewMut,
    ) {
        let width = self.widths[1];
        for kv_head in 0..self.kv_count() {
            for t in rows.clone() {
                let heads = self.of(kv_head);
                let to = out.part(t, heads.start * width..heads.end * width);
                for (to, (from, total)) in to.chunks_exact_mut(width).zip(&mut results) {
                    for (to, from) in to.chunks_mut(8).zip(from) {
                        let eight = T::restore(*from).map(|x| x / total);
                        to.copy_from_slice(&eight[..to.len()]);
                    }
                }
            }
        }
    }
}
