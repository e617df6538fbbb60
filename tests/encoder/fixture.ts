/** @file Encoder fixtures: options, weights, an input and what edifice_ref.py makes of it (tests/reference/make_edifice_fixtures.py). */
import { type EncoderLoadOptions, type EncoderOptions, HymbaEncoder } from "../../mod.ts";

/** The backends that an encoder runs on. */
export const BACKENDS = ["reference", "wasm"] as const;

/** A batch and its encodings. */
export interface Fixture {
  readonly options: EncoderOptions;
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly x: Float32Array;
  readonly shape: readonly [batch: number, length: number, embedDim: number];
  /** `[batch, hiddenSize]`. */
  readonly output: Float32Array;
  /** `[batch, hiddenSize]` with metaPropagation, where the fixture has it. */
  readonly propagated: Float32Array | null;
}

const NAMES: Readonly<Record<string, keyof EncoderOptions>> = {
  embed_dim: "embedDim",
  hidden_size: "hiddenSize",
  state_size: "stateSize",
  num_layers: "numLayers",
  num_heads: "numHeads",
  num_meta_tokens: "numMetaTokens",
  window_size: "windowSize",
};

function flat(rows: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(rows.flat());
}

/** Reads tests/fixtures/<name>. */
export async function readFixture(name: string): Promise<Fixture> {
  const folder = new URL(`../fixtures/${name}/`, import.meta.url);
  const json = async (file: string) => JSON.parse(await Deno.readTextFile(new URL(file, folder)));
  const { input, output, propagated } = await json("expected.json");
  const options = Object.entries(await json("options.json")).map(([key, value]) => [NAMES[key], value]);
  return {
    options: Object.fromEntries(options),
    weights: await Deno.readFile(new URL("weights.safetensors", folder)),
    x: flat(input.flat()),
    shape: [input.length, input[0].length, input[0][0].length],
    output: flat(output),
    propagated: propagated ? flat(propagated) : null,
  };
}

/** An encoder with a fixture's weights. */
export async function loadFixture(
  { options, weights }: Fixture,
  load: EncoderLoadOptions,
  changes: Partial<EncoderOptions> = {},
): Promise<HymbaEncoder> {
  const encoder = HymbaEncoder.build({ ...options, ...changes });
  await encoder.loadWeights(weights, load);
  return encoder;
}

/** Largest difference; infinite where lengths differ or a number is none. */
export function largestError(got: Float32Array, wanted: Float32Array): number {
  if (got.length !== wanted.length) return Infinity;
  return got.reduce((most, value, i) => {
    const error = Math.abs(value - wanted[i]);
    return Number.isNaN(error) ? Infinity : Math.max(most, error);
  }, 0);
}
