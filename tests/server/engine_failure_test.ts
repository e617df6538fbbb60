import { assert, assertEquals, assertRejects } from "@std/assert";
import { KernelError } from "../../runtime/errors.ts";
import type { GenerateOptions, GenerationSummary, Token } from "../../runtime/generation_options.ts";
import type { Model } from "../../runtime/model.ts";
import type { Session } from "../../runtime/session.ts";
import { ApiError } from "../../server/api_error.ts";
import type { Job } from "../../server/engine/engine.ts";
import { LocalEngine } from "../../server/engine/local_engine.ts";
import { forever, idle, job, openModel, read } from "./engine_jobs.ts";

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
