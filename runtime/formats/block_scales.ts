/** @file The f16 scales that ggml's blocks begin with, little-endian. */

import { decodeF16, encodeF16 } from "./half_floats.ts";

/** Writes a scale, rounded to f16, at the start of each of `scales.length` blocks of `stride` bytes. */
export function storeScales(scales: Float32Array, bytes: Uint8Array, stride: number): void {
  const halves = new Uint16Array(scales.length);
  encodeF16(scales, halves);
  for (let block = 0; block < halves.length; block++) {
    bytes[block * stride] = halves[block];
    bytes[block * stride + 1] = halves[block] >>> 8;
  }
}

/** The scales of blocks of `stride` bytes. */
export function loadScales(bytes: Uint8Array, stride: number): Float32Array {
  const halves = new Uint16Array(bytes.length / stride);
  for (let block = 0; block < halves.length; block++) {
    halves[block] = bytes[block * stride] | (bytes[block * stride + 1] << 8);
  }
  const scales = new Float32Array(halves.length);
  decodeF16(halves, scales);
  return scales;
}
