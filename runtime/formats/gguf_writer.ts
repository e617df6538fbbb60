/** @file Writer of GGUF files, version 3: the header first, then the tensors' data one by one, never a whole file. */

import { WeightsError } from "../errors.ts";
import { alignUp, type GgufValue } from "./gguf_format.ts";
import { alignmentIn, encodeHeader, type GgufTensor, tensorBytes } from "./gguf_header.ts";

/** What {@linkcode writeGguf} writes, and where. */
export interface GgufWriteOptions {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of their data. */
  readonly tensors: readonly GgufTensor[];
  /** Gives the data of one tensor in pieces of any length; called once for each, in order. */
  readonly read: (
    tensor: GgufTensor,
  ) => Iterable<Uint8Array<ArrayBuffer>> | AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Closed at the end; aborted when anything fails. */
  readonly sink: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly signal?: AbortSignal;
  /** Called after each piece. Bytes of the file, header included. */
  readonly onProgress?: (progress: GgufWriteProgress) => void;
}

/** How far a file is written. */
export interface GgufWriteProgress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
  /** Name of the tensor that the last piece belongs to; empty for the header. */
  readonly tensor: string;
}

/**
 * Writes a GGUF file, little-endian, laid out as ggml reads it. Memory: the header and one piece.
 *
 * @returns the length of the file in bytes
 * @throws {WeightsError} when a name, key or shape is not one that ggml reads, or a tensor's data has the wrong length
 */
export async function writeGguf(options: GgufWriteOptions): Promise<number> {
  const writer = options.sink.getWriter();
  try {
    const written = await writeAll(options, writer);
    await writer.close();
    return written;
  } catch (error) {
    await writer.abort(error).catch(() => {}); // a sink that already failed cannot be aborted
    throw error;
  }
}

async function writeAll(
  options: GgufWriteOptions,
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
): Promise<number> {
  const { metadata, tensors, read, signal, onProgress } = options;
  const alignment = alignmentIn(metadata);
  const header = encodeHeader(metadata, tensors);
  const totalBytes = tensors.reduce(
    (sum, tensor) => sum + alignUp(tensorBytes(tensor), alignment),
    header.length,
  );
  let writtenBytes = 0;
  const write = async (bytes: Uint8Array<ArrayBuffer>, tensor: string): Promise<void> => {
    signal?.throwIfAborted();
    await writer.write(bytes);
    writtenBytes += bytes.length;
    onProgress?.({ writtenBytes, totalBytes, tensor });
  };
  await write(header, "");
  for (const tensor of tensors) {
    let length = 0;
    for await (const piece of read(tensor)) {
      length += piece.length;
      await write(piece, tensor.name);
    }
    checkLength(tensor, length);
    const padding = alignUp(length, alignment) - length;
    if (padding > 0) await write(new Uint8Array(padding), tensor.name);
  }
  return writtenBytes;
}

function checkLength(tensor: GgufTensor, length: number): void {
  if (length === tensorBytes(tensor)) return;
  throw new WeightsError(
    `Cannot write tensor "${tensor.name}": its data has ${length} bytes, expected ${tensorBytes(tensor)}`,
    "Give exactly the bytes of the tensor's shape and dtype",
  );
}
