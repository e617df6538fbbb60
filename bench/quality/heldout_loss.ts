/**
 * @file What each storage type costs in quality: loss, KL divergence and greedy agreement against the checkpoint as published, and answers
 * to questions, on held-out text. `deno task bench:quality` writes docs/quantization.md's table to standard output.
 */
import { loadModel, type LoadOptions, type Model } from "../../mod.ts";

interface Stories {
  readonly documents: readonly { readonly ids: readonly number[] }[];
}

interface Questions {
  readonly items: readonly { readonly prompt: string; readonly answer: string }[];
}

const HELDOUT = new URL("../../tests/fixtures/heldout/", import.meta.url);
const CHECKPOINT = new URL("../../models/stories/checkpoint", import.meta.url);

/** Rows of the table: what the model is loaded with. */
const VARIANTS: readonly (readonly [name: string, options: LoadOptions])[] = [
  ["BF16, as published", {}],
  ["F16", { quantization: "f16" }],
  ["Q8_0", { quantization: "q8_0" }],
  ["Q8_0, f16 K/V", { quantization: "q8_0", kvDtype: "f16" }],
  ["Q4_0", { quantization: "q4_0" }],
];

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(new URL(name, HELDOUT)));
}

function logSoftmax(row: Float32Array): Float64Array {
  const highest = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = row.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  return Float64Array.from(row, (value) => value - highest - Math.log(total));
}

function argmax(row: Float64Array): number {
  return row.reduce((best, value, i) => value > row[best] ? i : best, 0);
}

/** Sums over a document's positions that have a next token. */
async function compare(model: Model, exact: Model, ids: readonly number[]): Promise<number[]> {
  const [logits, exactLogits] = [await model.logits(ids), await exact.logits(ids)];
  const { vocabSize } = model.config;
  const sums = [0, 0, 0, ids.length - 1];
  for (let t = 0; t + 1 < ids.length; t++) {
    const [q, p] = [logits, exactLogits].map((all) =>
      logSoftmax(all.subarray(t * vocabSize, (t + 1) * vocabSize))
    );
    sums[0] -= q[ids[t + 1]];
    sums[1] += p.reduce((sum, value, i) => sum + Math.exp(value) * (value - q[i]), 0);
    sums[2] += argmax(p) === argmax(q) ? 1 : 0;
  }
  return sums;
}

async function answer(model: Model, prompt: string): Promise<string> {
  const tokens = model.generate(prompt, { temperature: 0, maxTokens: 24, stop: "\n" });
  return (await Array.fromAsync(tokens, ({ text }) => text)).join("").trim();
}

const { documents } = await readJson<Stories>("stories.json");
const { items } = await readJson<Questions>("questions.json");
await using exact = await loadModel(CHECKPOINT, { backend: "wasm" });
console.log(
  "| storage | nats/token | KL to published | greedy agreement | questions right |\n| --- | --- | --- | --- | --- |",
);
for (const [name, options] of VARIANTS) {
  await using model = await loadModel(CHECKPOINT, { backend: "wasm", ...options });
  const totals = [0, 0, 0, 0];
  for (const { ids } of documents) {
    (await compare(model, exact, ids)).forEach((sum, i) => totals[i] += sum);
  }
  let right = 0;
  for (const { prompt, answer: wanted } of items) right += await answer(model, prompt) === wanted ? 1 : 0;
  const [loss, kl, agreeing] = totals.map((sum) => sum / totals[3]);
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  console.log(
    `| ${name} | ${loss.toFixed(5)} | ${kl.toExponential(2)} | ${percent(agreeing)} | ${
      percent(right / items.length)
    } |`,
  );
}
