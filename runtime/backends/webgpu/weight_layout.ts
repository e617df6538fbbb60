/**
 * @file Published weight rows -> what the kernels load: blocks of 16 or 32 bytes, quants and scales apart. ggml's blocks of 34 and
 * 18 bytes would straddle words.
 */
import { BLOCK_BYTES, BLOCK_SIZE, type WeightDtype } from "../../tensor.ts";

/** How a dtype's rows are kept on the GPU. */
export interface WeightLayout {
  /** Weights in a block, the unit that a kernel loads. */
  readonly blockSize: number;
  /** Bytes of a block, without its scale. */
  readonly blockBytes: number;
  /** Blocks have an f16 scale each, in an array of their own. */
  readonly hasScales: boolean;
}

/** Layouts by dtype. Rows that are no whole number of blocks end in zeros. */
export const WEIGHT_LAYOUTS: Readonly<Record<WeightDtype, WeightLayout>> = {
  f32: { blockSize: 4, blockBytes: 16, hasScales: false },
  f16: { blockSize: 8, blockBytes: 16, hasScales: false },
  bf16: { blockSize: 8, blockBytes: 16, hasScales: false },
  q8_0: { blockSize: 32, blockBytes: 32, hasScales: true },
  iq4_nl: { blockSize: 32, blockBytes: 16, hasScales: true },
  q4_0: { blockSize: 32, blockBytes: 16, hasScales: true },
};

/** Rows as the GPU keeps them. */
export interface PackedRows {
  readonly blocks: Uint8Array<ArrayBuffer>;
  /** f16 scales, row-major, padded to a whole word; empty for dtypes without. */
  readonly scales: Uint8Array<ArrayBuffer>;
}

/** Lays out `bytes`, whole rows of `columns` weights as they are published. */
export function packRows(dtype: WeightDtype, columns: number, bytes: Uint8Array): PackedRows {
  const { hasScales, blockSize, blockBytes } = WEIGHT_LAYOUTS[dtype];
  if (hasScales) return splitBlocks(dtype, bytes);
  const rowBytes = (columns / BLOCK_SIZE[dtype]) * BLOCK_BYTES[dtype];
  const paddedBytes = Math.ceil(columns / blockSize) * blockBytes;
  const none = new Uint8Array(0);
  if (rowBytes === paddedBytes) return { blocks: bytes.slice(), scales: none };
  const rows = bytes.length / rowBytes;
  const blocks = new Uint8Array(rows * paddedBytes);
  for (let r = 0; r < rows; r++) {
    blocks.set(bytes.subarray(r * rowBytes, (r + 1) * rowBytes), r * paddedBytes);
  }
  return { blocks, scales: none };
}

/** ggml's blocks are an f16 scale, then the quants. */
function splitBlocks(dtype: WeightDtype, bytes: Uint8Array): PackedRows {
  const size = BLOCK_BYTES[dtype] / 2;
  const source = halfWords(bytes);
  const count = source.length / size;
  const quants = new Uint16Array(count * (size - 1));
  const scales = new Uint16Array(Math.ceil(count / 2) * 2);
  for (let block = 0, from = 0, to = 0; block < count; block++) {
    scales[block] = source[from++];
    for (let i = 1; i < size; i++) quants[to++] = source[from++];
  }
  return { blocks: new Uint8Array(quants.buffer), scales: new Uint8Array(scales.buffer) };
}

function halfWords(bytes: Uint8Array): Uint16Array {
  const even = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(even.buffer, even.byteOffset, even.length / 2);
}
