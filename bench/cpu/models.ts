/** @file The models that are measured on CPUs: the default one, and random weights in the sizes of the paper as packed files. */
import { openStories } from "../../models/stories/open_stories.ts";
import { type CheckpointSource, openCheckpoint } from "../../runtime/checkpoint.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";
import { writeRandomCheckpoint } from "../random_checkpoint.ts";
import { shapeConfig, type ShapeName } from "../shapes.ts";

/** A model to measure. */
export interface CpuModel {
  readonly name: string;
  readonly dtype: WeightDtype;
  /** Null: the default model. */
  readonly shape: ShapeName | null;
  /** Tokens of a round of decoding. */
  readonly decoded: number;
  /** Tokens of a prompt; 0: prompts take too long. */
  readonly prompt: number;
}

/** Small to large. */
export const CPU_MODELS: readonly CpuModel[] = [
  { name: "default", dtype: "q8_0", shape: null, decoded: 200, prompt: 512 },
  { name: "125M", dtype: "q8_0", shape: "125m", decoded: 24, prompt: 512 },
  { name: "125M", dtype: "q4_0", shape: "125m", decoded: 32, prompt: 512 },
  { name: "350M", dtype: "q8_0", shape: "350m", decoded: 12, prompt: 512 },
  { name: "350M", dtype: "q4_0", shape: "350m", decoded: 16, prompt: 512 },
  { name: "1.5B", dtype: "q4_0", shape: "1.5b", decoded: 6, prompt: 0 },
];

/** A model's packed file, written into `folder` where it is not there yet. */
export async function sourceOf({ shape, dtype }: CpuModel, folder: string): Promise<CheckpointSource> {
  if (shape === null) return await openStories();
  const path = `${folder}/${shape}-${dtype}.gguf`;
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (exists) return path;
  await Deno.mkdir(folder, { recursive: true });
  // Under another name until it is whole: a broken run must not leave half a file that looks like one.
  const part = `${folder}/part.gguf`;
  await writeRandomCheckpoint(shapeConfig(shape), part, dtype);
  await Deno.rename(part, path);
  return path;
}

/** Bytes of weights that a decode step reads: all but the meta tokens, whose state is there already. */
export async function bytesPerToken(source: CheckpointSource): Promise<number> {
  const { tensors } = await openCheckpoint(source);
  const read = [...tensors.tensors.values()].filter(({ name }) => name !== "model.memory_tokens");
  await tensors.close();
  return read.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
