/**
 * @file What each storage type costs in quality: loss, KL divergence and greedy agreement against the checkpoint as published, and answers
 * to questions, on held-out text. Prints the first table of docs/quantization.md: `deno task bench:quality [DOCUMENTS [STORAGE ...]]`;
 * STORAGE is how the rows' names begin, else there are all of them.
 */
import { loadModel, type LoadOptions, type Model } from "../../mod.ts";
import { CHECKPOINT, compareOnHeldout, percent, readHeldout } from "./heldout.ts";

interface Questions {
  readonly items: readonly { readonly prompt: string; readonly answer: string }[];
}

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
async function main(maxDocuments: number, starts: readonly string[]): Promise<void> {
  const isWanted = (name: string): boolean =>
    starts.length === 0 || starts.some((start) => name.startsWith(start));
  const variants = VARIANTS.filter(([name], i) => i === 0 || isWanted(name));
  const questions = await readHeldout<Questions>("questions.json");
  const models = await Promise.all(
    variants.map(([, options]) => loadModel(CHECKPOINT, { backend: "wasm", ...options })),
  );
  const { cells, tokens } = await compareOnHeldout(models, maxDocuments);
  console.log(`${tokens} tokens, ${questions.items.length} questions\n`);
  console.log("| storage | nats/token | KL to published | greedy agreement | questions right |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const [i, [name]] of variants.entries()) {
    console.log(`| ${[name, ...cells[i], percent(await countRight(models[i], questions))].join(" | ")} |`);
  }
}

if (import.meta.main) {
  const [documents = "Infinity", ...starts] = Deno.args;
  await main(Number(documents), starts);
}
