/**
 * @file Whole models on CPU threads: decoding, a prompt, and what one native thread reads of as many bytes. Rounds are interleaved, so that
 * a machine whose speed drifts drifts for all of them: `deno task bench:cpu FOLDER [NAME ...]`, FOLDER keeps the files of random weights.
 */
import { loadModel, type Model } from "../../mod.ts";
import { nativeReadRate } from "../native_read.ts";
import { type Figure, figure, here, resultsFile, type Setting, writeResults } from "../results.ts";
import { bytesPerToken, CPU_MODELS, type CpuModel, sourceOf } from "./models.ts";
import { decodeRate, promptRate } from "./rates.ts";

/** One model. Rates are tokens a second, by number of threads where they are lists: one thread, two. */
export interface CpuRow {
  readonly name: string;
  readonly dtype: string;
  readonly bytesPerToken: number;
  /** Bytes a second; null: not measured, no C compiler. */
  readonly nativeRead: Figure | null;
  readonly decode: readonly Figure[];
  /** Decoding's weight bytes a second over the native read's, in each round; null without the latter. */
  readonly shareOfRead: Figure | null;
  /** Decoding with two threads over one, in each round. */
  readonly speedUp: Figure;
  readonly prompt: readonly Figure[];
}

/** bench/results/cpu.json. */
export interface CpuResults {
  readonly setting: Setting;
  readonly rows: readonly CpuRow[];
}

const ROUNDS = 5;
const THREADS = [1, 2] as const;

interface Round {
  readonly nativeRead: number | null;
  readonly decode: readonly number[];
  readonly prompt: readonly number[];
}

async function measureRound(models: readonly Model[], model: CpuModel, bytes: number): Promise<Round> {
  const nativeRead = await nativeReadRate(bytes);
  const decode: number[] = [], prompt: number[] = [];
  for (const each of models) decode.push(await decodeRate(each, model.decoded));
  if (model.prompt > 0) { for (const each of models) prompt.push(await promptRate(each, model.prompt)); }
  return { nativeRead, decode, prompt };
}

async function measure(model: CpuModel, folder: string): Promise<CpuRow> {
  const source = await sourceOf(model, folder);
  const bytes = await bytesPerToken(source);
  const models: Model[] = [];
  const rounds: Round[] = [];
  try {
    for (const threads of THREADS) {
      models.push(await loadModel(await sourceOf(model, folder), { backend: "wasm", threads }));
    }
    for (const each of models) await decodeRate(each, 4); // compiles the kernels
    for (let i = 0; i < ROUNDS; i++) rounds.push(await measureRound(models, model, bytes));
  } finally {
    for (const each of models) await each[Symbol.asyncDispose]();
  }
  const hasRead = rounds.every(({ nativeRead }) => nativeRead !== null);
  const lists = (key: "decode" | "prompt"): Figure[] =>
    rounds[0][key].map((_, i) => figure(rounds.map((round) => round[key][i])));
  return {
    ...{ name: model.name, dtype: model.dtype, bytesPerToken: bytes },
    nativeRead: hasRead ? figure(rounds.map(({ nativeRead }) => nativeRead!)) : null,
    decode: lists("decode"),
    shareOfRead: hasRead
      ? figure(rounds.map(({ decode, nativeRead }) => decode[0] * bytes / nativeRead!))
      : null,
    speedUp: figure(rounds.map(({ decode }) => decode[1] / decode[0])),
    prompt: lists("prompt"),
  };
}

/** What was measured before; a run that names models replaces theirs only. */
async function rowsBefore(): Promise<readonly CpuRow[]> {
  const text = await Deno.readTextFile(resultsFile("cpu")).catch(() => null);
  return text === null ? [] : (JSON.parse(text) as CpuResults).rows;
}

if (import.meta.main) {
  const [folder, ...names] = Deno.args;
  const key = ({ name, dtype }: { name: string; dtype: string }): string => `${name} ${dtype}`;
  for (const model of CPU_MODELS) {
    if (names.length > 0 && !names.includes(model.name)) continue;
    const row = await measure(model, folder);
    const { decode: [one, two], shareOfRead, speedUp, prompt } = row;
    console.log(
      `${key(row)}: ${one.median.toPrecision(3)} and ${two.median.toPrecision(3)} tokens/s, ` +
        `${shareOfRead?.median.toFixed(2) ?? "?"} of the native read, x ${speedUp.median.toFixed(2)}; ` +
        `prompt ${prompt.map(({ median }) => median.toPrecision(3)).join(" and ")}`,
    );
    const rows = [...(await rowsBefore()).filter((before) => key(before) !== key(row)), row];
    const order = CPU_MODELS.map(key);
    rows.sort((a, b) => order.indexOf(key(a)) - order.indexOf(key(b)));
    await writeResults("cpu", { setting: await here(ROUNDS), rows } satisfies CpuResults);
  }
}
