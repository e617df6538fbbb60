/** @file The test that an instance must pass before anything relies on it: the ops whose instructions engines may get wrong. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import { LinearMemory, type Region } from "./memory.ts";
import { weightPointer, WeightStore } from "./weights.ts";

/** Rows, and columns, of the test's matrices: odd, and two quantisation blocks. */
const ROWS = 19;
const COLUMNS = 64;

/** Runs products, a norm and a convolution with known results; null, or what is wrong. */
export function selfTest(kernels: WasmExports): string | null {
  if (kernels.is_relaxed() && kernels.probe_dot() === 0) return "its 8-bit dot product is wrong";
  const memory = new LinearMemory(kernels);
  if (!linearIsExact(kernels, memory, "f32")) return "a product with f32 weights is wrong";
  if (!linearIsExact(kernels, memory, "q8_0")) return "a product with q8_0 weights is wrong";
  if (!rmsNormIsClose(kernels, memory)) return "rms_norm is wrong";
  return ssmConvIsClose(kernels, memory) ? null : "ssm_conv is wrong";
}

/** Whole numbers from -127 to 127, of which each 32 hold both ends: they quantise to themselves. */
function wholeNumbers(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => i % 32 < 2 ? (i % 32) * 254 - 127 : (i * seed + i * i) % 255 - 127);
}

/** Numbers in linear memory. */
function put(memory: LinearMemory, values: readonly number[]): Region {
  const region = memory.allocate("self-test", values.length * 4);
  memory.f32(region.pointer, values.length).set(values);
  return region;
}

/** Whole numbers as q8_0 blocks of scale 2^-7. */
function q8Blocks(values: readonly number[]): Uint8Array {
  const blocks = new Uint8Array(values.length / 32 * 34);
  values.forEach((value, i) => {
    const start = Math.floor(i / 32) * 34;
    blocks[start + 1] = 0x20;
    blocks[start + 2 + i % 32] = value;
  });
  return blocks;
}

/** A product whose every step is exact in f32, fused or not. */
function linearIsExact(kernels: WasmExports, memory: LinearMemory, dtype: "f32" | "q8_0"): boolean {
  const [weights, x] = [wholeNumbers(ROWS * COLUMNS, 7), wholeNumbers(COLUMNS, 13)];
  const weight = new WeightStore(kernels, memory);
  const bytes = dtype === "f32" ? new Uint8Array(Float32Array.from(weights).buffer) : q8Blocks(weights);
  const matrix = weight.upload("matrix", dtype, [ROWS, COLUMNS], bytes);
  const [input, out] = [put(memory, x), put(memory, new Array(ROWS).fill(NaN))];
  const scratch = memory.allocate("self-test", kernels.activation_bytes(1, COLUMNS, 1));
  kernels.quantize_activations(input.pointer, COLUMNS, 1, COLUMNS, 1, scratch.pointer);
  const at = [weightPointer(matrix), input.pointer, scratch.pointer, out.pointer];
  kernels.linear(at[0], at[1], COLUMNS, at[2], 1, 1, at[3], ROWS, false);
  const got = [...memory.f32(out.pointer, ROWS)];
  weight.release(matrix);
  [input, out, scratch].forEach((region) => memory.free(region));
  return got.every((value, row) => {
    const products = x.map((number, column) => number * weights[row * COLUMNS + column]);
    return value === products.reduce((sum, product) => sum + product, 0) * (dtype === "f32" ? 1 : 2 ** -7);
  });
}

/** Runs `kernel` on numbers in place and compares with `expected`. */
function isClose(
  memory: LinearMemory,
  values: readonly number[],
  expected: readonly number[],
  kernel: (pointer: number, ones: number) => void,
): boolean {
  const [region, ones] = [put(memory, values), put(memory, new Array(values.length).fill(1))];
  kernel(region.pointer, ones.pointer);
  const got = [...memory.f32(region.pointer, values.length)];
  [region, ones].forEach((each) => memory.free(each));
  return got.every((value, i) => Math.abs(value - expected[i]) <= 1e-6 * Math.max(1, Math.abs(expected[i])));
}

function rmsNormIsClose(kernels: WasmExports, memory: LinearMemory): boolean {
  const x = wholeNumbers(ROWS, 5);
  const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / ROWS + 0.5);
  return isClose(memory, x, x.map((value) => value * scale), (pointer, ones) => {
    kernels.rms_norm(pointer, ROWS, ones, 0.5, pointer, ROWS, 1, ROWS);
  });
}

/** A convolution of one tap of weight 1 and bias 1: silu(x + 1). */
function ssmConvIsClose(kernels: WasmExports, memory: LinearMemory): boolean {
  const x = wholeNumbers(ROWS, 3).map((value) => value / 8);
  const expected = x.map((value) => (value + 1) / (1 + Math.exp(-value - 1)));
  return isClose(memory, x, expected, (pointer, ones) => {
    kernels.ssm_conv(pointer, ROWS, ones, ones, pointer, ROWS, pointer, ROWS, 1, ROWS, 1);
  });
}
