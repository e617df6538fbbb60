/** A GPU that is lost in the middle: generations go on with WebAssembly, and so does everything else that its sessions could do. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel, type Session } from "../../mod.ts";
import { ConfigError, DeviceLostError, WeightsError } from "../../runtime/errors.ts";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { seeded } from "../text/seeded.ts";
import { TestGpu } from "./test_gpu.ts";
import { generate, GREEDY, onWasm, open, PROMPT, started } from "./lossy_model.ts";
import { gpuTest } from "./on_gpu.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const STORY = "Once upon a time";
/** Longer than any GPU runs ahead of its reader, so that a loss among the first tokens is always noticed. */
const LONG = { temperature: 0, maxTokens: 80 };
/** As far as backends differ, as a fraction of the largest logit. */
const TOLERANCE = 1e-4;

gpuTest(
  "Session.generate writes the default model's story to its end, wherever its GPU is lost",
  async (options) => {
    await using wasm = await onWasm(null);
    await using whole = await wasm.createSession();
    await whole.append(STORY);
    const expected = await generate(whole, undefined, LONG);
    const random = seeded(7);
    for (const keepEvery of [1, 5, Infinity]) {
      const at = random.integer(GREEDY.maxTokens - 1);
      await using lost = await open(options, null, { deviceLoss: { keepEvery } });
      await using session = await lost.model.createSession();
      await session.append(STORY);
      const { text, summary } = await generate(session, (index) => index === at && lost.gpu.lose(), LONG);
      assertEquals(text, expected.text, `lost after token ${at}, kept every ${keepEvery}`);
      assertEquals(summary.generatedTokens, expected.ids.length);
      const [change] = summary.backendChanges ?? [];
      assertEquals([change.from, change.to, summary.backendChanges?.length], ["webgpu", "wasm", 1]);
      assert(change.atToken > at && change.atToken < expected.ids.length, `went on at ${change.atToken}`);
      const { kind, reason, previous } = lost.model.backend;
      assertEquals([kind, previous?.kind], ["wasm", "webgpu"]);
      assert(reason.includes("is lost"), reason);
      await using next = await lost.model.createSession();
      await next.append(STORY);
      const again = await generate(next, undefined, LONG);
      assertEquals([again.text, again.summary.backendChanges], [expected.text, undefined]);
    }
  },
);

gpuTest("Session.generate moves from a GPU that is out of memory, too", async (options) => {
  await using lost = await open(options, "tiny-pair");
  await using wasm = await onWasm("tiny-pair");
  await using session = await started(lost.model);
  await using whole = await started(wasm);
  const { ids, summary } = await generate(session, (index) => index === 3 && lost.gpu.exhaust());
  assertEquals(ids, (await generate(whole)).ids);
  assert(summary.backendChanges![0].reason.includes("out of memory"), summary.backendChanges![0].reason);
});

gpuTest("a lost GPU moves every session of its model, prefixes, forks and bystanders", async (options) => {
  await using lost = await open(options, "tiny-triple", { deviceLoss: { keepEvery: 8 } });
  await using wasm = await onWasm("tiny-triple");
  await using whole = await started(wasm);
  const wanted = await whole.nextLogits();
  const check = async (session: Session): Promise<void> =>
    assertLogitsClose(await session.nextLogits(), [...wanted], TOLERANCE, wanted.length);

  await using prefix = await lost.model.compilePrefix(PROMPT);
  await using noticing = await started(lost.model);
  await using idle = await started(lost.model);
  await using fork = await idle.fork();
  await using declared = await started(lost.model, { maxContext: 64 });
  const bytes = await idle.snapshot();
  await using restored = await lost.model.restoreSession(bytes);
  await generate(noticing, (index) => index === 10 && lost.gpu.lose());
  assertEquals(lost.model.backend.kind, "wasm");
  for (const session of [idle, fork, declared, restored]) await check(session);
  await using made = await lost.model.createSession({ prefix });
  await check(made);
  await using later = await fork.fork();
  await check(later);
  await using back = await lost.model.restoreSession(await idle.snapshot());
  await check(back);
  await assertRejects(() => declared.append(PROMPT), ConfigError, "maxContext");
});

gpuTest("Session.rewind reaches back across a lost GPU as far as its checkpoints did", async (options) => {
  for (const keepEvery of [4, Infinity]) {
    await using lost = await open(options, "tiny-pair", { deviceLoss: { keepEvery } });
    const rewind = { interval: 8, checkpoints: 4 };
    await using session = await started(lost.model, { rewind });
    const before = await session.nextLogits();
    const { ids } = await generate(session, (index) => index === 20 && lost.gpu.lose());
    assertEquals(ids.length, GREEDY.maxTokens);
    await session.rewind(ids.length);
    assertEquals(session.ids, PROMPT);
    assertLogitsClose(await session.nextLogits(), [...before], TOLERANCE, before.length);
    assertEquals((await generate(session)).ids, ids);
  }
});

