/** @file The bytes in front of a GGUF file's tensor data. */

import { WeightsError } from "../errors.ts";
import { BLOCK_SIZE, byteLength, elementCount } from "../tensor.ts";
import {
  ALIGNMENT_KEY,
  alignUp,
  ARRAY_ID,
  DEFAULT_ALIGNMENT,
  FIXED_TYPES,
  GGML_TYPE,
  GGUF_MAGIC,
  GGUF_VERSION,
  type GgufValue,
  MAX_DIMENSIONS,
  MAX_KEY_BYTES,
  MAX_NAME_BYTES,
  STRING_ID,
} from "./gguf_format.ts";
import type { TensorInfo } from "./tensor_file.ts";

/** A tensor that is to be written. */
export type GgufTensor = Pick<TensorInfo, "name" | "dtype" | "shape">;

/** Bytes of a tensor's data. */
export function tensorBytes({ dtype, shape }: GgufTensor): number {
  return byteLength(dtype, elementCount(shape));
}

/** The alignment of tensor data that `metadata` asks for, in bytes. */
export function alignmentIn(metadata: ReadonlyMap<string, GgufValue>): number {
  const entry = metadata.get(ALIGNMENT_KEY);
  if (!entry) return DEFAULT_ALIGNMENT;
  if (entry.type === "u32" && entry.value > 0 && Number.isInteger(Math.log2(entry.value))) return entry.value;
  throw unwritable(`"${ALIGNMENT_KEY}" is ${entry.value} (${entry.type})`, "a power of two as u32");
}

/**
 * Everything in front of the first tensor's data, padding included.
 *
 * @throws {WeightsError} when a name, key or shape is not one that ggml reads
 */
export function encodeHeader(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): Uint8Array<ArrayBuffer> {
  const alignment = alignmentIn(metadata);
  const header = new ByteBuilder();
  header.u32(GGUF_MAGIC);
  header.u32(GGUF_VERSION);
  header.u64(BigInt(tensors.length));
  header.u64(BigInt(metadata.size));
  for (const [key, value] of metadata) {
    header.name(key, MAX_KEY_BYTES);
    appendValue(header, value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    appendTensor(header, tensor, offset);
    offset = alignUp(offset + tensorBytes(tensor), alignment);
  }
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length) {
    throw unwritable("a tensor name is there twice", "distinct names");
  }
  return header.padded(alignment);
}

function appendValue(header: ByteBuilder, entry: GgufValue): void {
  if (entry.type === "string") {
    header.u32(STRING_ID);
    header.string(entry.value);
  } else if (entry.type !== "array") {
    const { id, array } = FIXED_TYPES[entry.type];
    header.u32(id);
    // The table pairs bigint arrays with u64 and i64, number arrays with the rest; a boolean becomes 0 or 1.
    header.bytes((array.of as (value: unknown) => ArrayBufferView).call(array, entry.value));
  } else if (entry.element === "string") {
    header.u32(ARRAY_ID);
    header.u32(STRING_ID);
    header.u64(BigInt(entry.value.length));
    for (const text of entry.value) header.string(text);
  } else {
    header.u32(ARRAY_ID);
    header.u32(FIXED_TYPES[entry.element].id);
    header.u64(BigInt(entry.value.length));
    header.bytes(entry.value);
  }
}

function appendTensor(header: ByteBuilder, { name, dtype, shape }: GgufTensor, offset: number): void {
  header.name(name, MAX_NAME_BYTES);
  const rowLength = shape.at(-1) ?? 1;
  if (shape.length > MAX_DIMENSIONS) {
    throw unwritable(`"${name}" has ${shape.length} dimensions`, "at most 4");
  }
  if (rowLength % BLOCK_SIZE[dtype] !== 0) {
    throw unwritable(`"${name}" has rows of ${rowLength}`, `whole ${dtype} blocks of ${BLOCK_SIZE[dtype]}`);
  }
  header.u32(shape.length);
  for (const size of shape.toReversed()) header.u64(BigInt(size));
  header.u32(GGML_TYPE[dtype]);
  header.u64(BigInt(offset));
}

/** Bytes that grow at their end. */
class ByteBuilder {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  u32(value: number): void {
    this.bytes(Uint32Array.of(value));
  }

  u64(value: bigint): void {
    this.bytes(BigUint64Array.of(value));
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(BigInt(bytes.length));
    this.bytes(bytes);
  }

  name(text: string, maxBytes: number): void {
    const length = new TextEncoder().encode(text).length;
    if (length === 0 || length > maxBytes) {
      throw unwritable(`"${text}" has ${length} bytes`, `1 to ${maxBytes}`);
    }
    this.string(text);
  }

  bytes(view: ArrayBufferView): void {
    const end = this.#length + view.byteLength;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), this.#length);
    this.#length = end;
  }

  /** What was appended, and zeros up to a multiple of `alignment`. */
  padded(alignment: number): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(alignUp(this.#length, alignment));
    result.set(this.#bytes.subarray(0, this.#length));
    return result;
  }
}

function unwritable(is: string, expected: string): WeightsError {
  return new WeightsError(
    `Cannot write GGUF header: ${is}, expected ${expected}`,
    "Choose other names or dtypes for the packed file",
  );
}
