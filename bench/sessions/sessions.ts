/**
 * @file What it costs to keep a session: snapshot, restore and fork by model size and length; going on from a snapshot against passing the
 * prompt again; the first token with and without the stored state of the meta tokens; the stores.
 *
 * `deno task bench:sessions [MODEL ...] [--tokens=N]` writes docs/sessions.md's tables to standard output. MODEL is default, 125m, 350m or
 * 1.5b; left out: all of them, which takes 4 GB of memory and, for the prompts of 4096 tokens, a while.
 */
import type { Model, Session } from "../../mod.ts";
import { MODEL_NAMES, openModel, promptFor } from "./models.ts";
import { storeTable } from "./stores.ts";
import { medianOf, milliseconds, size } from "./timing.ts";

const ROUNDS = 7;
const LENGTHS = [0, 512, 4096];

/** Times and bytes of one session. */
async function stateRow(name: string, model: Model, session: Session): Promise<string> {
  const snapshot = await session.snapshot();
  const snapshotMs = await medianOf(ROUNDS, () => session.snapshot());
  const restoreMs = await medianOf(ROUNDS, () => model.restoreSession(snapshot), dispose);
  const forkMs = await medianOf(ROUNDS, () => session.fork(), dispose);
  const half = await session.snapshot({ kv: "f16" });
  const deflated = await session.snapshot({ compress: true });
  const deflateMs = await medianOf(3, () => session.snapshot({ compress: true }));
  return row([
    name,
    session.ids.length,
    size(session.stateBytes),
    size(snapshot.length),
    milliseconds(snapshotMs),
    milliseconds(restoreMs),
    milliseconds(forkMs),
    size(half.length),
    session.ids.length === 0 ? "" : await halfError(model, session, half),
    `${size(deflated.length)}, ${milliseconds(deflateMs)}`,
  ]);
}

/** Largest difference of the logits one token after a snapshot with f16 keys and values, as a share of the largest logit. */
async function halfError(model: Model, session: Session, half: Uint8Array): Promise<string> {
  const [exact, lossy] = [await session.fork(), await model.restoreSession(half)];
  for (const each of [exact, lossy]) await each.append([session.ids[0]]);
  const [wanted, got] = [await exact.nextLogits(), await lossy.nextLogits()];
  for (const each of [exact, lossy]) await dispose(each);
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i])), 0);
  return (error / largest).toExponential(1);
}

/** From nothing to the first token's logits: by the prompt, and by a snapshot. */
async function resumeRow(name: string, model: Model, prompt: readonly number[]): Promise<string> {
  const again = async (ids: readonly number[]): Promise<Session> => {
    const session = await model.createSession();
    await session.append(ids);
    await session.nextLogits();
    return session;
  };
  const start = performance.now();
  const session = await again(prompt);
  const promptMs = performance.now() - start;
  const snapshot = await session.snapshot();
  await dispose(session);
  const resumeMs = await medianOf(ROUNDS, async () => {
    const resumed = await model.restoreSession(snapshot);
    await resumed.nextLogits();
    return resumed;
  }, dispose);
  const short = prompt.slice(0, 16);
  const { numMetaTokens } = model.config;
  const withMeta = await medianOf(3, () => again(short), dispose);
  // The meta tokens cost as much as any others.
  const withoutMeta = await medianOf(3, () => again([...prompt.slice(0, numMetaTokens), ...short]), dispose);
  return row([
    name,
    prompt.length,
    milliseconds(promptMs),
    milliseconds(resumeMs),
    `${(promptMs / resumeMs).toFixed(0)} x`,
    milliseconds(withMeta),
    milliseconds(withoutMeta),
  ]);
}

async function dispose(session: Session): Promise<void> {
  await session[Symbol.asyncDispose]();
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(columns: string): string[] {
  const names = columns.split(", ");
  return [row(names), row(names.map(() => "---"))];
}

const flag = Deno.args.find((arg) => arg.startsWith("--tokens="));
const tokens = Number(flag?.slice("--tokens=".length) ?? 4096);
const named = Deno.args.filter((arg) => !arg.startsWith("--"));
const states = table(
  "model, tokens, state, snapshot, taking it, restoring it, fork, snapshot with f16 K/V, its logit error, deflated",
);
const resumes = table(
  "model, prompt, first token by prompt, first token by snapshot, faster, 16 tokens, 16 tokens and meta tokens",
);
for (const name of named.length > 0 ? named : MODEL_NAMES) {
  console.error(`loading ${name}`);
  await using model = await openModel(name);
  const prompt = await promptFor(name, model, tokens);
  for (const length of LENGTHS.filter((length) => length <= tokens)) {
    console.error(`${name}: a session of ${length} tokens`);
    await using session = await model.createSession();
    await session.append(prompt.slice(0, length));
    states.push(await stateRow(name, model, session));
  }
  console.error(`${name}: ${prompt.length} tokens again, and from a snapshot`);
  resumes.push(await resumeRow(name, model, prompt));
}
console.log(
  [...states, "", ...resumes, "", ...table("store, bytes, save, load"), ...await storeTable()].join("\n"),
);