gpuTest("Session.rewind of a lost GPU's session keeps no state of what was taken back", async (options) => {
  await using lost = await open(options, "tiny-pair", { deviceLoss: { keepEvery: 1 } });
  await using session = await started(lost.model, { rewind: { interval: 8, checkpoints: 4 } });
  const before = await session.nextLogits();
  const { ids } = await generate(session);
  await session.rewind(ids.length);
  lost.gpu.lose();
  assertLogitsClose(await session.nextLogits(), [...before], TOLERANCE, before.length);
  assertEquals((await generate(session)).ids, ids);
});

gpuTest("Session.snapshot, Session.append and Model.logits notice a lost GPU themselves", async (options) => {
  await using wasm = await onWasm("tiny-pair");
  const logits = await wasm.logits(PROMPT);
  const last = [...logits.subarray(-wasm.config.vocabSize)];
  for (const act of ["snapshot", "append", "logits"] as const) {
    await using lost = await open(options, "tiny-pair");
    await using session = await lost.model.createSession();
    await session.append(PROMPT.slice(0, 30));
    lost.gpu.lose();
    if (act === "snapshot") {
      await using again = await lost.model.restoreSession(await session.snapshot());
      assertEquals(again.ids, session.ids);
    }
    if (act === "logits") {
      assertLogitsClose(await lost.model.logits(PROMPT), [...logits], TOLERANCE, last.length);
    }
    await session.append(PROMPT.slice(30));
    assertLogitsClose(await session.nextLogits(), last, TOLERANCE, last.length);
    assertEquals(lost.model.backend.kind, "wasm");
  }
});

gpuTest("sessions that generate at the same time all go on", async (options) => {
  await using wasm = await onWasm("tiny-pair");
  await using whole = await started(wasm);
  const expected = (await generate(whole)).ids;
  await using lost = await open(options, "tiny-pair", { deviceLoss: { keepEvery: 4 } });
  const sessions = await Promise.all([0, 1, 2].map(() => started(lost.model)));
  const outcomes = await Promise.all(
    sessions.map((session, i) => generate(session, (index) => i === 1 && index === 9 && lost.gpu.lose())),
  );
  for (const { ids, summary } of outcomes) {
    assertEquals(ids, expected);
    assertEquals(summary.backendChanges?.length, 1);
  }
  for (const session of sessions) await session[Symbol.asyncDispose]();
});

gpuTest(
  "a sampled generation goes on with its own random numbers after its GPU was lost",
  async (options) => {
    const sampled = { temperature: 0.9, repetitionPenalty: 1.2, seed: 5, maxTokens: 24 };
    await using wasm = await onWasm("tiny-pair");
    await using whole = await started(wasm);
    await using lost = await open(options, "tiny-pair");
    await using session = await started(lost.model);
    const { ids } = await generate(session, (index) => index === 12 && lost.gpu.lose(), sampled);
    assertEquals(ids, (await generate(whole, undefined, sampled)).ids);
  },
);

gpuTest("Session.generate throws DeviceLostError where it is told not to go on", async (options) => {
  await using lost = await open(options, "tiny-pair", { deviceLoss: { continue: false } });
  await using session = await started(lost.model);
  await assertRejects(() => generate(session, (index) => index === 2 && lost.gpu.lose()), DeviceLostError);
});

gpuTest("a model whose files have changed says so when its GPU is lost", async (options) => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(new URL(`tiny-pair/${name}`, FIXTURES), `${folder}/${name}`);
    }
    const gpu = new TestGpu(options);
    await using model = await loadModel(folder, {
      backend: { kind: "webgpu", allowSoftware: true, gpu: gpu.gpu },
    });
    await using session = await started(model);
    const file = await Deno.readFile(`${folder}/model.safetensors`);
    file[file.length - 1] ^= 1; // the sign or an exponent's bit of the last weight
    await Deno.writeFile(`${folder}/model.safetensors`, file);
    gpu.lose();
    const error = await assertRejects(() => session.nextLogits(), DeviceLostError);
    assert(error.cause instanceof WeightsError, String(error.cause));
    file[file.length - 1] ^= 1;
    await Deno.writeFile(`${folder}/model.safetensors`, file);
    assertEquals((await session.nextLogits()).length, model.config.vocabSize, "the next call tries again");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadModel refuses a distance between kept states that is none", async () => {
  for (const keepEvery of [0, 1.5, NaN, -1]) {
    await assertRejects(() => loadModel(undefined, { deviceLoss: { keepEvery } }), ConfigError, "keepEvery");
  }
});
