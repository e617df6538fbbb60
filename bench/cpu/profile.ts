/**
 * @file Where a token's time goes on one CPU thread: what each kind of op takes of a decode step and of a prompt, beside what one native
 * thread reads of as many bytes in the same round. `deno task bench:profile FOLDER [NAME ...]`, FOLDER as for bench:cpu.
 */
import { loadModel, type Model } from "../../mod.ts";
import type { ActivationPrecision } from "../../runtime/activation_precision.ts";
import { NativeRead } from "../native_read.ts";
import { type Figure, figure, here, resultsFile, type Setting, writeResults } from "../results.ts";
import { bytesPerToken, CPU_MODELS, type CpuModel, sourceOf } from "./models.ts";
import { type Kind, KINDS, OpTimer } from "./op_timer.ts";
import { promptIds } from "./rates.ts";

/** What a token costs, in microseconds: all of it, and each kind's part. The rest is outside the ops. */
export interface Profile {
  readonly total: Figure;
  readonly kinds: Readonly<Record<Kind, Figure>>;
  /** A nanosecond's multiply-adds, and bytes of weights, of the products with quantised weights. */
  readonly products: { readonly multiplyAdds: Figure; readonly bytes: Figure };
}

/** One model and precision of activations. */
export interface ProfileRow {
  readonly name: string;
  readonly dtype: string;
  readonly activations: ActivationPrecision;
  readonly bytesPerToken: number;
  /** Bytes a second of one native stream over as many bytes; null: no C compiler. */
  readonly nativeRead: Figure | null;
  /** From position 8 on. */
  readonly decode: Profile;
  /** Of 512 tokens; null: takes too long. */
  readonly prompt: Profile | null;
}

/** bench/results/profile.json. */
export interface ProfileResults {
  readonly setting: Setting;
  readonly rows: readonly ProfileRow[];
}

const ROUNDS = 3;
/** A prompt's tokens before decoding is timed. */
const BEFORE = 8;

interface Sample {
  readonly total: number;
  readonly kinds: ReadonlyMap<Kind, number>;
  readonly multiplyAdds: number;
  readonly bytes: number;
}

/** Times `work`, which passes `tokens` tokens. */
async function sample(timer: OpTimer, tokens: number, work: () => Promise<unknown>): Promise<Sample> {
  timer.reset();
  const start = performance.now();
  await work();
  const total = 1000 * (performance.now() - start) / tokens;
  const kinds = new Map(
    [...timer.costs].map(([kind, { milliseconds }]) => [kind, 1000 * milliseconds / tokens]),
  );
  const { milliseconds, multiplyAdds, bytes } = timer.costs.get("products with quantised weights")!;
  const nanoseconds = 1e6 * milliseconds;
  return { total, kinds, multiplyAdds: multiplyAdds / nanoseconds, bytes: bytes / nanoseconds };
}

async function decode(model: Model, timer: OpTimer, tokens: number): Promise<Sample> {
  await using session = await model.createSession();
  const ids = promptIds(model, BEFORE + tokens);
  await session.append(ids.slice(0, BEFORE));
  await session.nextLogits();
  return await sample(timer, tokens, async () => {
    for (const id of ids.slice(BEFORE)) {
      await session.append([id]);
      await session.nextLogits();
    }
  });
}

async function prompt(model: Model, timer: OpTimer, tokens: number): Promise<Sample> {
  await using session = await model.createSession();
  return await sample(timer, tokens, async () => {
    await session.append(promptIds(model, tokens));
    await session.nextLogits();
  });
}

function profileOf(samples: readonly Sample[]): Profile {
  const kinds = KINDS.map((kind) => [kind, figure(samples.map((each) => each.kinds.get(kind)!))]);
  return {
    total: figure(samples.map(({ total }) => total)),
    kinds: Object.fromEntries(kinds),
    products: {
      multiplyAdds: figure(samples.map(({ multiplyAdds }) => multiplyAdds)),
      bytes: figure(samples.map(({ bytes }) => bytes)),
    },
  };
}

async function measure(
  model: CpuModel,
  activations: ActivationPrecision,
  folder: string,
  timer: OpTimer,
): Promise<ProfileRow> {
  const bytes = await bytesPerToken(await sourceOf(model, folder));
  await using native = await NativeRead.compile();
  await using loaded = await loadModel(await sourceOf(model, folder), {
    backend: "wasm",
    threads: 1,
    activations,
  });
  await decode(loaded, timer, model.decoded); // compiles the kernels
  const reads: number[] = [], decodes: Sample[] = [], prompts: Sample[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    if (native) reads.push(await native.rate(bytes, 300, 1));
    decodes.push(await decode(loaded, timer, model.decoded));
    if (model.prompt > 0) prompts.push(await prompt(loaded, timer, model.prompt));
  }
  return {
    ...{ name: model.name, dtype: model.dtype, activations, bytesPerToken: bytes },
    nativeRead: native && figure(reads),
    decode: profileOf(decodes),
    prompt: prompts.length > 0 ? profileOf(prompts) : null,
  };
}

/** What was measured before; a run that names models replaces theirs only. */
async function rowsBefore(): Promise<readonly ProfileRow[]> {
  const text = await Deno.readTextFile(resultsFile("profile")).catch(() => null);
  return text === null ? [] : (JSON.parse(text) as ProfileResults).rows;
}

if (import.meta.main) {
  const [folder, ...names] = Deno.args;
  const timer = new OpTimer();
  const key = (row: Pick<ProfileRow, "name" | "dtype" | "activations">): string =>
    `${row.name} ${row.dtype} ${row.activations}`;
  const all = CPU_MODELS.flatMap((model) =>
    (["q16", "q8"] as const).map((activations) => ({ ...model, activations }))
  );
  for (const model of all.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const row = await measure(model, model.activations, folder, timer);
    const parts = KINDS.map((kind) => `${kind} ${row.decode.kinds[kind].median.toFixed(0)}`);
    console.log(`${key(row)}: ${row.decode.total.median.toFixed(0)} us a token: ${parts.join(", ")}`);
    const rows = [...(await rowsBefore()).filter((before) => key(before) !== key(row)), row];
    const order = all.map(key);
    rows.sort((a, b) => order.indexOf(key(a)) - order.indexOf(key(b)));
    await writeResults("profile", { setting: await here(ROUNDS), rows } satisfies ProfileResults);
  }
}
