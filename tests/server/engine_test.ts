import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import type { TokenObserver } from "../../runtime/token_observer.ts";
import { KernelError } from "../../runtime/errors.ts";
import type { GenerateOptions, GenerationSummary, Token } from "../../runtime/generation_options.ts";
import type { Model } from "../../runtime/model.ts";
import type { Session } from "../../runtime/session.ts";
import { ApiError } from "../../server/api_error.ts";
import type { Engine, EngineEvent, Job } from "../../server/engine/engine.ts";
import { LocalEngine } from "../../server/engine/local_engine.ts";

const FIXTURE = new URL("../fixtures/tiny-pair/", import.meta.url);
const openModel = (): Promise<Model> => loadModel(FIXTURE, { backend: "reference" });
/** Whatever is drawn, but never the end of the text: the tests count tokens. */
const SAMPLING = { temperature: 1, topP: 1, logitBias: { 2: -Infinity } };
const forever = new AbortController().signal;

function job(ids: readonly number[], changes: Partial<Job> = {}): Job {
  return {
    prompts: [{ kind: "ids", ids }],
    choices: 1,
    options: { ...SAMPLING, seed: 5 },
    maxTokens: 12,
    format: { kind: "text" },
    session: null,
    ...changes,
  };
}

interface Outcome {
  ids: number[][];
  reasons: string[];
  state: (EngineEvent & { kind: "state" }) | null;
}

/** Reads a job to its end; `onToken` may look on. */
async function read(
  events: AsyncIterable<EngineEvent>,
  onToken: (sequence: number, index: number) => void = () => {},
): Promise<Outcome> {
  const outcome: Outcome = { ids: [], reasons: [], state: null };
  for await (const event of events) {
    if (event.kind === "token") {
      (outcome.ids[event.sequence] ??= []).push(event.token.id);
      onToken(event.sequence, event.token.index);
    } else if (event.kind === "end") outcome.reasons[event.sequence] = event.finishReason;
    else if (event.kind === "state") outcome.state = event;
  }
  return outcome;
}

async function generated(
  model: Model,
  ids: readonly number[],
  seed: number,
  maxTokens = 12,
): Promise<number[]> {
  const out: number[] = [];
  for await (const { id } of model.generate(ids, { ...SAMPLING, seed, maxTokens })) out.push(id);
  return out;
}

async function idle(engine: Engine): Promise<void> {
  while (engine.load.active > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("LocalEngine.run gives the tokens that the model gives", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model);
  const options = { ...SAMPLING, seed: 9 };
  const { ids, reasons } = await read(await engine.run(job([1, 2, 3], { options }), forever));
  assertEquals(ids, [await generated(model, [1, 2, 3], 9)]);
  assertEquals(reasons, ["length"]);
});

Deno.test("LocalEngine.run continues each prompt in several ways, each as if it were alone", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model);
  const long = Array.from({ length: 150 }, (_, i) => (i * 7) % 60);
  const options = { ...SAMPLING, seed: 20 };
  const prompts = [{ kind: "ids" as const, ids: [4] }, { kind: "ids" as const, ids: long }];
  const { ids } = await read(await engine.run(job([], { prompts, choices: 2, options }), forever));
  const expected = [];
  for (const prompt of [[4], long]) {
    for (const seed of [20, 21]) expected.push(await generated(model, prompt, seed));
  }
  assertEquals(ids, expected);
  await idle(engine);
  assertEquals(engine.load, { active: 0, queued: 0, stateBytes: 0 });
});

Deno.test("LocalEngine.run interleaves jobs token by token, and each comes out as if it were alone", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model, { maxSequences: 3 });
  const order: number[] = [];
  const prompts = [[1], [2, 3], [5, 6, 7]];
  const outcomes = await Promise.all(
    prompts.map(async (ids, i) =>
      read(
        await engine.run(job(ids, { options: { ...SAMPLING, seed: i } }), forever),
        () => order.push(i),
      )
    ),
  );
  for (const [i, { ids }] of outcomes.entries()) assertEquals(ids[0], await generated(model, prompts[i], i));
  // Whoever is behind in tokens is at most two behind: its prompt took a step, and it may be last in its round.
  const counts = [0, 0, 0];
  for (const i of order) {
    counts[i]++;
    assert(Math.max(...counts) - Math.min(...counts) <= 3 || counts.includes(12), order.join(""));
  }
});

Deno.test("LocalEngine.run passes the tokens of all sequences through the network together", async () => {
  const passes: number[] = [];
  const observer = {
    onBranches(_net: unknown, layer: number, { spans }: { spans: readonly unknown[] }): void {
      if (layer === 0) passes.push(spans.length);
    },
  } as unknown as TokenObserver;
  await using model = await loadModel(FIXTURE, { backend: "reference", observer });
  await using engine = new LocalEngine(model, { maxSequences: 3 });
  passes.length = 0; // that of the meta tokens
  await Promise.all([[1], [2], [5]].map(async (ids) => read(await engine.run(job(ids), forever))));
  // Three prompts, and of each sequence all tokens but the last pass; one may have begun a round before the others.
  assertEquals(passes.reduce((sum, spans) => sum + spans), 3 + 3 * 11);
  assert(passes.filter((spans) => spans === 3).length >= 9, passes.join());
});

