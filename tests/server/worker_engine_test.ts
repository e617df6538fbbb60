import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import { ApiError } from "../../server/api_error.ts";
import type { EngineEvent, Job } from "../../server/engine/engine.ts";
import { LocalEngine } from "../../server/engine/local_engine.ts";
import { WorkerEngine } from "../../server/engine/worker_engine.ts";
import { createHandler } from "../../server/handler.ts";

const FIXTURE = new URL("../fixtures/tiny-pair/", import.meta.url).pathname;
const SAMPLING = { temperature: 1, topP: 1, logitBias: { 2: -Infinity }, seed: 3 };
const forever = new AbortController().signal;

function start(limits = {}): Promise<WorkerEngine> {
  return WorkerEngine.start(FIXTURE, { backend: "reference" }, limits);
}

function job(ids: readonly number[], changes: Partial<Job> = {}): Job {
  return {
    prompts: [{ kind: "ids", ids }],
    choices: 1,
    options: SAMPLING,
    maxTokens: 20,
    format: { kind: "text" },
    session: null,
    ...changes,
  };
}

/** The events without what differs from run to run. */
async function read(events: AsyncIterable<EngineEvent>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const event of events) all.push(event.kind === "token" ? { ...event, milliseconds: 0 } : event);
  return all;
}

Deno.test("WorkerEngine.run gives the events that an engine in this thread gives", async () => {
  await using model = await loadModel(FIXTURE, { backend: "reference" });
  await using local = new LocalEngine(model);
  await using worker = await start();
  assertEquals(worker.facts, local.facts);
  const session = { state: null, tokens: 0, resume: null };
  for (const wanted of [job([1, 2]), job([5], { choices: 3 }), job([7], { session })]) {
    assertEquals(await read(await worker.run(wanted, forever)), await read(await local.run(wanted, forever)));
  }
});

Deno.test("WorkerEngine.run runs many jobs at once", async () => {
  await using worker = await start({ maxSequences: 3 });
  const all = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(async (id) => read(await worker.run(job([id]), forever))),
  );
  for (const [i, events] of all.entries()) {
    assertEquals(events, await read(await worker.run(job([i + 1]), forever)));
  }
  assertEquals(worker.load, { active: 0, queued: 0, stateBytes: 0 });
});

Deno.test("WorkerEngine.run stops soon when it is aborted, also while nobody reads", async () => {
  await using worker = await start();
  const controller = new AbortController();
  const events = await worker.run(job([1], { maxTokens: 2000 }), controller.signal);
  const unread = await worker.run(job([2], { maxTokens: 2000 }), controller.signal);
  const tokens = [];
  for await (const event of events) {
    if (event.kind === "token") tokens.push(event.token.id);
    if (tokens.length === 30) controller.abort();
  }
  // What was on its way is bounded by the credit.
  assert(tokens.length < 30 + 40, `${tokens.length} tokens`);
  const rest = await read(unread);
  assert(rest.length < 60, `${rest.length} events`);
});

Deno.test("WorkerEngine.run pauses when nobody reads, and other jobs go on", async () => {
  await using worker = await start();
  const unread = await worker.run(job([1], { maxTokens: 500 }), forever);
  assertEquals((await read(await worker.run(job([2], { maxTokens: 300 }), forever))).length, 302);
  assertEquals(worker.load.active, 1);
  assertEquals((await read(unread)).length, 502);
});

Deno.test("WorkerEngine.run stops when its reader leaves", async () => {
  await using worker = await start();
  for await (const event of await worker.run(job([1], { maxTokens: 2000 }), forever)) {
    if (event.kind === "token" && event.token.index === 2) break;
  }
  assertEquals((await read(await worker.run(job([2]), forever))).length, 22);
  assertEquals(worker.load.active, 0);
});

Deno.test("WorkerEngine.run hands errors over with all that they say", async () => {
  await using worker = await start({ maxSequences: 1, maxQueued: 0 });
  const refused = await assertRejects(() => worker.run(job([61]), forever), ApiError, "61");
  assertEquals(refused.info.status, 400);
  const first = await worker.run(job([1], { maxTokens: 500 }), forever);
  const full = await assertRejects(() => worker.run(job([1]), forever), ApiError);
  assertEquals([full.info.code, typeof full.info.retryAfter], ["queue_full", "number"]);
  await read(first);
});

Deno.test("WorkerEngine.start says why a model cannot be loaded", async () => {
  const error = await assertRejects(() => WorkerEngine.start(`${FIXTURE}missing`), ApiError);
  assert(error.message.includes("missing"), error.message);
});

Deno.test("WorkerEngine, disposed, ends what runs and takes nothing more", async () => {
  const worker = await start();
  const events = await worker.run(job([1], { maxTokens: 2000 }), forever);
  await worker[Symbol.asyncDispose]();
  await read(events).catch((error) => assert(error instanceof ApiError));
  await assertRejects(() => worker.run(job([1]), forever), ApiError, "closed");
});

Deno.test("createHandler takes an engine in a worker", async () => {
  await using worker = await WorkerEngine.start();
  await using handler = createHandler(worker);
  const response = await handler(
    new Request("http://localhost/v1/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "stories", prompt: "Once upon a time", max_tokens: 5 }),
    }),
  );
  assertEquals((await response.json()).usage.completion_tokens, 5);
});
