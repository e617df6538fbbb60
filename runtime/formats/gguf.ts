/**
 * @file Reader of GGUF files, version 3, little-endian.
 *
 * Own code, not `@huggingface/gguf` 0.4.6: that one reads through `fetch` only, silently cuts strings that cross its 2 MB
 * chunks (tokenizer.json does), refuses ones above 10 MB, and allocates by chunk, whatever the file's size.
 */

import { BLOCK_SIZE, byteLength, elementCount, type WeightDtype } from "../tensor.ts";
import type { ByteSource } from "./byte_source.ts";
import { excerpt } from "./excerpt.ts";
import { GgufCursor } from "./gguf_cursor.ts";
import {
  ALIGNMENT_KEY,
  alignUp,
  ARRAY_ID,
  DEFAULT_ALIGNMENT,
  FIXED_TYPES,
  GGML_TYPE,
  GGUF_MAGIC,
  GGUF_VERSION,
  type GgufFixedType,
  type GgufNumbers,
  type GgufValue,
  MAX_DIMENSIONS,
  MAX_KEY_BYTES,
  MAX_NAME_BYTES,
  STRING_ID,
} from "./gguf_format.ts";
import { openPlacedTensors, type PlacedTensor, type TensorFile } from "./tensor_file.ts";

/** An open GGUF file. */
export interface GgufFile extends TensorFile {
  /** The file's key-value pairs in their order. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
}

/** Of metadata and of tensors: a hundred times what models have, and few enough to keep in memory. */
const MAX_ENTRIES = 1 << 16;

const FIXED_BY_ID = new Map<number, GgufFixedType>(
  Object.entries(FIXED_TYPES).map(([name, { id }]) => [id, name as GgufFixedType]),
);
const DTYPE_BY_ID = new Map<number, WeightDtype>(
  Object.entries(GGML_TYPE).map(([name, id]) => [id, name as WeightDtype]),
);

/**
 * Opens a GGUF file: reads and checks metadata and tensor infos, no data yet. As strict as ggml: names of at most 63 bytes,
 * at most 4 dimensions, rows of whole blocks, data laid out in order without gaps. `close()` on the result closes `source`.
 *
 * @throws {WeightsError} when the file is damaged, or a tensor is not F32, F16, BF16, Q8_0, IQ4_NL or Q4_0; `source` stays open
 */
export async function openGguf(source: ByteSource, signal?: AbortSignal): Promise<GgufFile> {
  const cursor = new GgufCursor(source, signal);
  await readPrologue(cursor);
  const tensorCount = await cursor.count(24, "the number of tensors", MAX_ENTRIES);
  const metadataCount = await cursor.count(13, "the number of metadata entries", MAX_ENTRIES);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < metadataCount; i++) {
    const key = await readName(cursor, `the key of metadata entry ${i}`, MAX_KEY_BYTES);
    if (metadata.has(key)) {
      throw cursor.damaged(`metadata key ${excerpt(key)} is there twice, expected distinct keys`);
    }
    metadata.set(key, await readValue(cursor, `metadata ${excerpt(key)}`));
  }
  const alignment = alignmentOf(cursor, metadata);
  const tensors = await readTensorInfos(cursor, tensorCount, alignment);
  checkEnd(cursor, source.size, tensors, alignment);
  return { ...openPlacedTensors(source, tensors), metadata };
}

async function readPrologue(cursor: GgufCursor): Promise<void> {
  await cursor.need(8, "the magic number and version");
  if (cursor.u32() !== GGUF_MAGIC) {
    throw cursor.damaged('it does not begin with "GGUF", expected a GGUF file');
  }
  const version = cursor.u32();
  if (version === GGUF_VERSION) return;
  const is = version % 65536 === 0 ? "it is big-endian" : `its version is ${version}`;
  throw cursor.damaged(`${is}, expected version ${GGUF_VERSION}, little-endian`);
}

async function readName(cursor: GgufCursor, what: string, maxBytes: number): Promise<string> {
  const start = cursor.position;
  const name = await cursor.string(what);
  const length = cursor.position - start - 8;
  if (length > 0 && length <= maxBytes) return name;
  throw cursor.damaged(`${what} has ${length} bytes, expected 1 to ${maxBytes}`);
}

async function readValue(cursor: GgufCursor, what: string): Promise<GgufValue> {
  await cursor.need(4, what);
  const id = cursor.u32();
  if (id === STRING_ID) return { type: "string", value: await cursor.string(what) };
  if (id === ARRAY_ID) return await readArray(cursor, what);
  const type = fixedType(cursor, id, what);
  await cursor.need(FIXED_TYPES[type].bytes, what);
  const [value] = decodeNumbers(type, cursor.bytes(FIXED_TYPES[type].bytes));
  if (type === "bool") return { type, value: value !== 0 };
  return { type, value } as GgufValue; // the table pairs bigint arrays with u64 and i64, number arrays with the rest
}

