/**
 * @file Checkpoints of random weights, of any size, in the published layout or packed: for measuring models that cannot be had, and for
 * testing that every tensor of theirs is accepted. The same seed gives the same weights in either layout: packing the published one with
 * `hymba convert` gives the packed one.
 *
 * `random_checkpoint.ts SHAPE OUT [DTYPE] [SEED]`: SHAPE is 125m, 350m, 1.5b or the path of a config.json; OUT a file that ends in .gguf, or a
 * folder; DTYPE f32, f16, bf16, q8_0, iq4_nl or q4_0, what the large matrices of a packed file are stored in.
 */
import { parseConfig } from "../runtime/config.ts";
import { alignUp, DEFAULT_ALIGNMENT } from "../runtime/formats/gguf_format.ts";
import { encodeHeader } from "../runtime/formats/gguf_header.ts";
import type { ByteSource } from "../runtime/formats/byte_source.ts";
import { dequantize, quantize } from "../runtime/formats/quantize.ts";
import type { PlacedTensor } from "../runtime/formats/tensor_file.ts";
import { checkpointMetadata } from "../runtime/gguf_checkpoint.ts";
import { BLOCK_BYTES, BLOCK_SIZE, byteLength, elementCount, type WeightDtype } from "../runtime/tensor.ts";
import { storageDtype, tensorSpecs } from "../runtime/weights.ts";
import { randomValues } from "./random_weights.ts";
import { SHAPE_NAMES, shapeConfig, type ShapeName } from "./shapes.ts";

/** A file that exists only as far as it is read. */
interface RandomFile {
  readonly configJson: string;
  readonly seed: number;
  /** What stands before the tensors' data. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly tensors: readonly PlacedTensor[];
  readonly size: number;
}

/** A packed checkpoint that takes no room: its weights are made as they are read. */
export function openRandomCheckpoint(configJson: string, dtype: WeightDtype, seed = 1): ByteSource {
  return sourceOf(packedFile(configJson, dtype, seed), "random.gguf");
}

/** Writes a packed checkpoint (a name that ends in .gguf) or a folder in the published layout; memory holds one slice of a tensor. */
export async function writeRandomCheckpoint(
  configJson: string,
  out: string,
  dtype: WeightDtype = "bf16",
  seed = 1,
): Promise<void> {
  if (out.endsWith(".gguf")) {
    await writeFile(packedFile(configJson, dtype, seed), out);
    return;
  }
  await Deno.mkdir(out, { recursive: true });
  await Deno.writeTextFile(`${out}/config.json`, configJson);
  await writeFile(publishedFile(configJson, seed), `${out}/model.safetensors`);
}

function place(
  tensors: readonly Omit<PlacedTensor, "offset" | "byteLength">[],
  start: number,
  alignment: number,
): { tensors: PlacedTensor[]; size: number } {
  let size = start;
  const placed = tensors.map((tensor) => {
    const offset = size;
    const bytes = byteLength(tensor.dtype, elementCount(tensor.shape));
    size = alignUp(offset + bytes, alignment);
    return { ...tensor, offset, byteLength: bytes };
  });
  return { tensors: placed, size };
}

function packedFile(configJson: string, dtype: WeightDtype, seed: number): RandomFile {
  const texts = { configJson, tokenizerJson: null, tokenizerConfigJson: null, generationConfigJson: null };
  const specs = tensorSpecs(parseConfig(configJson));
  const tensors = published(specs).map((info) => ({
    ...info,
    dtype: storageDtype(info, specs.get(info.name)!, dtype),
  }));
  const header = encodeHeader(checkpointMetadata(texts, { name: "Random weights", dtype }), tensors);
  return { configJson, seed, header, ...place(tensors, header.length, DEFAULT_ALIGNMENT) };
}

function publishedFile(configJson: string, seed: number): RandomFile {
  const tensors = published(tensorSpecs(parseConfig(configJson)));
  const entries = place(tensors, 0, 1).tensors.map(({ name, shape, offset, byteLength }) => [
    name,
    { dtype: "BF16", shape, data_offsets: [offset, offset + byteLength] },
  ]);
  const json = new TextEncoder().encode(
    JSON.stringify({ __metadata__: { format: "pt" }, ...Object.fromEntries(entries) }),
  );
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return { configJson, seed, header, ...place(tensors, header.length, 1) };
}

/** Every tensor as NVIDIA publishes it: BF16, sorted by name. */
function published(specs: ReturnType<typeof tensorSpecs>): Omit<PlacedTensor, "offset" | "byteLength">[] {
  const names = [...specs.keys()].sort();
  return names.map((name) => ({ name, dtype: "bf16", shape: specs.get(name)!.shape }));
}

function sourceOf(file: RandomFile, name: string): ByteSource {
  return {
    name,
    size: file.size,
    // deno-lint-ignore require-await -- a failure is to reject
    read: async (offset, length) => readRange(file, offset, length),
    close: () => Promise.resolve(),
  };
}

function readRange(file: RandomFile, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if (offset < file.header.length) bytes.set(file.header.subarray(offset, offset + length));
  for (const tensor of file.tensors) {
    const start = Math.max(offset, tensor.offset);
    const end = Math.min(offset + length, tensor.offset + tensor.byteLength);
    if (start < end) {
      bytes.set(tensorBytes(file, tensor, start - tensor.offset, end - tensor.offset), start - offset);
    }
  }
  return bytes;
}

/** Bytes `start .. end` of a tensor: its values rounded to bf16, as published, then to its own dtype. */
function tensorBytes(file: RandomFile, tensor: PlacedTensor, start: number, end: number): Uint8Array {
  const { dtype } = tensor;
  const first = Math.floor(start / BLOCK_BYTES[dtype]);
  const last = Math.ceil(end / BLOCK_BYTES[dtype]);
  const [from, count] = [first * BLOCK_SIZE[dtype], (last - first) * BLOCK_SIZE[dtype]];
  const values = quantize("bf16", randomValues(tensor, parseConfig(file.configJson), file.seed, from, count));
  const bytes = dtype === "bf16" ? values : quantize(dtype, dequantize("bf16", values));
  return bytes.subarray(start - first * BLOCK_BYTES[dtype], end - first * BLOCK_BYTES[dtype]);
}

const SLICE_BYTES = 8 << 20;

async function writeFile(random: RandomFile, path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, truncate: true, write: true });
  const writer = file.writable.getWriter();
  for (let offset = 0; offset < random.size; offset += SLICE_BYTES) {
    await writer.write(readRange(random, offset, Math.min(SLICE_BYTES, random.size - offset)));
  }
  await writer.close();
}

if (import.meta.main) {
  const [shape, out, dtype = "bf16", seed = "1"] = Deno.args;
  const isName = SHAPE_NAMES.includes(shape as ShapeName);
  const configJson = isName ? shapeConfig(shape as ShapeName) : await Deno.readTextFile(shape);
  await writeRandomCheckpoint(configJson, out, dtype as WeightDtype, Number(seed));
}
