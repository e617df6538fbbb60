/**
 * @file Numbers to storage dtypes and back. The q8_0 and q4_0 blocks are those of ggml (ggml-quants.c,
 * `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref`, without fused multiply-add), bit for bit; for iq4_nl see
 * iq4_blocks.ts.
 */

import { ShapeError, WeightsError } from "../errors.ts";
import { BLOCK_BYTES, BLOCK_SIZE, byteLength, type WeightDtype } from "../tensor.ts";
import { aligned } from "./byte_source.ts";
import { decodeBf16, decodeF16, encodeBf16, encodeF16 } from "./half_floats.ts";
import { dequantizeIq4, quantizeIq4 } from "./iq4_blocks.ts";
import { dequantizeQ4, dequantizeQ8, quantizeQ4, quantizeQ8 } from "./quant_blocks.ts";

/** Magnitudes from here on round to infinity. */
const OVERFLOW: Readonly<Record<WeightDtype, number>> = {
  f32: Infinity,
  f16: 65520,
  bf16: 2 ** 128 - 2 ** 119,
  q8_0: 65520 * 127, // of the largest number in a block
  iq4_nl: 65520 * 64, // the search gives scales up to 1/75 of the largest
  q4_0: 65520 * 8,
};

/**
 * Converts numbers to the bytes of a storage dtype, little-endian.
 *
 * @param source `[n]` numbers, `n` a multiple of the dtype's block size (whole rows)
 * @param name what to call the tensor in error messages
 * @param start the source's first element, counted from the tensor's start, for error messages
 * @returns `byteLength(dtype, n)` new bytes
 * @throws {WeightsError} when a number is NaN, infinite, or too large for the dtype
 * @throws {ShapeError} when `n` is not a whole number of blocks
 */
export function quantize(
  dtype: WeightDtype,
  source: Float32Array,
  name = "tensor",
  start = 0,
): Uint8Array<ArrayBuffer> {
  if (source.length % BLOCK_SIZE[dtype] !== 0) {
    throw new ShapeError(
      `Cannot quantise "${name}": it has ${source.length} elements, expected a multiple of ${
        BLOCK_SIZE[dtype]
      }`,
      `Keep this tensor in f32, f16 or bf16; ${dtype} stores blocks`,
    );
  }
  checkNumbers(dtype, source, name, start);
  const bytes = new Uint8Array(byteLength(dtype, source.length));
  switch (dtype) {
    case "f32":
      new Float32Array(bytes.buffer).set(source);
      break;
    case "f16":
      encodeF16(source, new Uint16Array(bytes.buffer));
      break;
    case "bf16":
      encodeBf16(source, new Uint16Array(bytes.buffer));
      break;
    case "q8_0":
      quantizeQ8(source, bytes);
      break;
    case "iq4_nl":
      quantizeIq4(source, bytes);
      break;
    case "q4_0":
      quantizeQ4(source, bytes);
      break;
    default:
      dtype satisfies never;
  }
  return bytes;
}

function checkNumbers(dtype: WeightDtype, source: Float32Array, name: string, start: number): void {
  const limit = OVERFLOW[dtype];
  for (let i = 0; i < source.length; i++) {
    if (Math.abs(source[i]) < limit) continue;
    throw new WeightsError(
      `Cannot quantise "${name}": element ${start + i} is ${
        source[i]
      }, expected a finite number that fits ${dtype}`,
      Number.isFinite(source[i])
        ? "Choose another dtype for this tensor"
        : "The checkpoint is damaged; get it again",
    );
  }
}

/**
 * Converts the bytes of a storage dtype to numbers.
 *
 * @param bytes a whole number of blocks; not changed
 * @param out `[n]` results, overwritten; made when absent
 * @returns `out`
 * @throws {ShapeError} when the bytes are not whole blocks, or `out` has another length than they need
 */
export function dequantize(
  dtype: WeightDtype,
  bytes: Uint8Array,
  out?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const count = bytes.length / BLOCK_BYTES[dtype] * BLOCK_SIZE[dtype];
  const result = out ?? new Float32Array(Math.floor(count));
  if (result.length !== count) {
    throw new ShapeError(
      `Cannot dequantise ${dtype}: ${bytes.length} bytes make ${count} elements, expected ${result.length}`,
      "Give whole blocks, and room for exactly their elements",
    );
  }
  switch (dtype) {
    case "f32":
      new Uint8Array(result.buffer, result.byteOffset, bytes.length).set(bytes);
      break;
    case "f16":
      decodeF16(halves(bytes), result);
      break;
    case "bf16":
      decodeBf16(halves(bytes), result);
      break;
    case "q8_0":
      dequantizeQ8(bytes, result);
      break;
    case "iq4_nl":
      dequantizeIq4(bytes, result);
      break;
    case "q4_0":
      dequantizeQ4(bytes, result);
      break;
    default:
      dtype satisfies never;
  }
  return result;
}

function halves(bytes: Uint8Array): Uint16Array {
  const even = aligned(bytes, 2);
  return new Uint16Array(even.buffer, even.byteOffset, even.length / 2);
}
