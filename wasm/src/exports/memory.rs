//! Linear memory for tensors, weights and scratch.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};

use wasm_bindgen::prelude::wasm_bindgen;

/// Alignment of every allocation, in bytes: a cache line.
const ALIGNMENT: usize = 64;

/// Pointer to `bytes` (at least 1) zeroed bytes on a cache line's boundary, or null where memory cannot grow that far.
#[wasm_bindgen]
pub fn allocate(bytes: usize) -> *mut u8 {
    match Layout::from_size_align(bytes, ALIGNMENT) {
        // SAFETY: the caller asks for at least one byte.
        Ok(layout) => unsafe { alloc_zeroed(layout) },
        Err(_) => core::ptr::null_mut(),
    }
}

/// Gives back what `allocate(bytes)` returned.
///
/// # Safety
/// `pointer` came from `allocate` with the same `bytes`, and nothing uses it any more.
#[wasm_bindgen]
pub unsafe fn deallocate(pointer: *mut u8, bytes: usize) {
    // SAFETY: the layout is the one it was allocated with.
    unsafe { dealloc(pointer, Layout::from_size_align_unchecked(bytes, ALIGNMENT)) }
}

/// Grows the memory so that allocations of `bytes` in all need no growth. Smaller where it cannot grow that far.
#[wasm_bindgen]
pub fn reserve(bytes: f64) {
    let Ok(layout) =
        Layout::from_size_align((bytes as usize).min(isize::MAX as usize - ALIGNMENT), ALIGNMENT)
    else {
        return;
    };
    // SAFETY: one byte at least is asked for, and given back as it was asked for.
    unsafe {
        let pointer = alloc(layout);
        if !pointer.is_null() {
            dealloc(pointer, layout);
        }
    }
}

/// Whether this module uses relaxed SIMD.
#[wasm_bindgen]
pub fn is_relaxed() -> bool {
    cfg!(target_feature = "relaxed-simd")
}
