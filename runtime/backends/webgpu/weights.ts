/** @file Weights on the GPU. A matrix larger than one binding may be is kept in parts of whole rows. */
import type { Weight, WeightUse } from "../../backend.ts";
import { KernelError } from "../../errors.ts";
import { dequantize } from "../../formats/quantize.ts";
import { byteLength, elementCount, type WeightDtype } from "../../tensor.ts";
import type { Memory } from "./memory.ts";
import type { Region } from "./region.ts";
import { packRows, WEIGHT_LAYOUTS } from "./weight_layout.ts";

/** Whole rows of a matrix. */
export interface MatrixPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly blocks: Region;
  /** f16 scales; for dtypes without, the blocks again, so that there is something to bind. */
  readonly scales: Region;
}

/** A matrix in the blocks of its dtype. */
export interface GpuMatrix {
  readonly parts: readonly MatrixPart[];
  /** Blocks in a row. */
  readonly rowBlocks: number;
}

/** Limits of one part. */
export interface PartLimits {
  /** Most bytes of one binding. */
  readonly bindingBytes: number;
  /** Most bytes of one buffer. */
  readonly bufferBytes: number;
  /** Scales start on a multiple of this. */
  readonly alignment: number;
}

/** Bytes converted at a time. */
const CHUNK_BYTES = 1 << 24;
/** Uploaded bytes after which the queue is told to go on, so that its own copies of them can be freed. */
const SUBMIT_BYTES = 1 << 26;

/** The matrix behind a weight. */
export function matrixOf(weight: Weight): GpuMatrix {
  return weight.data as GpuMatrix;
}

/** The memory of a plain weight: row-major f32. */
export function plainOf(weight: Weight): Region {
  return weight.data as Region;
}

/** Uploads weights. */
export class WeightUploader {
  readonly #device: GPUDevice;
  readonly #memory: Memory;
  readonly #limits: PartLimits;
  #unsubmitted = 0;

  constructor(device: GPUDevice, memory: Memory, limits: PartLimits) {
    this.#device = device;
    this.#memory = memory;
    this.#limits = limits;
  }

  /** See {@linkcode Backend.upload}. */
  upload(use: WeightUse, dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight {
    if (use !== "matrix") return this.#uploadPlain(dtype, shape, bytes);
    const parts = this.#planParts(dtype, shape).map(([firstRow, rows]) =>
      this.#uploadPart(dtype, shape[1], firstRow, rows, bytes)
    );
    const size = parts.reduce(
      (sum, { blocks, scales }) => sum + blocks.size + (scales === blocks ? 0 : scales.size),
      0,
    );
    const data: GpuMatrix = { parts, rowBlocks: Math.ceil(shape[1] / WEIGHT_LAYOUTS[dtype].blockSize) };
    return { data, dtype, shape, byteLength: size };
  }

  /** The buffers of a weight, each once. */
  buffersOf(weight: Weight): GPUBuffer[] {
    const data = weight.data as GpuMatrix | Region;
    return "parts" in data ? data.parts.map(({ blocks }) => blocks.buffer) : [data.buffer];
  }

  #uploadPlain(dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight {
    const values = dequantize(dtype, bytes);
    const region = this.#memory.allocate("weight", values.byteLength);
    this.#write(region.buffer, 0, new Uint8Array(values.buffer));
    return { data: region, dtype: "f32", shape, byteLength: 4 * elementCount(shape) };
  }

  /** First row and number of rows of each part. */
  #planParts(dtype: WeightDtype, [rows, columns]: readonly number[]): [number, number][] {
    const { blockSize, blockBytes, hasScales } = WEIGHT_LAYOUTS[dtype];
    const { bindingBytes, bufferBytes, alignment } = this.#limits;
    const rowBlocks = Math.ceil(columns / blockSize);
    const perRow = rowBlocks * (blockBytes + (hasScales ? 2 : 0));
    const most = Math.min(
      Math.floor(bindingBytes / (rowBlocks * blockBytes)),
      Math.floor((bufferBytes - alignment - 4) / perRow),
    );
    if (most < 1) {
      throw new KernelError(
        `Cannot upload a matrix: one row takes ${perRow} bytes, expected at most ${bindingBytes}, the device's limit`,
        "Use another backend",
      );
    }
    const count = Math.ceil(rows / most);
    return Array.from({ length: count }, (_, i) => [i * most, Math.min(most, rows - i * most)]);
  }

  #uploadPart(
    dtype: WeightDtype,
    columns: number,
    firstRow: number,
    rows: number,
    bytes: Uint8Array,
  ): MatrixPart {
    const { blockSize, blockBytes, hasScales } = WEIGHT_LAYOUTS[dtype];
    const rowBlocks = Math.ceil(columns / blockSize);
    const blockEnd = rows * rowBlocks * blockBytes;
    const scaleStart = Math.ceil(blockEnd / this.#limits.alignment) * this.#limits.alignment;
    const scaleBytes = hasScales ? Math.ceil(rows * rowBlocks / 2) * 4 : 0;
    const buffer = this.#memory.buffer(
      "weight",
      Math.max(scaleBytes ? scaleStart + scaleBytes : blockEnd, 16),
    );
    const rowBytes = byteLength(dtype, columns);
    // An even number of rows at a time, so that every chunk's scales start on a word.
    const step = Math.max(2, 2 * Math.floor(CHUNK_BYTES / rowBytes / 2));
    for (let row = 0; row < rows; row += step) {
      const end = Math.min(row + step, rows);
      const packed = packRows(
        dtype,
        columns,
        bytes.subarray((firstRow + row) * rowBytes, (firstRow + end) * rowBytes),
      );
      this.#write(buffer, row * rowBlocks * blockBytes, packed.blocks);
      if (hasScales) this.#write(buffer, scaleStart + row * rowBlocks * 2, packed.scales);
    }
    const blocks = this.#memory.region(buffer, 0, Math.max(blockEnd, 16));
    const scales = hasScales ? this.#memory.region(buffer, scaleStart, scaleBytes) : blocks;
    return { firstRow, rows, blocks, scales };
  }

  #write(buffer: GPUBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#device.queue.writeBuffer(buffer, offset, bytes);
    this.#unsubmitted += bytes.length;
    if (this.#unsubmitted < SUBMIT_BYTES) return;
    this.#device.queue.submit([]);
    this.#unsubmitted = 0;
  }
}
