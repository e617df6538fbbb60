/** @file A checkpoint's tensors, whatever file they are in, to one GGUF file of other dtypes; streaming. */

import type { WeightDtype } from "../tensor.ts";
import { BLOCK_BYTES, BLOCK_SIZE, byteLength } from "../tensor.ts";
import type { GgufValue } from "./gguf_format.ts";
import type { GgufTensor } from "./gguf_header.ts";
import { type GgufWriteProgress, writeGguf } from "./gguf_writer.ts";
import { dequantize, quantize } from "./quantize.ts";
import type { TensorFile, TensorInfo } from "./tensor_file.ts";

/** Elements converted at once, a multiple of every block size: 4 MiB as f32. */
const SLICE_ELEMENTS = 1 << 20;

/** What {@linkcode convertCheckpoint} converts, to what, and where. */
export interface ConvertOptions {
  readonly files: TensorFile;
  /** Storage dtype of each tensor in the new file. */
  readonly dtypeOf: (info: TensorInfo) => WeightDtype;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Closed at the end; aborted when anything fails. */
  readonly sink: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly signal?: AbortSignal;
  /** Called after each slice. */
  readonly onProgress?: (progress: GgufWriteProgress) => void;
}

/**
 * Converts a checkpoint to GGUF, tensor by tensor under their own names and in their order. Memory: the header and one
 * slice of a tensor, about 10 MiB in all, whatever the checkpoint's size.
 *
 * @returns the length of the new file in bytes
 * @throws {WeightsError} when a tensor cannot be read, holds a NaN, or does not fit the dtype chosen for it
 */
export async function convertCheckpoint(options: ConvertOptions): Promise<number> {
  const { files, dtypeOf, metadata, sink, signal, onProgress } = options;
  return await writeGguf({
    metadata,
    tensors: await planTensors(files, dtypeOf, sink),
    read: ({ name, dtype }) => convertTensor(files, files.tensors.get(name)!, dtype, signal),
    sink,
    signal,
    onProgress,
  });
}

async function planTensors(
  files: TensorFile,
  dtypeOf: ConvertOptions["dtypeOf"],
  sink: ConvertOptions["sink"],
): Promise<GgufTensor[]> {
  try {
    return [...files.tensors.values()].map((info) => ({
      name: info.name,
      shape: info.shape,
      dtype: dtypeOf(info),
    }));
  } catch (error) {
    await sink.abort(error);
    throw error;
  }
}

/** The data of one tensor in the new dtype, slice by slice. */
async function* convertTensor(
  files: TensorFile,
  info: TensorInfo,
  dtype: WeightDtype,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const count = info.byteLength / BLOCK_BYTES[info.dtype] * BLOCK_SIZE[info.dtype];
  for (let start = 0; start < count; start += SLICE_ELEMENTS) {
    const length = Math.min(SLICE_ELEMENTS, count - start);
    const from = byteLength(info.dtype, start);
    const bytes = await files.readSlice(info.name, from, byteLength(info.dtype, length), signal);
    yield info.dtype === dtype ? bytes : quantize(dtype, dequantize(info.dtype, bytes), info.name, start);
  }
}
