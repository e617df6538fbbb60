//! Touches memory before its turn, a page at a time.
//!
//! A processor fetches ahead of a stream by itself, but stops where a page ends: only an access to the next page, whose
//! address it then has to translate, sets it going again. A kernel that computes much with every byte has too few loads in
//! flight to hide that. Two touches at a page's beginning, some time before its turn, hide it.

/// Bytes of the smallest page that processors have; WebAssembly's memory begins on one.
const PAGE: usize = 4096;

/// How far ahead pages are touched, in bytes.
const DISTANCE: usize = 2048;

/// A way through items in memory, from the first to the last.
pub struct ReadAhead<'a, T> {
    items: &'a [T],
    /// The next page to touch, and the first item that begins on it.
    page: usize,
    item: usize,
    seen: u8,
}

impl<'a, T> ReadAhead<'a, T> {
    /// A way that begins at item `start`.
    pub fn new(items: &'a [T], start: usize) -> Self {
        let mut way = Self { items, page: 0, item: 0, seen: 0 };
        way.set_page((way.address(start) + DISTANCE).next_multiple_of(PAGE));
        way
    }

    /// A way on which nothing is touched.
    pub fn idle() -> Self {
        Self { items: &[], page: 0, item: usize::MAX, seen: 0 }
    }

    /// Touches the pages that begin up to [`DISTANCE`] behind item `end`, by `read`ing the first two items of each.
    #[inline(always)]
    pub fn go_to(&mut self, end: usize, read: impl Fn(&T) -> u8) {
        while self.item < end + DISTANCE / size_of::<T>() {
            for item in [self.item, self.item + 1] {
                self.seen ^= self.items.get(item).map_or(0, &read);
            }
            self.set_page(self.page + PAGE);
        }
    }

    fn address(&self, item: usize) -> usize {
        self.items.as_ptr().addr() + item * size_of::<T>()
    }

    fn set_page(&mut self, page: usize) {
        self.page = page;
        self.item = (page - self.address(0)).div_ceil(size_of::<T>());
    }
}

impl<T> Drop for ReadAhead<'_, T> {
    fn drop(&mut self) {
        // Or the compiler would leave out the loads.
        core::hint::black_box(self.seen);
    }
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;

    use super::*;

    #[test]
    fn read_ahead_touches_every_page_once_before_its_turn() {
        let items = vec![[0_u8; 72]; 1000];
        let begin = items.as_ptr().addr();
        let pages = (begin + DISTANCE).next_multiple_of(PAGE)..begin + 72 * items.len();
        let firsts = pages.step_by(PAGE).map(|page| (page - begin).div_ceil(72));
        let expected: Vec<usize> =
            firsts.flat_map(|first| [first, first + 1]).filter(|&i| i < 1000).collect();
        for step in [1, 7, 16, 172] {
            let touched = RefCell::new(Vec::new());
            let mut way = ReadAhead::new(&items, 0);
            for end in (step..1000 + step).step_by(step).map(|end| end.min(1000)) {
                way.go_to(end, |item| {
                    let item = (core::ptr::from_ref(item).addr() - begin) / 72;
                    assert!(
                        (item - 1) * 72 < end * 72 + DISTANCE && (item + 1) * 72 > (end - step.min(end)) * 72
                    );
                    touched.borrow_mut().push(item);
                    0
                });
            }
            assert_eq!(touched.into_inner(), expected);
        }
    }

    #[test]
    fn read_ahead_touches_nothing_on_an_idle_way() {
        ReadAhead::<u8>::idle().go_to(1 << 20, |_| unreachable!());
    }
}