/** Arrays in arrays are refused, as in ggml. */
async function readArray(cursor: GgufCursor, what: string): Promise<GgufValue> {
  await cursor.need(4, what);
  const id = cursor.u32();
  if (id !== STRING_ID) {
    const element = fixedType(cursor, id, `the elements of ${what}`);
    const { bytes } = FIXED_TYPES[element];
    const count = await cursor.count(bytes, `the length of ${what}`);
    await cursor.need(count * bytes, what);
    return { type: "array", element, value: decodeNumbers(element, cursor.bytes(count * bytes)) };
  }
  const count = await cursor.count(8, `the length of ${what}`);
  const value: string[] = [];
  for (let i = 0; i < count; i++) value.push(await cursor.string(`element ${i} of ${what}`));
  return { type: "array", element: "string", value };
}

function fixedType(cursor: GgufCursor, id: number, what: string): GgufFixedType {
  const type = FIXED_BY_ID.get(id);
  if (type) return type;
  const is = id === ARRAY_ID ? "are arrays" : `has type ${id}`;
  throw cursor.damaged(`${what} ${is}, expected a number, boolean or string`);
}

function decodeNumbers(type: GgufFixedType, bytes: Uint8Array<ArrayBuffer>): GgufNumbers {
  return new FIXED_TYPES[type].array(bytes.buffer);
}

function alignmentOf(cursor: GgufCursor, metadata: ReadonlyMap<string, GgufValue>): number {
  const entry = metadata.get(ALIGNMENT_KEY);
  if (!entry) return DEFAULT_ALIGNMENT;
  if (entry.type === "u32" && entry.value > 0 && Number.isInteger(Math.log2(entry.value))) return entry.value;
  const is = entry.type === "u32" ? entry.value : `of type ${entry.type}`;
  throw cursor.damaged(`"${ALIGNMENT_KEY}" is ${is}, expected a power of two as u32`);
}

async function readTensorInfos(
  cursor: GgufCursor,
  count: number,
  alignment: number,
): Promise<PlacedTensor[]> {
  const names = new Set<string>();
  const tensors: PlacedTensor[] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const tensor = await readTensorInfo(cursor, i, alignUp(end, alignment));
    if (names.has(tensor.name)) {
      throw cursor.damaged(`tensor "${tensor.name}" is there twice, expected distinct names`);
    }
    names.add(tensor.name);
    tensors.push(tensor);
    end = tensor.offset + tensor.byteLength;
  }
  const dataStart = alignUp(cursor.position, alignment);
  return tensors.map((tensor) => ({ ...tensor, offset: dataStart + tensor.offset }));
}

/** One tensor info; its offset, counted from the start of the data, has to be `expectedOffset`. */
async function readTensorInfo(
  cursor: GgufCursor,
  index: number,
  expectedOffset: number,
): Promise<PlacedTensor> {
  const name = await readName(cursor, `the name of tensor ${index}`, MAX_NAME_BYTES);
  const what = `tensor "${name}"`;
  await cursor.need(4, what);
  const dimensions = cursor.u32();
  if (dimensions > MAX_DIMENSIONS) {
    throw cursor.damaged(`${what} has ${dimensions} dimensions, expected at most ${MAX_DIMENSIONS}`);
  }
  await cursor.need(dimensions * 8 + 12, what);
  const shape = Array.from({ length: dimensions }, () => Number(cursor.u64())).reverse();
  const typeId = cursor.u32();
  const dtype = DTYPE_BY_ID.get(typeId);
  if (!dtype) {
    throw cursor.damaged(`${what} has ggml type ${typeId}, expected F32, F16, BF16, Q8_0, IQ4_NL or Q4_0`);
  }
  if ((shape.at(-1) ?? 1) % BLOCK_SIZE[dtype] !== 0) {
    throw cursor.damaged(
      `${what} has rows of ${shape.at(-1) ?? 1}, expected whole blocks of ${BLOCK_SIZE[dtype]}`,
    );
  }
  const size = byteLength(dtype, elementCount(shape));
  if (![...shape, elementCount(shape), expectedOffset + size].every(Number.isSafeInteger)) {
    throw cursor.damaged(`${what} has shape [${shape.join(", ")}], expected one that fits a file`);
  }
  const offset = cursor.u64();
  if (offset !== BigInt(expectedOffset)) {
    throw cursor.damaged(`${what} starts at byte ${offset} of the data, expected ${expectedOffset}`);
  }
  return { name, dtype, shape, byteLength: size, offset: expectedOffset };
}

/** The file ends with the last tensor or with its padding. */
function checkEnd(
  cursor: GgufCursor,
  size: number,
  tensors: readonly PlacedTensor[],
  alignment: number,
): void {
  const last = tensors.at(-1);
  const end = last ? last.offset + last.byteLength : cursor.position;
  const padded = alignUp(end, alignment);
  if (size >= end && size <= padded) return;
  throw cursor.damaged(`it has ${size} bytes, expected ${end} to ${padded} from its header`);
}
