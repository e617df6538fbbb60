/** @file The models whose sessions are measured: the default one, and random weights in the sizes of the paper. */
import { loadModel, type Model } from "../../mod.ts";
import { openRandomCheckpoint } from "../random_checkpoint.ts";
import { SHAPE_NAMES, shapeConfig, type ShapeName } from "../shapes.ts";

/** Names of the models. */
export const MODEL_NAMES: readonly string[] = ["default", ...SHAPE_NAMES];

const HELDOUT = new URL("../../tests/fixtures/heldout/stories.json", import.meta.url);

/** Loads one on WASM, random weights as q8_0. */
export async function openModel(name: string): Promise<Model> {
  if (name === "default") return await loadModel(undefined, { backend: "wasm" });
  const source = openRandomCheckpoint(shapeConfig(name as ShapeName), "q8_0");
  return await loadModel(source, { backend: "wasm" });
}

/** A prompt of so many tokens: held-out stories for the default model, else tokens by chance. */
export async function promptFor(name: string, model: Model, length: number): Promise<number[]> {
  if (name === "default") return (await storyIds()).slice(0, length);
  const { vocabSize } = model.config;
  return Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 7) % vocabSize);
}

/** The held-out stories one after the other, the end-of-text token before each. */
export async function storyIds(): Promise<number[]> {
  const { documents } = JSON.parse(await Deno.readTextFile(HELDOUT)) as { documents: { ids: number[] }[] };
  return documents.flatMap(({ ids }) => [0, ...ids]);
}
