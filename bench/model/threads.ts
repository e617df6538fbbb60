/**
 * @file What threads are worth: decode and prompt on one thread and on several, in one process and in turns, so that a machine whose
 * speed drifts drifts for all: `deno task bench:threads [threads] [model ...]`, the default model unless any is named.
 */
import { loadModel, type Model } from "../../mod.ts";

const ROUNDS = 5;
/** Tokens of a prompt, and of a decode, by the size of the model: a second or so each. */
const LARGE = { bytes: 60e6, prompt: 64, decoded: 16 };
const SMALL = { prompt: 256, decoded: 100 };

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Tokens a second: of a prompt, then of a greedy decode behind it. */
async function rates(model: Model, size: typeof SMALL): Promise<{ prompt: number; decode: number }> {
  const ids = Array.from({ length: size.prompt }, (_, i) => 3 + (i * 37) % (model.config.vocabSize - 3));
  await using session = await model.createSession();
  let start = performance.now();
  await session.append(ids);
  await session.nextLogits();
  const prompt = 1000 * ids.length / (performance.now() - start);
  start = performance.now();
  for (let i = 0; i < size.decoded; i++) {
    await session.append([ids[i]]);
    await session.nextLogits();
  }
  return { prompt, decode: 1000 * size.decoded / (performance.now() - start) };
}

async function measure(source: string | undefined, threads: number): Promise<string> {
  const size = source && (await Deno.stat(source)).size > LARGE.bytes ? LARGE : SMALL;
  await using one = await loadModel(source, { backend: "wasm", threads: 1 });
  await using several = await loadModel(source, { backend: "wasm", threads });
  const figures = new Map<string, number[]>();
  const note = (name: string, value: number): void =>
    void figures.set(name, [...figures.get(name) ?? [], value]);
  for (let round = -1; round < ROUNDS; round++) {
    const [alone, shared] = [await rates(one, size), await rates(several, size)];
    if (round < 0) continue; // the first warms up
    for (const part of ["decode", "prompt"] as const) {
      note(`${part} 1`, alone[part]);
      note(`${part} n`, shared[part]);
      note(`${part} gain`, shared[part] / alone[part]);
    }
  }
  const of = (name: string, digits: number): string => median(figures.get(name)!).toFixed(digits);
  const part = (name: string): string =>
    `${of(`${name} 1`, 1)} | ${of(`${name} n`, 1)} | ${of(`${name} gain`, 2)}`;
  return `| ${source?.replace(/.*\//, "") ?? "default"} | ${several.backend.threads} | ${part("decode")} | ${
    part("prompt")
  } |`;
}

if (import.meta.main) {
  const [threads = "2", ...sources] = Deno.args;
  console.log("| model | threads | decode, 1 thread | threads | gain | prompt, 1 thread | threads | gain |");
  console.log(`|${" --- |".repeat(8)}`);
  for (const source of sources.length > 0 ? sources : [undefined]) {
    console.log(await measure(source, Number(threads)));
  }
}