Deno.test("LocalEngine.run lets a long prompt in between other jobs' tokens, piece by piece", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model, { contextTokens: 2000 });
  const order: string[] = [];
  const long = Array.from({ length: 640 }, (_, i) => i % 61);
  const first = read(await engine.run(job([1], { maxTokens: 30 }), forever), () => order.push("a"));
  const second = read(await engine.run(job(long, { maxTokens: 1 }), forever), () => order.push("B"));
  await Promise.all([first, second]);
  assert(order.indexOf("B") >= 10, order.join(""));
  assert(order.indexOf("B") < 25, order.join(""));
});

Deno.test("LocalEngine.run stops within one token when it is aborted", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model);
  const controller = new AbortController();
  let after = 0;
  const events = await engine.run(job([1], { maxTokens: 1000 }), controller.signal);
  const { reasons, ids } = await read(events, (_, index) => {
    if (controller.signal.aborted) after++;
    if (index === 4) controller.abort();
  });
  assertEquals(reasons, ["abort"]);
  assert(after <= 1 && ids[0].length <= 6, `${ids[0].length} tokens`);
  assertEquals(engine.load, { active: 0, queued: 0, stateBytes: 0 });
});

Deno.test("LocalEngine.run stops when its reader leaves", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model);
  for await (const event of await engine.run(job([1], { maxTokens: 1000 }), forever)) {
    if (event.kind === "token" && event.token.index === 2) break;
  }
  await idle(engine);
  assertEquals(engine.load.stateBytes, 0);
});

Deno.test("LocalEngine.run pauses a sequence whose reader is slow, and the others go on", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model, { maxUnreadTokens: 3 });
  const slow = (await engine.run(job([1], { maxTokens: 40 }), forever))[Symbol.asyncIterator]();
  const fast = await read(await engine.run(job([2], { maxTokens: 40 }), forever));
  assertEquals(fast.ids[0].length, 40);
  assertEquals(engine.load.active, 1);
  const held = engine.load.stateBytes;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(engine.load.stateBytes, held);
  const rest = await read({ [Symbol.asyncIterator]: () => slow });
  assertEquals(rest.ids[0].length, 40);
});

Deno.test("LocalEngine.run queues in order, and turns away what is beyond the queue with a time to come back", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model, { maxSequences: 1, maxQueued: 1 });
  const first = await engine.run(job([1]), forever);
  const second = await engine.run(job([2]), forever);
  const error = await assertRejects(() => engine.run(job([3]), forever), ApiError);
  assertEquals([error.info.status, error.info.code], [429, "queue_full"]);
  assert((error.info.retryAfter ?? 0) >= 1);
  assertEquals((await read(first)).reasons, ["length"]);
  assertEquals((await read(second)).reasons, ["length"]);
});

Deno.test("LocalEngine.run ends a job that is aborted while it waits, before its turn", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model, { maxSequences: 1, maxUnreadTokens: 1 });
  const blocking = await engine.run(job([1], { maxTokens: 50 }), forever); // not read: it pauses, and keeps its place
  const controller = new AbortController();
  const waiting = await engine.run(job([2]), controller.signal);
  controller.abort();
  assertEquals(await read(waiting), { ids: [], reasons: ["abort"], state: null });
  assertEquals((await read(blocking)).reasons, ["length"]);
});

Deno.test("LocalEngine.run resumes a session where it was interrupted, bit by bit", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model);
  const options = { ...SAMPLING, seed: 31 };
  const whole = await generated(model, [3, 1, 4], 31, 100);
  for (const cut of [0, 1, 30, 63, 64, 65]) {
    const controller = new AbortController();
    const session = { state: null, tokens: 0, resume: null };
    const wanted = job([3, 1, 4], { options, maxTokens: 100, session });
    const events = await engine.run(wanted, controller.signal);
    const first = await read(events, (_, index) => index === cut && controller.abort());
    assertEquals(first.state?.finishReason, "abort");
    const { state, tokens } = first.state!;
    assertEquals(tokens, 3 + first.ids[0].length);
    const again = job([], { prompts: [], session: { state, tokens, resume: first.ids[0] } });
    const second = await read(await engine.run(again, forever));
    assertEquals([...first.ids[0], ...second.ids[0]], whole, `cut at ${cut}`);
    assertEquals(second.state?.finishReason, "length");
  }
});

