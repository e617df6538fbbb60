import { assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import { ApiError } from "../../server/api_error.ts";
import type { EngineEvent } from "../../server/engine/engine.ts";
import { LocalEngine } from "../../server/engine/local_engine.ts";
import { forever, generated, job, openModel, read, SAMPLING } from "./engine_jobs.ts";

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
