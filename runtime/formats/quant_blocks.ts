/**
 * @file ggml's q8_0 and q4_0 blocks of 32 numbers: a little-endian f16 scale d, then the quants q.
 *
 * q8_0: 32 signed bytes, x = d * q, d = max|x| / 127.
 * q4_0: 16 bytes, x = d * (q - 8), d = m / -8 with m the number of largest magnitude, sign included. Byte j holds q of
 * number j in its low half and q of number j + 16 in its high half.
 *
 * Every intermediate is rounded to f32, as the C code does; `Math.fround` marks where.
 */

import { loadScales, storeScales } from "./block_scales.ts";

const BLOCK = 32;
const Q8_BYTES = 34;
const Q4_BYTES = 18;

/** Quantises `[32 k]` finite numbers into `[34 k]` bytes. */
export function quantizeQ8(source: Float32Array, bytes: Uint8Array): void {
  const scales = new Float32Array(source.length / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const start = block * BLOCK;
    let largest = 0;
    for (let i = start; i < start + BLOCK; i++) largest = Math.max(largest, Math.abs(source[i]));
    scales[block] = largest / 127;
    const inverse = inverseScale(scales[block]);
    const target = block * Q8_BYTES + 2 - start;
    for (let i = start; i < start + BLOCK; i++) {
      const x = Math.fround(source[i] * inverse);
      bytes[target + i] = x < 0 ? x - 0.5 : x + 0.5; // half away from zero: the store cuts off towards zero
    }
  }
  storeScales(scales, bytes, Q8_BYTES);
}

/** Quantises `[32 k]` finite numbers into `[18 k]` bytes. */
export function quantizeQ4(source: Float32Array, bytes: Uint8Array): void {
  const scales = new Float32Array(source.length / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const start = block * BLOCK;
    let largest = 0;
    let signed = 0;
    for (let i = start; i < start + BLOCK; i++) {
      if (Math.abs(source[i]) > largest) {
        largest = Math.abs(source[i]);
        signed = source[i];
      }
    }
    scales[block] = signed / -8; // a block of zeros has the scale -0, as in ggml
    const inverse = inverseScale(scales[block]);
    const target = block * Q4_BYTES + 2 - start;
    for (let i = start; i < start + BLOCK / 2; i++) {
      bytes[target + i] = quantOf(source[i], inverse) | (quantOf(source[i + BLOCK / 2], inverse) << 4);
    }
  }
  storeScales(scales, bytes, Q4_BYTES);
}

function quantOf(x: number, inverse: number): number {
  const quant = Math.fround(Math.fround(x * inverse) + 8.5) | 0;
  return quant > 15 ? 15 : quant;
}

/** 1 / scale as f32; 0 where that is no number (ggml's C code is undefined there, and the f16 scale is 0 anyway). */
function inverseScale(scale: number): number {
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  return Number.isFinite(inverse) ? inverse : 0;
}

/** Dequantises `[34 k]` bytes into `[32 k]` numbers. */
export function dequantizeQ8(bytes: Uint8Array, out: Float32Array): void {
  const scales = loadScales(bytes, Q8_BYTES);
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block];
    const source = block * Q8_BYTES + 2 - block * BLOCK;
    const end = (block + 1) * BLOCK;
    for (let i = block * BLOCK; i < end; i++) out[i] = scale * ((bytes[source + i] << 24) >> 24);
  }
}

/** Dequantises `[18 k]` bytes into `[32 k]` numbers. */
export function dequantizeQ4(bytes: Uint8Array, out: Float32Array): void {
  const scales = loadScales(bytes, Q4_BYTES);
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block];
    const source = block * Q4_BYTES + 2 - block * BLOCK;
    const end = block * BLOCK + BLOCK / 2;
    for (let i = block * BLOCK; i < end; i++) {
      out[i] = scale * ((bytes[source + i] & 15) - 8);
      out[i + BLOCK / 2] = scale * ((bytes[source + i] >>> 4) - 8);
    }
  }
}
