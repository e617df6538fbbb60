/**
 * @file What ggml's K formats make of numbers, for other_formats.ts: superblocks of 256 whose 8 or 16 blocks have small integer scales, as
 * ggml-quants.c searches for them (`quantize_row_q4_K_ref` and its neighbours, `make_qkx2_quants`, `make_qx_quants`), in float64.
 */
import { roundF16 } from "./round_f16.ts";

interface AffineSearch {
  /** The largest quant. */
  readonly most: number;
  /** Scales are tried that spread a block over most + from, most + from + 0.1, ... steps. */
  readonly from: number;
  readonly tries: number;
}

/** Scale and offset of a block: x = scale * quant - offset. */
interface Affine {
  readonly scale: number;
  readonly offset: number;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Rounds a superblock to q4_k, in place. */
export function roundQ4K(numbers: Float32Array): void {
  roundAffine(numbers, { most: 15, from: -1, tries: 20 });
}

/** Rounds a superblock to q5_k, in place. */
export function roundQ5K(numbers: Float32Array): void {
  roundAffine(numbers, { most: 31, from: -0.5, tries: 15 });
}

/** Blocks of 32 with 6-bit scales and 6-bit offsets. */
function roundAffine(numbers: Float32Array, search: AffineSearch): void {
  const blocks = Array.from(
    { length: numbers.length / 32 },
    (_, i) => numbers.subarray(32 * i, 32 * (i + 1)),
  );
  const found = blocks.map((block) => bestAffine(block, search));
  const largest = (key: keyof Affine): number => Math.max(0, ...found.map((affine) => affine[key]));
  const [scaleUnit, offsetUnit] = [largest("scale") / 63, largest("offset") / 63];
  const stored = (value: number, unit: number): number =>
    unit > 0 ? roundF16(unit) * Math.min(63, Math.round(value / unit)) : 0;
  for (const [i, block] of blocks.entries()) {
    const scale = stored(found[i].scale, scaleUnit);
    const offset = stored(found[i].offset, offsetUnit);
    const quant = (x: number): number =>
      scale === 0 ? 0 : clamp(Math.round((x + offset) / scale), 0, search.most);
    block.forEach((x, j) => block[j] = scale * quant(x) - offset);
  }
}

/** Least squares, large numbers weighted more, for the quants that each of several scales gives. */
function bestAffine(block: Float32Array, { most, from, tries }: AffineSearch): Affine {
  const deviation = Math.sqrt(block.reduce((sum, x) => sum + x * x, 0) / block.length);
  const weights = Float64Array.from(block, (x) => deviation + Math.abs(x));
  const [low, high] = [Math.min(0, ...block), Math.max(...block)];
  if (high === low) return { scale: 0, offset: -low };
  const quantsAt = (inverse: number): Float64Array =>
    Float64Array.from(block, (x) => clamp(Math.round(inverse * (x - low)), 0, most));
  const errorOf = ({ scale, offset }: Affine, quants: Float64Array): number =>
    block.reduce((sum, x, i) => sum + weights[i] * (scale * quants[i] - offset - x) ** 2, 0);
  let best: Affine = { scale: (high - low) / most, offset: -low };
  let error = errorOf(best, quantsAt(most / (high - low)));
  for (let i = 0; i <= tries; i++) {
    const quants = quantsAt((most + from + 0.1 * i) / (high - low));
    const tried = fitAffine(block, weights, quants);
    if (tried === null || errorOf(tried, quants) >= error) continue;
    [best, error] = [tried, errorOf(tried, quants)];
  }
  return best;
}

/** Weighted least squares under offset >= 0; null where all quants are equal. */
function fitAffine(block: Float32Array, weights: Float64Array, quants: Float64Array): Affine | null {
  let [w, wx, wq, wqq, wqx] = [0, 0, 0, 0, 0];
  block.forEach((x, i) => {
    const weighted = weights[i] * quants[i];
    [w, wx, wq] = [w + weights[i], wx + weights[i] * x, wq + weighted];
    [wqq, wqx] = [wqq + weighted * quants[i], wqx + weighted * x];
  });
  const determinant = w * wqq - wq * wq;
  if (determinant <= 0) return null;
  const offset = -(wqq * wx - wq * wqx) / determinant;
  return offset < 0 ? { scale: wqx / wqq, offset: 0 } : { scale: (w * wqx - wx * wq) / determinant, offset };
}

/** Rounds a superblock to q6_k, in place: blocks of 16 with 8-bit scales. */
export function roundQ6K(numbers: Float32Array): void {
  const blocks = Array.from(
    { length: numbers.length / 16 },
    (_, i) => numbers.subarray(16 * i, 16 * (i + 1)),
  );
  const scales = blocks.map(bestScale);
  const largest = scales.reduce((most, scale) => Math.abs(scale) > Math.abs(most) ? scale : most, 0);
  const unit = largest / -128;
  for (const [i, block] of blocks.entries()) {
    const scale = unit === 0 ? 0 : roundF16(unit) * Math.min(127, Math.round(scales[i] / unit));
    const quant = (x: number): number => scale === 0 ? 0 : clamp(Math.round(x / scale), -32, 31);
    block.forEach((x, j) => block[j] = scale * quant(x));
  }
}

/** The scale that loses least of a block, errors weighted by the numbers' squares, of those that put the largest near -32. */
function bestScale(block: Float32Array): number {
  const largest = block.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
  if (largest === 0) return 0;
  let best = { scale: 0, gain: -1 };
  for (let i = -9; i <= 9; i++) {
    const inverse = -(32 + 0.1 * i) / largest;
    let [products, squares] = [0, 0];
    for (const x of block) {
      const quant = clamp(Math.round(inverse * x), -32, 31);
      products += x * x * x * quant;
      squares += x * x * quant * quant;
    }
    const gain = products * products / squares;
    if (gain > best.gain) best = { scale: products / squares, gain };
  }
  return best.scale;
}
