/** Runs a generation as a chain of processes, each killed at a random moment, and puts together what they said. */
import { assert, assertEquals } from "@std/assert";

/** Where a chain keeps its session. */
export interface ChainPlace {
  readonly kind: "folder" | "kv";
  readonly location: string;
}

/** How a chain is disturbed. */
export interface ChainOptions {
  readonly seed: number;
  /** Processes to kill before one may come to its end. */
  readonly kills: number;
  /** Tokens between two checkpoints. */
  readonly every: number;
  /** Uniform numbers from 0 to 1. */
  readonly random: () => number;
}

/** What became of a chain. */
export interface ChainResult {
  readonly ids: number[];
  readonly text: string;
  /** Processes that were killed in the middle of their work. */
  readonly killed: number;
  /** Tokens that a process said again because its predecessor had said them after its last checkpoint. */
  readonly repeated: number;
}

interface Said {
  readonly id: number;
  readonly text: string;
}

type Line = Said & { readonly index: number; readonly done?: boolean };

/** When to kill a process: so long after its first so many tokens, or after its start. */
interface Plan {
  readonly signal: "SIGINT" | "SIGKILL";
  readonly tokens: number;
  readonly milliseconds: number;
}

interface Outcome {
  /** Index of its first token and behind its last; null: it said nothing. */
  readonly range: { readonly first: number; readonly end: number } | null;
  readonly isDone: boolean;
  readonly status: Deno.CommandStatus;
}

/** Milliseconds between SIGINT and SIGKILL that hosts give. */
const GRACE_MS = 5000;

/**
 * Runs processes until one comes to its end. Checks on the way that a token that comes again is the same, that there is never a gap, that
 * what a process is sure to have saved does not come again, and that nothing does after a SIGINT.
 */
export async function runChain(place: ChainPlace, options: ChainOptions): Promise<ChainResult> {
  const said: Said[] = [];
  let [killed, repeated, saved] = [0, 0, 0];
  for (;;) {
    const before = said.length;
    const plan = killed < options.kills ? planKill(options.random) : null;
    const { range, isDone, status } = await runProcess(place, options, plan, said);
    if (range !== null) {
      assert(range.first >= saved, `token ${range.first} comes again, but ${saved} were saved`);
      assert(range.first <= before, `token ${range.first} comes after ${before}: a gap`);
      repeated += before - range.first;
      const graceful = plan?.signal === "SIGINT" && status.code === 0;
      const certain = Math.floor((range.end - 1) / options.every) * options.every;
      saved = Math.max(saved, graceful ? range.end : certain);
    }
    if (isDone) {
      return { ids: said.map(({ id }) => id), text: said.map(({ text }) => text).join(""), killed, repeated };
    }
    assert(plan !== null, `nobody killed it, but it ended with ${status.code} after ${said.length} tokens`);
    if (plan.signal === "SIGINT") assertEquals([status.code, status.signal], [0, null]);
    killed++;
  }
}

function planKill(random: () => number): Plan {
  const tokens = Math.floor(random() * 9);
  const signal = tokens > 0 && random() < 0.3 ? "SIGINT" : "SIGKILL";
  return { signal, tokens, milliseconds: random() * (tokens > 0 ? 6 : 500) };
}

async function runProcess(
  place: ChainPlace,
  options: ChainOptions,
  plan: Plan | null,
  said: Said[],
): Promise<Outcome> {
  const child = startProcess(place, options);
  const timers: ReturnType<typeof setTimeout>[] = [];
  const arm = (): void => {
    if (plan === null) return;
    timers.push(setTimeout(() => signalTo(child, plan.signal), plan.milliseconds));
    timers.push(setTimeout(() => signalTo(child, "SIGKILL"), plan.milliseconds + GRACE_MS));
  };
  if (plan?.tokens === 0) arm();
  let [first, end, count, isDone]: [number | null, number, number, boolean] = [null, 0, 0, false];
  for await (const line of linesOf(child.stdout)) {
    isDone ||= line.done ?? false;
    if (line.done) continue;
    first ??= line.index;
    end = line.index + 1;
    record(said, line);
    if (++count === plan?.tokens) arm();
  }
  const status = await child.status;
  timers.forEach((timer) => clearTimeout(timer));
  return { range: first === null ? null : { first, end }, isDone, status };
}

function startProcess({ kind, location }: ChainPlace, { seed, every }: ChainOptions): Deno.ChildProcess {
  const script = new URL("chain_process.ts", import.meta.url).href;
  const flags = ["--no-prompt", "--quiet", "--unstable-kv", "--allow-read", "--allow-write"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, script, kind, location, `session ${seed}`, String(seed), String(every)],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Takes a token down; one that was said before has to be the same. */
function record(said: Said[], { index, id, text }: Line): void {
  assert(index <= said.length, `token ${index} comes after ${said.length}: a gap`);
  if (index < said.length) assertEquals({ id, text }, said[index]);
  else said.push({ id, text });
}

/** Whole lines of a process's output; the part of a line that it died in is dropped. */
async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Line> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

function signalTo(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
}
