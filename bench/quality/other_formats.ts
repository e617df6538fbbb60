/**
 * @file What block formats of ggml cost in quality, whether this runtime stores them or not: the large matrices are rounded as a format would, and run
 * as f32. Prints the table "Formats that are not here" of docs/quantization.md: `deno task bench:quality:formats [DOCUMENTS [FORMAT ...]]`.
 */
import { loadModel, type Model } from "../../mod.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { parseConfig } from "../../runtime/config.ts";
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import type { TensorFile } from "../../runtime/formats/tensor_file.ts";
import { packCheckpoint } from "../../runtime/pack_checkpoint.ts";
import { elementCount } from "../../runtime/tensor.ts";
import { isQuantizable, tensorSpecs } from "../../runtime/weights.ts";
import { type BlockFormat, GGML_FORMATS } from "./ggml_formats.ts";
import { CHECKPOINT, compareOnHeldout } from "./heldout.ts";

/** A checkpoint's tensors with the large matrices rounded, and what they would take in the format. */
interface Rounded {
  readonly tensors: TensorFile;
  readonly bytes: number;
  readonly weights: number;
}

function formatOf(row: number, format: BlockFormat): BlockFormat {
  return row % format.blockSize === 0 ? format : format.fallback ?? format;
}

function roundTensors(files: TensorFile, configJson: string, format: BlockFormat): Rounded {
  const specs = tensorSpecs(parseConfig(configJson));
  const matrices = [...files.tensors.values()].filter(({ name }) => isQuantizable(name, specs.get(name)!));
  const sizes = matrices.map(({ shape }) => elementCount(shape));
  const bytes = matrices.map(({ shape }, i) => {
    const { blockSize, blockBytes } = formatOf(shape[1], format);
    return sizes[i] / blockSize * blockBytes;
  });
  const names = new Set(matrices.map(({ name }) => name));
  const f32 = new Map([...files.tensors].map(([name, info]) => {
    return [name, { ...info, dtype: "f32" as const, byteLength: 4 * elementCount(info.shape) }];
  }));
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const { dtype, shape } = files.tensors.get(name)!;
    const numbers = dequantize(dtype, await files.read(name));
    if (!names.has(name)) return quantize("f32", numbers);
    const { blockSize, round } = formatOf(shape[1], format);
    for (let i = 0; i < numbers.length; i += blockSize) round(numbers.subarray(i, i + blockSize));
    return quantize("f32", numbers);
  };
  const readSlice: TensorFile["readSlice"] = async (name, start, length) =>
    (await read(name)).slice(start, start + length);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return { tensors: { ...files, tensors: f32, read, readSlice }, bytes: sum(bytes), weights: sum(sizes) };
}

/** The model with its matrices rounded, run as f32; and the cells of its size. */
async function loadRounded(format: BlockFormat): Promise<{ readonly model: Model; readonly size: string[] }> {
  const checkpoint = await openCheckpoint(CHECKPOINT);
  const { tensors, bytes, weights } = roundTensors(checkpoint.tensors, checkpoint.configJson, format);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({ write: (part) => void parts.push(part) });
  await packCheckpoint({ ...checkpoint, tensors }, { dtype: "f32", name: format.name, sink });
  await tensors.close();
  const packed = new Uint8Array(await new Blob(parts).arrayBuffer());
  const model = await loadModel(packed, { backend: "wasm" });
  return { model, size: [(8 * bytes / weights).toFixed(2), (bytes / 1e6).toFixed(2)] };
}

if (import.meta.main) {
  const [documents = "Infinity", ...names] = Deno.args;
  const formats = GGML_FORMATS.filter(({ name }) => names.length === 0 || names.includes(name));
  const published = await loadModel(CHECKPOINT, { backend: "wasm" });
  const rounded = await Promise.all(formats.map(loadRounded));
  const { cells } = await compareOnHeldout(
    [published, ...rounded.map(({ model }) => model)],
    Number(documents),
  );
  console.log("| storage | bits/weight | MB | nats/token | KL to published | greedy agreement |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const [i, { name }] of formats.entries()) {
    console.log(`| ${[name, ...rounded[i].size, ...cells[i + 1]].join(" | ")} |`);
  }
}
