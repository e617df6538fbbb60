/** Sessions on WebGPU: snapshots, forks and rewinding, and moving to WASM and back. */
import { assert, assertEquals } from "@std/assert";
import { loadModel, type Model, type Session } from "../../mod.ts";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { gpuTest } from "./on_gpu.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const PROMPT = Array.from({ length: 40 }, (_, i) => 3 + (i * 17) % 50);
const OPTIONS = { temperature: 0.9, repetitionPenalty: 1.2, seed: 11, maxTokens: 12 };
/** Largest difference between backends as a fraction of the largest logit; docs/sessions.md has it. */
const TOLERANCE = 1e-4;

async function started(model: Model, rewind?: { interval: number; checkpoints: number }): Promise<Session> {
  const session = await model.createSession({ rewind });
  await session.append(PROMPT);
  return session;
}

async function idsOf(session: Session, resume = false): Promise<number[]> {
  return await Array.fromAsync(resume ? session.resume() : session.generate(OPTIONS), ({ id }) => id);
}

gpuTest("Session.snapshot goes on bit by bit between any two tokens, webgpu", async (options) => {
  await using model = await loadModel(new URL("tiny-triple", FIXTURES), {
    backend: { kind: "webgpu", ...options },
  });
  await using whole = await started(model);
  const expected = await idsOf(whole);
  for (const cut of [1, 9]) {
    await using session = await started(model);
    const ids: number[] = [];
    for await (const { id } of session.generate(OPTIONS)) if (ids.push(id) === cut) break;
    await using again = await model.restoreSession(await session.snapshot());
    assertEquals([...ids, ...await idsOf(again, true)], expected, `cut after ${cut}`);
    assertEquals(await again.nextLogits(), await whole.nextLogits());
  }
});

gpuTest("Session.fork and Session.rewind on webgpu leave other sessions alone", async (options) => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), {
    backend: { kind: "webgpu", ...options },
  });
  await using session = await started(model, { interval: 8, checkpoints: 4 });
  const before = await session.nextLogits();
  await using fork = await session.fork();
  await fork.append([5, 6, 7]);
  const ids = await idsOf(session);
  await session.rewind(ids.length);
  assertEquals(await session.nextLogits(), before);
  await session.append([5, 6, 7]);
  assertEquals(await session.nextLogits(), await fork.nextLogits());
});

gpuTest("Session.snapshot moves between WebGPU and WASM within rounding", async (options) => {
  for (const name of ["tiny-triple", "tiny-quant"]) {
    const open = (backend: "wasm" | { kind: "webgpu" }): Promise<Model> =>
      loadModel(new URL(name, FIXTURES), { backend });
    await using webgpu = await open({ kind: "webgpu", ...options });
    await using wasm = await open("wasm");
    for (const [from, to] of [[webgpu, wasm], [wasm, webgpu]]) {
      await using session = await started(from);
      await using moved = await to.restoreSession(await session.snapshot());
      for (const each of [session, moved]) await each.append([9, 8, 7]);
      const wanted = await session.nextLogits();
      assertLogitsClose(await moved.nextLogits(), [...wanted], TOLERANCE, wanted.length);
      await using back = await from.restoreSession(await moved.snapshot());
      assert(back.ids.length === PROMPT.length + 3);
      assertLogitsClose(await back.nextLogits(), [...wanted], TOLERANCE, wanted.length);
    }
  }
});
