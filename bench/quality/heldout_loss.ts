/**
 * @file What each storage type costs in quality: loss, KL divergence and greedy agreement against the checkpoint as published, and answers
 * to questions, on held-out text. Prints the first table of docs/quantization.md: `deno task bench:quality [DOCUMENTS [STORAGE ...]]`;
 * STORAGE is how the rows' names begin, else there are all of them.
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

/** Rows of the table: what the model is loaded with. The first is what the others are compared with. */
const VARIANTS: readonly (readonly [name: string, options: LoadOptions])[] = [
  ["BF16, as published", {}],
  ["F16", { quantization: "f16" }],
  ["Q8_0", { quantization: "q8_0" }],
  ["Q8_0, f16 keys and values", { quantization: "q8_0", kvDtype: "f16" }],
  ["Q8_0, 8-bit activations", { quantization: "q8_0", activations: "q8" }],
  ["IQ4_NL", { quantization: "iq4_nl" }],
  ["IQ4_NL, 8-bit activations", { quantization: "iq4_nl", activations: "q8" }],
  ["Q4_0", { quantization: "q4_0" }],
  ["Q4_0, 8-bit activations", { quantization: "q4_0", activations: "q8" }],
];

/** Sums over positions that have a next token. */
interface Sums {
  loss: number;
  divergence: number;
  agreeing: number;
  positions: number;
}

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(new URL(name, HELDOUT)));
}

/** Log-probabilities of one row of logits, and its best id. */
function logSoftmax(row: Float32Array): { logs: Float64Array; best: number } {
  let best = 0;
  for (let id = 1; id < row.length; id++) if (row[id] > row[best]) best = id;
  let total = 0;
  for (let id = 0; id < row.length; id++) total += Math.exp(row[id] - row[best]);
  const shift = row[best] + Math.log(total);
  return { logs: Float64Array.from(row, (value) => value - shift), best };
}

function addDocument(sums: Sums, ids: readonly number[], logits: Float32Array, exact: Float32Array): void {
  const vocabSize = logits.length / ids.length;
  const row = (all: Float32Array, t: number): Float32Array =>
    all.subarray(t * vocabSize, (t + 1) * vocabSize);
  for (let t = 0; t + 1 < ids.length; t++) {
    const [q, p] = [logSoftmax(row(logits, t)), logSoftmax(row(exact, t))];
    sums.loss -= q.logs[ids[t + 1]];
    for (let id = 0; id < vocabSize; id++) {
      sums.divergence += Math.exp(p.logs[id]) * (p.logs[id] - q.logs[id]);
    }
    sums.agreeing += q.best === p.best ? 1 : 0;
    sums.positions++;
  }
}

async function countRight(model: Model, { items }: Questions): Promise<number> {
  let right = 0;
  for (const { prompt, answer } of items) {
    const tokens = model.generate(prompt, { temperature: 0, maxTokens: 24, stop: "\n" });
    const text = (await Array.fromAsync(tokens, (token) => token.text)).join("");
    right += text === answer ? 1 : 0;
  }
  return right / items.length;
}

/** Prints the table. */
async function main(maxDocuments = Infinity, starts: readonly string[] = [""]): Promise<void> {
  const variants = VARIANTS.filter(([name], i) => i === 0 || starts.some((start) => name.startsWith(start)));
  const { documents } = await readJson<Stories>("stories.json");
  const questions = await readJson<Questions>("questions.json");
  const models = await Promise.all(
    variants.map(([, options]) => loadModel(CHECKPOINT, { backend: "wasm", ...options })),
  );
  const sums = variants.map((): Sums => ({ loss: 0, divergence: 0, agreeing: 0, positions: 0 }));
  for (const { ids } of documents.slice(0, maxDocuments)) {
    const exact = await models[0].logits(ids);
    for (const [i, model] of models.entries()) addDocument(sums[i], ids, await model.logits(ids), exact);
  }
  console.log(`${sums[0].positions} tokens, ${questions.items.length} questions\n`);
  console.log("| storage | nats/token | KL to published | greedy agreement | questions right |");
  console.log("| --- | --- | --- | --- | --- |");
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  for (const [i, [name]] of variants.entries()) {
    const { loss, divergence, agreeing, positions } = sums[i];
    const figures = [
      (loss / positions).toFixed(5),
      (divergence / positions).toExponential(2),
      percent(agreeing / positions),
    ];
    console.log(`| ${[name, ...figures, percent(await countRight(models[i], questions))].join(" | ")} |`);
  }
}

if (import.meta.main) {
  const [documents, ...starts] = Deno.args;
  await main(documents === undefined ? undefined : Number(documents), starts.length > 0 ? starts : undefined);
}
