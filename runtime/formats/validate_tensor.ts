/**
 * @file The last check on a tensor's data: no NaN and no infinity. Formats carry no checksum, so this is the one kind of
 * damage inside the data that can be told. For block dtypes the scales are looked at; the quants cannot be wrong.
 */

import { WeightsError } from "../errors.ts";
import { BLOCK_BYTES, BLOCK_SIZE, elementCount, type WeightDtype } from "../tensor.ts";

/** The exponent bits of an IEEE 754 number; all of them set means NaN or infinity. */
const F16_EXPONENT = 0x7c00;
const BF16_EXPONENT = 0x7f80;

/**
 * Throws `WeightsError`, naming the element, when `bytes` hold a NaN or infinity.
 *
 * @param bytes data of the tensor or, from byte `start` of it, a slice; a whole number of blocks
 * @param file what to call the file in the message
 */
export function validateTensor(
  tensor: { readonly name: string; readonly dtype: WeightDtype; readonly shape: readonly number[] },
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  start = 0,
): void {
  const block = BLOCK_BYTES[tensor.dtype];
  const index = firstBadBlock(tensor.dtype, bytes);
  if (index < 0) return;
  const element = (start / block + index) * BLOCK_SIZE[tensor.dtype];
  const what = BLOCK_SIZE[tensor.dtype] === 1 ? "element" : "the scale of the block at element";
  throw new WeightsError(
    `Cannot read tensor "${tensor.name}" of "${file}": ${what} ${element} of ${elementCount(tensor.shape)} ` +
      "is NaN or infinite, expected a finite number",
    "The file is damaged, or training diverged; get the checkpoint again",
  );
}

/** Index of the first block with a NaN or infinity, or -1. */
function firstBadBlock(dtype: WeightDtype, bytes: Uint8Array<ArrayBuffer>): number {
  switch (dtype) {
    case "f32":
      return firstBadPattern(bytes, 4, 2, BF16_EXPONENT); // the upper half of an f32 is a bf16
    case "f16":
      return firstBadPattern(bytes, 2, 0, F16_EXPONENT);
    case "bf16":
      return firstBadPattern(bytes, 2, 0, BF16_EXPONENT);
    case "q8_0":
    case "iq4_nl":
    case "q4_0":
      return firstBadPattern(bytes, BLOCK_BYTES[dtype], 0, F16_EXPONENT);
    default:
      return dtype satisfies never;
  }
}

/** Index of the first `stride`-byte unit whose upper 16-bit number, at byte `at`, has every bit of `exponent` set; or -1. */
function firstBadPattern(
  bytes: Uint8Array<ArrayBuffer>,
  stride: number,
  at: number,
  exponent: number,
): number {
  const high = exponent >> 8;
  const low = exponent & 0xff;
  for (let i = at + 1; i < bytes.length; i += stride) {
    if ((bytes[i] & high) === high && (bytes[i - 1] & low) === low) return (i - at - 1) / stride;
  }
  return -1;
}
