//! The pool of this linear memory's threads. Every thread has an instance of the same module on the same memory.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::pool::Pool;

pub(super) static POOL: Pool = Pool::new();

/// What the parts of a job share: pointers, each to be used for the part's own rows and columns only.
#[derive(Clone, Copy)]
pub(super) struct Shared<T>(T);

// SAFETY: the parts of a job write disjoint memory, and nothing that another one reads.
unsafe impl<T> Sync for Shared<T> {}

impl<T: Copy> Shared<T> {
    /// # Safety
    /// Parts of a job that use the pointers write disjoint memory, and nothing that another one reads.
    pub(super) unsafe fn new(pointers: T) -> Self {
        Self(pointers)
    }

    pub(super) fn get(&self) -> T {
        self.0
    }
}

/// The product of some numbers: what `least_work` counts. The unit is a multiply-add of a product with quantised weights, and
/// every op weighs its elements by how much longer they take (measured on one x86-64 machine; a factor of two does no harm).
pub(super) fn work(factors: &[usize]) -> u64 {
    factors.iter().map(|&factor| factor as u64).product()
}

/// Makes the calling thread helper `index` (0 to 30), ready to be counted in.
#[wasm_bindgen]
pub fn pool_join(index: usize) {
    POOL.join(index);
}

/// Helps with jobs until `pool_stop`; after `pool_join`.
#[wasm_bindgen]
pub fn pool_serve(index: usize) {
    POOL.serve(index);
}

/// From now on the first `helpers` help with ops of at least `least_work` multiply-adds.
#[wasm_bindgen]
pub fn pool_configure(helpers: usize, least_work: f64) {
    POOL.configure(helpers, least_work as u64);
}

/// Ends `pool_serve` in all helpers.
#[wasm_bindgen]
pub fn pool_stop() {
    POOL.stop();
}

/// Says that a helper failed: the op that it helped with, or the next one, traps.
#[wasm_bindgen]
pub fn pool_break() {
    POOL.break_off();
}
