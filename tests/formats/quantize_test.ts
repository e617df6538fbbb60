import { assert, assertEquals, assertThrows } from "@std/assert";
import { ShapeError, WeightsError } from "../../runtime/errors.ts";
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import { byteLength, QUANTIZED_DTYPES, WEIGHT_DTYPES } from "../../runtime/tensor.ts";

/** Numbers in -1 .. 1 from a small congruential generator. */
function noise(length: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

Deno.test("quantize and dequantize keep numbers within half a step of each dtype", () => {
  const source = noise(320, 1);
  const relative = {
    f32: 0,
    f16: 2 ** -11,
    bf16: 2 ** -8,
    q8_0: 0.5 / 127 + 2 ** -11,
    iq4_nl: 0.13, // the widest gap of the table is 24, and scales are up to a tenth larger than 1 / 120
    q4_0: 1 / 8 + 2 ** -11,
  };
  for (const dtype of WEIGHT_DTYPES) {
    const bytes = quantize(dtype, source);
    assertEquals(bytes.length, byteLength(dtype, source.length));
    const back = dequantize(dtype, bytes);
    for (let i = 0; i < source.length; i++) {
      assert(Math.abs(back[i] - source[i]) <= relative[dtype], `${dtype} ${i}: ${back[i]} for ${source[i]}`);
    }
  }
});

Deno.test("quantize keeps what was dequantised, so that packing twice changes nothing", () => {
  // iq4_nl searches for its scale, and need not find the one that the numbers were made with.
  for (const dtype of WEIGHT_DTYPES.filter((dtype) => dtype !== "iq4_nl")) {
    const bytes = quantize(dtype, noise(640, 2));
    const again = quantize(dtype, dequantize(dtype, bytes));
    assertEquals(dequantize(dtype, again), dequantize(dtype, bytes), dtype);
  }
});

Deno.test("quantize writes ggml's q8_0 block: f16 scale, then signed bytes rounded half away from zero", () => {
  const source = new Float32Array(32);
  source.set([127, -127, 0.5, -0.5, 1.5, 2.4999, -126.5, 0.49999997]);
  const bytes = quantize("q8_0", source);
  assertEquals([...bytes.subarray(0, 2)], [0x00, 0x3c]); // 1.0
  assertEquals([...new Int8Array(bytes.buffer, 2, 8)], [127, -127, 1, -1, 2, 2, -127, 0]);
});

Deno.test("quantize writes ggml's q4_0 block: signed maximum at -8, number j beside number j + 16", () => {
  const source = new Float32Array(32);
  source.set([-8, 7, 8, 0.49, 0.5, -0.5]);
  source.set([1, 2, 3], 16);
  const bytes = quantize("q4_0", source);
  assertEquals([...bytes.subarray(0, 2)], [0x00, 0x3c]); // d = -8 / -8
  // 8 is as large as -8 but comes later, so it is cut to 15; 0.5 and -0.5 round up.
  assertEquals([...bytes.subarray(2, 9)], [0x90, 0xaf, 0xbf, 0x88, 0x89, 0x88, 0x88]);
  source.set([8, -7], 0);
  const negative = quantize("q4_0", source.fill(0, 2));
  assertEquals([...negative.subarray(0, 4)], [0x00, 0xbc, 0x80, 0x8f]); // d = -1
});

Deno.test("quantize writes ggml's iq4_nl block: the nearest of sixteen values, number j beside number j + 16", () => {
  const values = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
  const source = new Float32Array(32);
  source.set(values);
  source.set(values.toReversed(), 16);
  const bytes = quantize("iq4_nl", source);
  assertEquals([...bytes.subarray(0, 2)], [0x00, 0x3c]); // 1.0: no number is off
  assertEquals([...bytes.subarray(2)], values.map((_, i) => i | (15 - i) << 4));
  assertEquals(dequantize("iq4_nl", bytes), source);
  const none = quantize("iq4_nl", new Float32Array(32));
  assertEquals([...none], [0, 0, ...new Array(16).fill(0x88)]); // 1 is nearest to zero
});

/** Squared errors of a block, each weighted by its number's square: what iq4_nl's search makes small. */
function weightedError(source: Float32Array, back: Float32Array): number {
  return source.reduce((sum, x, i) => sum + (x * (back[i] - x)) ** 2, 0);
}

Deno.test("quantize finds iq4_nl scales no worse than those that put the largest number at an end of the table", () => {
  const values = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
  const source = noise(32 * 400, 4).map((x) => x ** 3);
  const searched = dequantize("iq4_nl", quantize("iq4_nl", source));
  let [worst, better] = [0, 0];
  for (let block = 0; block < source.length; block += 32) {
    const numbers = source.subarray(block, block + 32);
    const largest = numbers.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0);
    const plain = [-127, 127].map((end) => {
      const near = (x: number) => values.reduce((a, b) => Math.abs(b - x) < Math.abs(a - x) ? b : a);
      return weightedError(numbers, numbers.map((x) => near(x * end / largest) * largest / end));
    });
    const error = weightedError(numbers, searched.subarray(block, block + 32));
    worst = Math.max(worst, error / Math.min(...plain));
    better += error < 0.8 * Math.min(...plain) ? 1 : 0;
  }
  assert(worst < 1.002, `${worst} times the error`); // the scale is found in float64, and stored in f16
  assert(better > 100, `only ${better} of 400 blocks gain a fifth`);
});

Deno.test("quantize writes zeros and numbers too small for an f16 scale without NaN", () => {
  for (const size of [0, 1e-45, 1e-39, 1e-8]) {
    for (const dtype of QUANTIZED_DTYPES) {
      const back = dequantize(dtype, quantize(dtype, new Float32Array(32).fill(size)));
      assert(back.every((x) => Math.abs(x - size) <= 2 ** -24 * 127), `${dtype} ${size}: ${back[0]}`);
    }
  }
  assertEquals([...quantize("q4_0", new Float32Array(32)).subarray(0, 3)], [0x00, 0x80, 0x88]);
});

Deno.test("quantize refuses NaN, infinity and numbers too large, naming tensor and element", () => {
  const limits = { f32: Infinity, f16: 65520, bf16: 3.4e38, q8_0: 8321040, iq4_nl: 4193280, q4_0: 524160 };
  for (const dtype of WEIGHT_DTYPES) {
    for (const bad of [NaN, Infinity, -Infinity, limits[dtype]]) {
      const source = new Float32Array(64);
      source[37] = bad;
      assertThrows(() => quantize(dtype, source, "w"), WeightsError, 'Cannot quantise "w": element 37 is');
    }
    const largest = new Float32Array(32).fill(Math.min(limits[dtype], 3.3e38) * 0.999);
    assert(dequantize(dtype, quantize(dtype, largest)).every(Number.isFinite));
  }
});

Deno.test("quantize and dequantize refuse lengths that are not whole blocks", () => {
  assertThrows(() => quantize("q8_0", new Float32Array(33)), ShapeError, "33 elements");
  assertThrows(() => dequantize("q4_0", new Uint8Array(19)), ShapeError, "19 bytes");
  assertThrows(() => dequantize("f32", new Uint8Array(8), new Float32Array(3)), ShapeError, "expected 3");
});

Deno.test("dequantize reads bytes at any alignment and writes into the array it is given", () => {
  const source = noise(64, 3);
  for (const dtype of WEIGHT_DTYPES) {
    const bytes = quantize(dtype, source);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const out = new Float32Array(70).subarray(3, 67);
    assert(dequantize(dtype, shifted.subarray(1), out) === out);
    assertEquals(Float32Array.from(out), dequantize(dtype, bytes));
  }
});
