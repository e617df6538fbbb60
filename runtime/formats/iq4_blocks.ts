/**
 * @file ggml's iq4_nl blocks of 32 numbers: a little-endian f16 scale d and 16 bytes of indices, laid out as in q4_0, but
 * x = d * IQ4_VALUES[index]. The values lie closer together near zero, where most weights are.
 *
 * How d is found (ggml-quants.c, `quantize_row_iq4_nl_impl` without an importance matrix): sixteen scales that put the block's
 * largest number at or near an end of the table each give every number its nearest value; least squares, each number weighted
 * by its square, then gives these values their best scale, and the one that leaves the smallest weighted error wins. ggml adds up in
 * f32 and this in float64, so in rare blocks the two may choose differently.
 */

import { loadScales, storeScales } from "./block_scales.ts";

const BLOCK = 32;
const BYTES = 18;

/** What the sixteen indices stand for, in units of the scale (ggml's `kvalues_iq4nl`). */
export const IQ4_VALUES: readonly number[] = [
  ...[-127, -104, -83, -65, -49, -35, -22, -10],
  ...[1, 13, 25, 38, 53, 69, 89, 113],
];

/** Scales are tried that put the largest number up to so many units from the table's lower end. */
const REACH = 7;

/** Half units in {@linkcode NEAREST} below zero, and from zero on. */
const HALVES = 256;

/** Index of the value nearest to numbers of `[k, k + 1)` half units, at k + HALVES: midpoints belong to the larger value. */
const NEAREST = Uint8Array.from(
  { length: 2 * HALVES },
  (_, i) => IQ4_VALUES.findLastIndex((value, n) => n === 0 || IQ4_VALUES[n - 1] + value <= i - HALVES),
);
const NEAREST_VALUES = Float64Array.from(NEAREST, (index) => IQ4_VALUES[index]);

/** Where a number of so many units stands in these tables. */
function halfUnits(units: number): number {
  const half = (2 * units + HALVES) | 0;
  return half < 0 ? 0 : half < 2 * HALVES ? half : 2 * HALVES - 1;
}

/** Quantises `[32 k]` finite numbers into `[18 k]` bytes. */
export function quantizeIq4(source: Float32Array, bytes: Uint8Array): void {
  const scales = new Float32Array(source.length / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const numbers = source.subarray(block * BLOCK, (block + 1) * BLOCK);
    scales[block] = bestScale(numbers);
    const inverse = scales[block] === 0 ? 0 : 1 / scales[block];
    const target = block * BYTES + 2;
    for (let i = 0; i < BLOCK / 2; i++) {
      const low = NEAREST[halfUnits(numbers[i] * inverse)];
      bytes[target + i] = low | (NEAREST[halfUnits(numbers[i + BLOCK / 2] * inverse)] << 4);
    }
  }
  storeScales(scales, bytes, BYTES);
}

/** The scale for a block; 0 for a block of zeros. */
function bestScale(numbers: Float32Array): number {
  const largest = numbers.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
  if (largest === 0) return 0;
  let best = fit(numbers, -IQ4_VALUES[0] / largest);
  for (let shift = -REACH; shift <= REACH; shift++) {
    const tried = fit(numbers, (IQ4_VALUES[0] + shift) / largest);
    if (tried.gain > best.gain) best = tried;
  }
  return best.scale;
}

/** The best scale for the values nearest to `numbers * inverse`, and how much smaller it makes the weighted error than zeros. */
function fit(numbers: Float32Array, inverse: number): { readonly scale: number; readonly gain: number } {
  let products = 0;
  let squares = 0;
  for (let i = 0; i < BLOCK; i++) {
    const x = numbers[i];
    const value = NEAREST_VALUES[halfUnits(x * inverse)];
    const weighted = x * x * value;
    products += weighted * x;
    squares += weighted * value;
  }
  return { scale: products / squares, gain: products * products / squares };
}

/** Dequantises `[18 k]` bytes into `[32 k]` numbers. */
export function dequantizeIq4(bytes: Uint8Array, out: Float32Array): void {
  const scales = loadScales(bytes, BYTES);
  for (let block = 0; block < scales.length; block++) {
    const source = block * BYTES + 2 - block * BLOCK;
    const end = block * BLOCK + BLOCK / 2;
    for (let i = block * BLOCK; i < end; i++) {
      out[i] = scales[block] * IQ4_VALUES[bytes[source + i] & 15];
      out[i + BLOCK / 2] = scales[block] * IQ4_VALUES[bytes[source + i] >>> 4];
    }
  }
}
