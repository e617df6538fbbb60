/** @file A checkpoint's tensors, whatever file they are in, in other dtypes, and written to one GGUF file; both streaming. */

import { BLOCK_BYTES, BLOCK_SIZE, byteLength, elementCount, type WeightDtype } from "../tensor.ts";
import type { GgufValue } from "./gguf_format.ts";
import type { GgufTensor } from "./gguf_header.ts";
import { type GgufWriteProgress, writeGguf } from "./gguf_writer.ts";
import { dequantize, quantize } from "./quantize.ts";
import { findTensor, type TensorFile, type TensorInfo } from "./tensor_file.ts";

/** Elements converted at once, a multiple of every block size: 4 MiB as f32. */
const SLICE_ELEMENTS = 1 << 20;

/**
 * A checkpoint's tensors as if they were stored in other dtypes: what is read is converted on its way.
 *
 * @param dtypeOf storage dtype of each tensor
 * @throws {WeightsError} from reads, when a tensor cannot be read, holds a NaN, or does not fit the dtype chosen for it
 */
export function convertTensors(files: TensorFile, dtypeOf: (info: TensorInfo) => WeightDtype): TensorFile {
  const tensors = new Map([...files.tensors].map(([name, info]): [string, TensorInfo] => {
    const dtype = dtypeOf(info);
    return [name, { ...info, dtype, byteLength: byteLength(dtype, elementCount(info.shape)) }];
  }));
  const readSlice: TensorFile["readSlice"] = async (name, start, length, signal, into) => {
    const from = findTensor(files.tensors, name, "the checkpoint").dtype;
    const { dtype } = tensors.get(name)!;
    if (from === dtype) return await files.readSlice(name, start, length, signal, into);
    const elements = (bytes: number): number => bytes / BLOCK_BYTES[dtype] * BLOCK_SIZE[dtype];
    const [first, count] = [elements(start), elements(length)];
    const bytes = await files.readSlice(name, byteLength(from, first), byteLength(from, count), signal);
    return quantize(dtype, dequantize(from, bytes), name, first);
  };
  return {
    tensors,
    read: async (name, signal) =>
      await readSlice(name, 0, findTensor(tensors, name, "the checkpoint").byteLength, signal),
    readSlice,
    close: () => files.close(),
  };
}

/** What {@linkcode writeTensors} writes, and where. */
export interface WriteTensorsOptions {
  readonly files: TensorFile;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Closed at the end; aborted when anything fails. */
  readonly sink: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly signal?: AbortSignal;
  /** Called after each slice. */
  readonly onProgress?: (progress: GgufWriteProgress) => void;
}

/**
 * Writes a checkpoint to one GGUF file, tensor by tensor under their own names and in their order. Memory: the header and one slice of a
 * tensor, about 10 MiB in all, whatever the checkpoint's size.
 *
 * @returns the length of the new file in bytes
 * @throws {WeightsError} what reading throws, and when a tensor's rows are no whole blocks
 */
export async function writeTensors({ files, signal, ...options }: WriteTensorsOptions): Promise<number> {
  return await writeGguf({
    ...options,
    signal,
    tensors: [...files.tensors.values()],
    read: (tensor) => slices(files, tensor, signal),
  });
}

/** The data of one tensor, slice by slice. */
async function* slices(
  files: TensorFile,
  { name, dtype, shape }: GgufTensor,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const count = elementCount(shape);
  for (let start = 0; start < count; start += SLICE_ELEMENTS) {
    const length = byteLength(dtype, Math.min(SLICE_ELEMENTS, count - start));
    yield await files.readSlice(name, byteLength(dtype, start), length, signal);
  }
}
