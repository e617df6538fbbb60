/**
 * @file Reader of safetensors files, as strict as the format's specification: 8 bytes header length (little-endian), a
 * JSON header {name: {dtype, shape, data_offsets}}, then the tensors' data, without gaps, overlaps or anything after.
 */

import { WeightsError } from "../errors.ts";
import { byteLength, type WeightDtype } from "../tensor.ts";
import type { ByteSource } from "./byte_source.ts";
import { excerpt } from "./excerpt.ts";
import { isObject, parseStrictJson } from "./strict_json.ts";
import { openPlacedTensors, type PlacedTensor, type TensorFile } from "./tensor_file.ts";

/** The 1.5B model's header has 70 kB. The format allows 100 MB, which would take seconds and gigabytes to parse. */
const MAX_HEADER_BYTES = 1 << 24;

/** Far above any real name; keeps names out of messages and memory that are none. */
const MAX_NAME_LENGTH = 1000;

const DTYPES: ReadonlyMap<unknown, WeightDtype> = new Map([["F32", "f32"], ["F16", "f16"], ["BF16", "bf16"]]);

/**
 * Opens one safetensors file: reads and checks its header, no data yet. `close()` on the result closes `source`.
 *
 * @throws {WeightsError} when the file is damaged or holds another dtype than F32, F16 and BF16; `source` stays open
 */
export async function openSafetensors(source: ByteSource, signal?: AbortSignal): Promise<TensorFile> {
  const header = await readHeader(source, signal);
  const tensors = Object.entries(header.json)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => parseTensor(source, name, entry, header.dataStart));
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  checkPlacement(source, tensors, header.dataStart);
  return openPlacedTensors(source, tensors);
}

/** The `__metadata__` of a header is free text for people; it is checked by the format's rule and otherwise ignored. */
async function readHeader(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<{ json: Record<string, unknown>; dataStart: number }> {
  if (source.size < 10) throw damaged(source, `it has ${source.size} bytes, expected at least 10`);
  const prefix = await source.read(0, 8, signal);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  const limit = Math.min(MAX_HEADER_BYTES, source.size - 8);
  if (length > limit) throw damaged(source, `its header claims ${length} bytes, expected at most ${limit}`);
  const bytes = await source.read(8, Number(length), signal);
  if (bytes[0] !== 0x7b) throw damaged(source, 'its header does not begin with "{", expected a JSON object');
  const json = parseStrictJson(bytes, (problem, cause) => damaged(source, `its header: ${problem}`, cause));
  if (!isObject(json)) throw damaged(source, "its header is no JSON object, expected one");
  const metadata = json["__metadata__"] ?? {};
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw damaged(source, 'its "__metadata__" is not made of strings, expected strings');
  }
  return { json, dataStart: 8 + Number(length) };
}

function parseTensor(source: ByteSource, name: string, entry: unknown, dataStart: number): PlacedTensor {
  const bad = (problem: string): WeightsError => damaged(source, `tensor ${excerpt(name)}: ${problem}`);
  if (name.length > MAX_NAME_LENGTH) {
    throw bad(`its name is longer than ${MAX_NAME_LENGTH}, expected a shorter one`);
  }
  if (!isObject(entry)) throw bad("its entry is no object, expected dtype, shape and data_offsets");
  const dtype = DTYPES.get(entry.dtype);
  if (!dtype) throw bad(`its dtype is ${excerpt(entry.dtype)}, expected F32, F16 or BF16`);
  const { shape, data_offsets: offsets } = entry;
  if (!isSizes(shape)) throw bad(`its shape is ${excerpt(shape)}, expected a list of whole numbers`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw bad(`its data_offsets are ${excerpt(offsets)}, expected two whole numbers`);
  }
  const [begin, end] = offsets;
  const size = byteLength(dtype, exactCount(shape));
  if (end - begin !== size) {
    throw bad(`it takes ${end - begin} bytes, expected ${size} for shape ${excerpt(shape)} of ${dtype}`);
  }
  return { name, dtype, shape, byteLength: size, offset: dataStart + begin };
}

/** Product of the dimensions; NaN when it is too large to be exact. */
function exactCount(shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(count) ? count : NaN;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** The specification: the data is covered from its first to its last byte, each byte by one tensor. */
function checkPlacement(source: ByteSource, tensors: readonly PlacedTensor[], dataStart: number): void {
  let end = dataStart;
  for (const { name, offset, byteLength } of tensors) {
    if (offset !== end) {
      const how = offset < end ? "overlaps the tensor before it" : "leaves a gap before it";
      throw damaged(source, `tensor "${name}" ${how}: it starts at byte ${offset}, expected ${end}`);
    }
    end = offset + byteLength;
  }
  if (end !== source.size) {
    throw damaged(source, `it has ${source.size} bytes, expected ${end} from its header`);
  }
}

function damaged(source: ByteSource, problem: string, cause?: unknown): WeightsError {
  return new WeightsError(
    `Cannot read safetensors file "${source.name}": ${problem}`,
    "Download the file again; if it stays so, convert the checkpoint to F32, F16 or BF16 safetensors anew",
    { cause },
  );
}
