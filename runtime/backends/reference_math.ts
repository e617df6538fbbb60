/** @file The scalar and vector functions that the reference ops are made of, in float64. */
import { BLOCK_SIZE } from "../tensor.ts";

/** `ln(1 + e^x)` without overflow or cancellation. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** `1 / (1 + e^-x)`. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** `x / (1 + e^-x)`. */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** The error function, by its series of positive terms (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6). */
export function erf(x: number): number {
  const square = x * x;
  if (!(square < 36)) return square >= 36 ? Math.sign(x) : NaN; // 1 - erf(6) < 2^-53
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 2 ** -54; n++) {
    term *= 2 * square / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-square) * sum;
}

/** `x (1 + erf(x / sqrt 2)) / 2` (arXiv:1606.08415). */
export function gelu(x: number): number {
  return x * (1 + erf(x * Math.SQRT1_2)) / 2;
}

/** `sum_i a[i] * b[bStart + i]`. */
export function dot(a: Float64Array, b: Float64Array | Float32Array, bStart = 0): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[bStart + i];
  return sum;
}

/** `weight * x / sqrt(mean(x^2) + eps)` of one row. */
export function rmsNormalize(x: Float64Array, weight: Float32Array, eps: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + eps);
  return x.map((value, i) => weight[i] * value * scale);
}

/** Rotates every head of one row, in place, by `position * inverseFrequencies[i]`: dimension i pairs with i + headDim / 2. */
export function rotate(heads: Float64Array, position: number, inverseFrequencies: Float64Array): void {
  const half = inverseFrequencies.length;
  for (let start = 0; start < heads.length; start += 2 * half) {
    for (let i = 0; i < half; i++) {
      const angle = position * inverseFrequencies[i];
      const [a, b] = [heads[start + i], heads[start + half + i]];
      heads[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
      heads[start + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
}

/** Nearest integer, ties to even: IEEE 754's default, as SIMD instructions round. */
function roundTiesToEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (fraction !== 0.5) return fraction < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** What `linear` makes of activations before it multiplies them with quantised weights: see ../backend.ts. */
export function quantizeActivations(x: Float64Array, steps: number): Float64Array {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += BLOCK_SIZE.q8_0) {
    const block = x.subarray(start, start + BLOCK_SIZE.q8_0);
    const largest = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (largest === 0) continue;
    block.forEach((value, i) =>
      out[start + i] = roundTiesToEven(value * (steps / largest)) * (largest / steps)
    );
  }
  return out;
}
