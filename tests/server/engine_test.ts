import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import type { TokenObserver } from "../../runtime/token_observer.ts";
import { ApiError } from "../../server/api_error.ts";
import { LocalEngine } from "../../server/engine/local_engine.ts";
import { FIXTURE, forever, generated, idle, job, openModel, read, SAMPLING } from "./engine_jobs.ts";

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
