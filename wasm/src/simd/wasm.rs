//! The vectors as WebAssembly SIMD128 instructions, with relaxed SIMD where the module is built for it.
#![allow(unsafe_code)]

use core::arch::wasm32::*;

/// Four f32 lanes.
#[derive(Clone, Copy)]
pub struct F32x4(v128);

/// Four i32 lanes; comparisons give lanes of all ones or all zeros.
#[derive(Clone, Copy)]
pub struct I32x4(v128);

/// Eight 16-bit lanes.
#[derive(Clone, Copy)]
pub struct I16x8(v128);

/// Sixteen 8-bit lanes.
#[derive(Clone, Copy)]
pub struct I8x16(v128);

#[inline(always)]
fn load<T, const N: usize>(from: &[T; N]) -> v128 {
    const { assert!(size_of::<T>() * N == 16) };
    // SAFETY: the reference is valid for its 16 bytes; v128.load needs no alignment.
    unsafe { v128_load(from.as_ptr().cast()) }
}

#[inline(always)]
fn store<T, const N: usize>(vector: v128, to: &mut [T; N]) {
    const { assert!(size_of::<T>() * N == 16) };
    // SAFETY: as for load.
    unsafe { v128_store(to.as_mut_ptr().cast(), vector) }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*) -> $result:ident = $body:expr;)+) => {$(
        $(#[$doc])*
        #[inline(always)]
        #[allow(clippy::should_implement_trait)]
        pub fn $name(self, $($argument: $kind),*) -> $result {
            #[allow(clippy::redundant_closure_call)]
            $result(($body)(self.0, $($argument.0),*))
        }
    )+};
}

mod floats;
mod integers;
