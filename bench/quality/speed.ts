/**
 * @file How fast each quantised storage type is beside Q4_0, on one CPU thread: prints the table of speeds of docs/quantization.md, with
 * `deno task bench:quality:speed [MODEL ...]`. The default model and random weights of 125M parameters; rounds are interleaved, so that a
 * machine whose speed drifts drifts for all of them.
 */
import { loadModel, type Model } from "../../mod.ts";
import { QUANTIZED_DTYPES, type QuantizedDtype } from "../../runtime/tensor.ts";
import { decodeRate, promptRate } from "../cpu/rates.ts";
import { openRandomCheckpoint } from "../random_checkpoint.ts";
import { type Figure, figure, here } from "../results.ts";
import { shapeConfig } from "../shapes.ts";

const ROUNDS = 7;
const BASELINE: QuantizedDtype = "q4_0";
const OPTIONS = { backend: "wasm", threads: 1 } as const;

interface SpeedModel {
  readonly name: string;
  load(dtype: QuantizedDtype): Promise<Model>;
  /** Tokens of a round. */
  readonly decoded: number;
  readonly prompt: number;
}

const MODELS: readonly SpeedModel[] = [
  {
    name: "default",
    load: (quantization) =>
      loadModel(new URL("../../models/stories/checkpoint", import.meta.url), { ...OPTIONS, quantization }),
    decoded: 200,
    prompt: 512,
  },
  {
    name: "125M",
    load: (dtype) => loadModel(openRandomCheckpoint(shapeConfig("125m"), dtype), OPTIONS),
    decoded: 32,
    prompt: 256,
  },
];

/** Tokens a second of every dtype, round by round. */
async function measure({ load, decoded, prompt }: SpeedModel) {
  const models: Model[] = [];
  try {
    for (const dtype of QUANTIZED_DTYPES) models.push(await load(dtype));
    for (const model of models) await decodeRate(model, 4); // compiles the kernels
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) {
      const [decode, prefill]: number[][] = [[], []];
      for (const model of models) decode.push(await decodeRate(model, decoded));
      for (const model of models) prefill.push(await promptRate(model, prompt));
      rounds.push([decode, prefill]);
    }
    return rounds;
  } finally {
    for (const model of models) await model[Symbol.asyncDispose]();
  }
}

function text({ median, lowest, highest }: Figure, digits: number): string {
  const [middle, low, high] = [median, lowest, highest].map((value) => value.toPrecision(digits));
  return `${middle} (${low} to ${high})`;
}

if (import.meta.main) {
  const { machine, runtime } = await here(ROUNDS);
  console.log(`${machine}; ${runtime}; median of ${ROUNDS} rounds, lowest and highest\n`);
  console.log("| model | storage | decode, tokens/s | beside Q4_0 | prompt, tokens/s | beside Q4_0 |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  const baseline = QUANTIZED_DTYPES.indexOf(BASELINE);
  for (const model of MODELS.filter(({ name }) => Deno.args.length === 0 || Deno.args.includes(name))) {
    const rounds = await measure(model);
    for (const [i, dtype] of QUANTIZED_DTYPES.entries()) {
      const cells = [0, 1].flatMap((kind) => [
        text(figure(rounds.map((round) => round[kind][i])), 4),
        text(figure(rounds.map((round) => round[kind][i] / round[kind][baseline])), 3),
      ]);
      console.log(`| ${[model.name, dtype.toUpperCase(), ...cells].join(" | ")} |`);
    }
  }
}
