/**
 * @file The default model on one CPU thread: start to first token, decode, prompt, against what one native thread reads in the same
 * run. Rounds are interleaved, so that a machine whose speed drifts drifts for all of them: `deno task bench:model`.
 */
import { loadModel, type Model } from "../../mod.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { openStories } from "../../models/stories/open_stories.ts";
import { nativeReadRate } from "../native_read.ts";

const ROUNDS = 7;
const DECODED = 200;
const PROMPT = Array.from({ length: 512 }, (_, i) => 3 + (i * 37) % 4000);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Bytes of weights that a decode step reads: all of them, since the embedding is the head too. */
async function weightBytes(): Promise<number> {
  const { tensors } = await openCheckpoint(await openStories());
  return [...tensors.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

async function decodeRate(model: Model): Promise<number> {
  await using session = await model.createSession();
  await session.append("Once upon a time");
  const start = performance.now();
  const tokens = await Array.fromAsync(session.generate({ temperature: 0, maxTokens: DECODED }));
  return 1000 * tokens.length / (performance.now() - start);
}

async function promptRate(model: Model): Promise<number> {
  await using session = await model.createSession();
  const start = performance.now();
  await session.append(PROMPT);
  await session.nextLogits();
  return 1000 * PROMPT.length / (performance.now() - start);
}

/** Milliseconds from the start of a process to its end, one token later, less what an empty process takes. */
async function coldStart(): Promise<number> {
  const run = async (code: string): Promise<number> => {
    const start = performance.now();
    const args = ["run", "--no-check", "--ext=ts", "-"];
    const child = new Deno.Command(Deno.execPath(), {
      args,
      stdin: "piped",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(code));
    await writer.close();
    if (!(await child.status).success) throw new Error("the process failed");
    return performance.now() - start;
  };
  const module = new URL("../../mod.ts", import.meta.url).href;
  const first = `import { loadModel } from ${JSON.stringify(module)};
    const model = await loadModel();
    for await (const token of model.generate("Once upon a time", { maxTokens: 1 })) console.log(token.text);`;
  return await run(first) - await run("console.log(1)");
}

/** Prints the table. */
export async function main(): Promise<void> {
  const bytes = await weightBytes();
  await using model = await loadModel(undefined, { backend: "wasm" });
  await using rough = await loadModel(undefined, { backend: "wasm", activations: "q8" });
  await Promise.all([decodeRate(model), promptRate(model), decodeRate(rough), promptRate(rough)]);
  const rows = new Map<string, number[]>();
  const note = (name: string, value: number): void => void rows.set(name, [...rows.get(name) ?? [], value]);
  for (let round = 0; round < ROUNDS; round++) {
    const native = await nativeReadRate(bytes);
    if (native !== null) note("native read, GB/s", native / 1e9);
    for (const [name, each] of [["", model], [", 8-bit activations", rough]] as const) {
      const rate = await decodeRate(each);
      note(`decode${name}, tokens/s`, rate);
      note(`decode${name}, GB/s of weights`, rate * bytes / 1e9);
      if (native !== null) note(`decode${name}, share of the native read`, rate * bytes / native);
      note(`prompt of ${PROMPT.length}${name}, tokens/s`, await promptRate(each));
    }
    note("import to first token beyond an empty process, ms", await coldStart());
  }
  console.log(`default model, ${(bytes / 1e6).toFixed(2)} MB of weights; ${ROUNDS} rounds\n`);
  console.log("| figure | median | lowest | highest |\n| --- | --- | --- | --- |");
  for (const [name, values] of rows) {
    const figures = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
      value.toPrecision(3)
    );
    console.log(`| ${[name, ...figures].join(" | ")} |`);
  }
  if (!rows.has("native read, GB/s")) console.log("\nnative read: not measured, no gcc");
}

if (import.meta.main) await main();
