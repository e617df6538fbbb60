//! The ops of the WebAssembly backend, one file an op, named as in runtime/backend.ts.
//!
//! Kernels are safe Rust over slices and the four-lane vectors of [`simd`]; `unsafe` lives in `simd/wasm.rs`, in [`view`],
//! in [`pool`], where threads share a job, and in [`exports`], where pointers from JavaScript become slices. The same source
//! gives several modules: with `+relaxed-simd` fused multiply-add and 8-bit dot products are used, without it their exact
//! SIMD128 equivalents; with `+atomics` several instances share one memory, without it the pool has no helpers.
//! On other targets the vectors are plain arrays, so that `cargo test` runs every kernel's algorithm natively.
#![deny(unsafe_code)]

pub mod add_bias;
pub mod attention;
pub mod blocks;
pub mod clipped_scan;
pub mod dot;
pub mod embed;
pub mod float_format;
pub mod float_matrix;
pub mod gate_fusion;
pub mod gated_linear;
pub mod half;
pub mod head_fusion;
pub mod kv_cache;
pub mod lanes;
pub mod layer_norm;
pub mod layout;
pub mod lifted_f16;
pub mod linear;
pub mod math;
pub mod matrix;
pub mod pieces;
pub mod pool;
pub mod probe_dot;
pub mod quantize_activations;
pub mod quantized;
pub mod read_ahead;
pub mod rms_norm;
pub mod rope_append;
pub mod rounding;
pub mod runs;
pub mod simd;
pub mod ssm_conv;
pub mod ssm_scan;
#[cfg(test)]
mod testing;
pub mod view;

#[cfg(target_arch = "wasm32")]
pub mod exports;