Deno.test("LocalEngine.run reports a session's state while it generates, from which it can go on, too", async () => {
  await using model = await openModel();
  await using engine = new LocalEngine(model);
  const session = { state: null, tokens: 0, resume: null };
  const states: (EngineEvent & { kind: "state" })[] = [];
  const ids: number[] = [];
  for await (const event of await engine.run(job([8], { maxTokens: 70, session }), forever)) {
    if (event.kind === "state") states.push(event);
    if (event.kind === "token") ids.push(event.token.id);
  }
  assertEquals(states.map(({ tokens, finishReason }) => [tokens, finishReason]), [
    [2, "abort"],
    [66, "abort"],
    [71, "length"],
  ]);
  const { state, tokens } = states[0];
  const again = job([], { prompts: [], session: { state, tokens, resume: ids.slice(0, 1) } });
  assertEquals((await read(await engine.run(again, forever))).ids[0], ids.slice(1));
});

Deno.test("LocalEngine.run refuses a session of another model", async () => {
  await using model = await openModel();
  await using other = await loadModel(new URL("../fixtures/tiny-triple/", import.meta.url), {
    backend: "reference",
  });
  await using session = await other.createSession();
  await session.append([1]);
  const state = await session.snapshot();
  await using engine = new LocalEngine(model);
  const events = await engine.run(job([2], { session: { state, tokens: 1, resume: null } }), forever);
  const error = await assertRejects(() => read(events), ApiError);
  assertEquals([error.info.status, error.info.code], [409, "session_incompatible"]);
});

const REFUSED: Readonly<Record<string, [Partial<Job>, string]>> = {
  "more sequences than run at a time": [{ choices: 9 }, "n"],
  "a prompt that fills the context": [
    { prompts: [{ kind: "ids", ids: new Array(2048).fill(1) }] },
    "at most 2048",
  ],
  "more tokens than the context has left": [{ maxTokens: 2048 }, "together"],
  "an id that is not in the vocabulary": [{ prompts: [{ kind: "ids", ids: [1, 61] }] }, "61"],
  "a bias for such an id": [{ options: { logitBias: { 61: 1 } } }, "logitBias"],
  "text without a tokenizer": [{ prompts: [{ kind: "text", text: "a" }] }, "tokenizer"],
  "a chat without a template": [
    { prompts: [{ kind: "chat", messages: [{ role: "user", content: "a" }], transcript: null }] },
    "template",
  ],
};
for (const [name, [changes, message]] of Object.entries(REFUSED)) {
  Deno.test(`LocalEngine.run refuses ${name}, before anything runs`, async () => {
    await using model = await openModel();
    await using engine = new LocalEngine(model, { contextTokens: 2048 });
    const error = await assertRejects(() => engine.run(job([1], changes), forever), Error);
    assert(error.message.includes(message), error.message);
    assertEquals(engine.load.active, 0);
  });
}

Deno.test("LocalEngine fails a job whose model fails, frees what it held, and goes on with others", async () => {
  await using model = await openModel();
  const open = new Set<object>();
  let left = 5;
  /** The real model, save that its fifth token in all fails. */
  const fragile = {
    backend: model.backend,
    config: model.config,
    eosTokenIds: model.eosTokenIds,
    createSession: async () => wrap(await model.createSession()),
  } as unknown as Model;
  const wrap = (session: Session): Session => {
    const { generate, fork, [Symbol.asyncDispose]: dispose } = session;
    open.add(session);
    return Object.assign(session, {
      fork: async () => wrap(await fork.call(session)),
      async *generate(options: GenerateOptions): AsyncGenerator<Token, GenerationSummary> {
        const tokens = generate.call(session, options);
        for (let next = await tokens.next();; next = await tokens.next()) {
          if (next.done) return next.value;
          if (--left === 0) throw new KernelError("Cannot go on", "It is only a test");
          yield next.value;
        }
      },
      [Symbol.asyncDispose]: async () => {
        open.delete(session);
        await dispose.call(session);
      },
    });
  };
  await using engine = new LocalEngine(fragile);
  const broken = await engine.run(job([1], { choices: 3 }), forever);
  await assertRejects(() => read(broken), KernelError, "Cannot go on");
  await idle(engine);
  assertEquals([open.size, engine.load], [0, { active: 0, queued: 0, stateBytes: 0 }]);
  assertEquals((await read(await engine.run(job([1]), forever))).reasons, ["length"]);
});

Deno.test("LocalEngine, disposed, ends what runs and takes nothing more", async () => {
  await using model = await openModel();
  const engine = new LocalEngine(model);
  const events = await engine.run(job([1], { maxTokens: 1000 }), forever);
  const outcome = read(events, (_, index) => {
    if (index === 3) void engine[Symbol.asyncDispose]();
  });
  assertEquals((await outcome).reasons, ["abort"]);
  const error = await assertRejects(() => engine.run(job([1]), forever), ApiError);
  assertEquals(error.info.status, 503);
});
