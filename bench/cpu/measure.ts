/**
 * @file Whole models on CPU threads: decoding, a prompt, and what one native thread reads of as many bytes. Rounds are interleaved, so that
 * a machine whose speed drifts drifts for all of them: `deno task bench:cpu FOLDER [NAME ...]`, FOLDER keeps the files of random weights.
 */
import { loadModel, type Model } from "../../mod.ts";
import { NativeRead } from "../native_read.ts";
import { type Figure, figure, here, resultsFile, type Setting, writeResults } from "../results.ts";
import { bytesPerToken, CPU_MODELS, type CpuModel, sourceOf } from "./models.ts";
import { decodeRate, promptRate } from "./rates.ts";

/** One model. Rates are tokens a second, by number of threads where they are lists: one thread, two. */
export interface CpuRow {
  readonly name: string;
  readonly dtype: string;
  readonly bytesPerToken: number;
  /** Bytes a second of four streams and of one; null: not measured, no C compiler. */
  readonly nativeRead: { readonly four: Figure; readonly one: Figure } | null;
  readonly decode: readonly Figure[];
  /** Decoding's share of the native read, one thread; null without the latter. */
  readonly share: Share | null;
  /** Decoding with two threads over one, in each round. */
  readonly speedUp: Figure;
  readonly prompt: readonly Figure[];
  /** One thread, activations of one byte. */
  readonly oneByte: OneByte;
}

/** The same with activations of one byte. */
export interface OneByte {
  readonly decode: Figure;
  readonly share: Share | null;
  /** Null: prompts take too long. */
  readonly prompt: Figure | null;
}

/** Weight bytes a second over those of the native read, in each round. */
export interface Share {
  readonly ofFour: Figure;
  readonly ofOne: Figure;
}

/** bench/results/cpu.json. */
export interface CpuResults {
  readonly setting: Setting;
  readonly rows: readonly CpuRow[];
}

const ROUNDS = 5;
/** What is measured side by side; the last has activations of one byte. */
const VARIANTS = [{ threads: 1 }, { threads: 2 }, { threads: 1, activations: "q8" }] as const;

interface Round {
  /** Null without a C compiler. */
  readonly read: { readonly four: number; readonly one: number } | null;
  readonly decode: readonly number[];
  readonly prompt: readonly number[];
}

async function measureRound(
  models: readonly Model[],
  model: CpuModel,
  bytes: number,
  native: NativeRead | null,
): Promise<Round> {
  const read = native && { four: await native.rate(bytes), one: await native.rate(bytes, 300, 1) };
  const decode: number[] = [], prompt: number[] = [];
  for (const each of models) decode.push(await decodeRate(each, model.decoded));
  if (model.prompt > 0) { for (const each of models) prompt.push(await promptRate(each, model.prompt)); }
  return { read, decode, prompt };
}

async function measureRounds(model: CpuModel, folder: string, bytes: number): Promise<Round[]> {
  await using native = await NativeRead.compile();
  const models: Model[] = [];
  const rounds: Round[] = [];
  try {
    for (const variant of VARIANTS) {
      models.push(await loadModel(await sourceOf(model, folder), { backend: "wasm", ...variant }));
    }
    for (const each of models) await decodeRate(each, 4); // compiles the kernels
    for (let i = 0; i < ROUNDS; i++) rounds.push(await measureRound(models, model, bytes, native));
  } finally {
    for (const each of models) await each[Symbol.asyncDispose]();
  }
  return rounds;
}

async function measure(model: CpuModel, folder: string): Promise<CpuRow> {
  const bytes = await bytesPerToken(await sourceOf(model, folder));
  const rounds = await measureRounds(model, folder, bytes);
  const over = (rate: (round: Round) => number): Figure => figure(rounds.map(rate));
  const hasRead = rounds.every(({ read }) => read !== null);
  const hasPrompt = model.prompt > 0;
  const share = (variant: number): Share | null =>
    hasRead
      ? {
        ofFour: over(({ decode, read }) => decode[variant] * bytes / read!.four),
        ofOne: over(({ decode, read }) => decode[variant] * bytes / read!.one),
      }
      : null;
  return {
    ...{ name: model.name, dtype: model.dtype, bytesPerToken: bytes },
    nativeRead: hasRead ? { four: over(({ read }) => read!.four), one: over(({ read }) => read!.one) } : null,
    decode: [over(({ decode }) => decode[0]), over(({ decode }) => decode[1])],
    share: share(0),
    speedUp: over(({ decode }) => decode[1] / decode[0]),
    prompt: hasPrompt ? [over(({ prompt }) => prompt[0]), over(({ prompt }) => prompt[1])] : [],
    oneByte: {
      decode: over(({ decode }) => decode[2]),
      share: share(2),
      prompt: hasPrompt ? over(({ prompt }) => prompt[2]) : null,
    },
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
    const { decode: [one, two], share, speedUp, prompt, oneByte } = row;
    console.log(
      `${key(row)}: ${one.median.toPrecision(3)} and ${two.median.toPrecision(3)} tokens/s, ` +
        `${share?.ofFour.median.toFixed(2) ?? "?"} of the native read, x ${speedUp.median.toFixed(2)}; ` +
        `prompt ${
          prompt.map(({ median }) => median.toPrecision(3)).join(" and ")
        }; activations of one byte: ` +
        `${oneByte.decode.median.toPrecision(3)}, ${oneByte.share?.ofFour.median.toFixed(2) ?? "?"}`,
    );
    const rows = [...(await rowsBefore()).filter((before) => key(before) !== key(row)), row];
    const order = CPU_MODELS.map(key);
    rows.sort((a, b) => order.indexOf(key(a)) - order.indexOf(key(b)));
    await writeResults("cpu", { setting: await here(ROUNDS), rows } satisfies CpuResults);
  }
}
