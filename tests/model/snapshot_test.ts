/** Sessions as bytes: what is restored must go on as if nothing had happened, and nothing else may be restored. */
import { assert, assertEquals, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { loadModel, type Model, type Session, type Token } from "../../mod.ts";
import { WeightsError } from "../../runtime/errors.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const PROMPT = Array.from({ length: 40 }, (_, i) => 3 + (i * 17) % 50);
const OPTIONS = {
  temperature: 0.9,
  topP: 0.95,
  repetitionPenalty: 1.2,
  seed: 11,
  maxTokens: 24,
  logitBias: { 5: -Infinity },
};

async function started(model: Model): Promise<Session> {
  const session = await model.createSession();
  await session.append(PROMPT);
  return session;
}

const take = (tokens: AsyncIterable<Token>): Promise<number[]> => Array.fromAsync(tokens, ({ id }) => id);

for (const backend of ["reference", "wasm"] as const) {
  const open = (name = "tiny-triple", options = {}): Promise<Model> =>
    loadModel(new URL(name, FIXTURES), { backend, ...options });

  Deno.test(`Session.snapshot restores to the same logits and tokens, bit by bit, ${backend}`, async () => {
    await using model = await open();
    await using session = await started(model);
    await using again = await model.restoreSession(await session.snapshot());
    assertEquals(again.ids, session.ids);
    assertEquals(await again.nextLogits(), await session.nextLogits());
    assertEquals(await take(again.generate(OPTIONS)), await take(session.generate(OPTIONS)));
    assertEquals(await again.nextLogits(), await session.nextLogits());
  });

  Deno.test(`Session.snapshot between any two tokens resumes the same generation, ${backend}`, async () => {
    await using model = await open();
    await using whole = await started(model);
    const expected = await take(whole.generate(OPTIONS));
    for (const cut of [1, 2, 9, 23]) {
      await using session = await started(model);
      const ids: number[] = [];
      let bytes = new Uint8Array();
      for await (const { id } of session.generate(OPTIONS)) {
        ids.push(id);
        if (ids.length < cut) continue;
        bytes = await session.snapshot();
        break;
      }
      await using again = await model.restoreSession(bytes);
      assert(again.interrupted);
      const summary = { indices: [] as number[] };
      for await (const { id, index } of again.resume()) {
        ids.push(id);
        summary.indices.push(index);
      }
      assertEquals(ids, expected, `cut after ${cut}`);
      assertEquals(summary.indices[0], cut);
      assertEquals(await take(session.resume()), expected.slice(cut), "the session itself goes on alike");
    }
  });

  Deno.test(`Session.snapshot of a second load of the same model is accepted, of another not, ${backend}`, async () => {
    await using model = await open();
    await using session = await started(model);
    const bytes = await session.snapshot();
    await using twin = await open("tiny-triple", { chunkSize: 7 });
    await using again = await twin.restoreSession(bytes);
    assertEquals(await again.nextLogits(), await session.nextLogits());
    await using other = await open("tiny-pair");
    await assertRejects(() => other.restoreSession(bytes), WeightsError, "fingerprint");
    await using ruled = await open("tiny-triple", { windowRule: "decode" });
    await assertRejects(() => ruled.restoreSession(bytes), WeightsError, "fingerprint");
  });

  Deno.test(`Session.snapshot compresses exactly and stores f16 with a small error, ${backend}`, async () => {
    await using model = await open();
    await using session = await started(model);
    const exact = await session.nextLogits();
    const plain = await session.snapshot();
    await using inflated = await model.restoreSession(await session.snapshot({ compress: true }));
    assertEquals(await inflated.nextLogits(), exact);
    const half = await session.snapshot({ kv: "f16" });
    assertLess(half.length, plain.length);
    await using lossy = await model.restoreSession(half);
    await session.append([7]);
    await lossy.append([7]);
    const [wanted, got] = [await session.nextLogits(), await lossy.nextLogits()];
    assertNotEquals(got, wanted);
    const error = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i])), 0);
    assertLess(error, 0.02 * wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  });

  for (const globalWindow of [undefined, 12]) {
    Deno.test(`Session.rewind equals never having gone further, globalWindow ${globalWindow}, ${backend}`, async () => {
      await using model = await open();
      const create = (): Promise<Session> =>
        model.createSession({ globalWindow, rewind: { interval: 8, checkpoints: 4 } });
      await using session = await create();
      await session.append(PROMPT);
      const generated = await take(session.generate({ temperature: 0, maxTokens: 9 }));
      for (const count of [0, 1, 3, 8, 5]) {
        await session.rewind(count);
        await using fresh = await create();
        await fresh.append(PROMPT.slice(0, session.ids.length));
        const rest = session.ids.length - fresh.ids.length;
        if (rest > 0) await take(fresh.generate({ temperature: 0, maxTokens: rest }));
        assertEquals(session.ids, [...PROMPT, ...generated].slice(0, session.ids.length));
        assertEquals(await session.nextLogits(), await fresh.nextLogits(), `after ${count} more`);
      }
    });
  }

  Deno.test(`Model.compilePrefix gives sessions that equal appended ones and do not disturb each other, ${backend}`, async () => {
    await using model = await open();
    await using prefix = await model.compilePrefix(PROMPT);
    await using loaded = await model.loadPrefix(await prefix.save());
    await using session = await started(model);
    const expected = await take(session.generate(OPTIONS));
    const copies = await Promise.all(
      [prefix, prefix, loaded].map((prefix) => model.createSession({ prefix })),
    );
    await copies[1].append([9, 9, 9]);
    assertEquals(await take(copies[0].generate(OPTIONS)), expected);
    assertEquals(await take(copies[2].generate(OPTIONS)), expected);
    for (const copy of copies) await copy[Symbol.asyncDispose]();
  });
}

Deno.test("Session.snapshot moves between backends within rounding", async () => {
  await using reference = await loadModel(new URL("tiny-triple", FIXTURES), { backend: "reference" });
  await using wasm = await loadModel(new URL("tiny-triple", FIXTURES), { backend: "wasm" });
  for (const [from, to] of [[reference, wasm], [wasm, reference]]) {
    await using session = await started(from);
    await using moved = await to.restoreSession(await session.snapshot());
    const [wanted, got] = [await session.nextLogits(), await moved.nextLogits()];
    wanted.forEach((value, i) => assertLess(Math.abs(value - got[i]), 1e-4));
  }
});

Deno.test("Model.restoreSession refuses every damaged snapshot", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm" });
  await using session = await started(model);
  const bytes = await session.snapshot();
  for (const length of [0, 7, 8, 15, 16, 47, 48, 100, bytes.length - 33, bytes.length - 1]) {
    await assertRejects(() => model.restoreSession(bytes.subarray(0, length)), WeightsError);
  }
  for (let i = 0; i < 64; i++) {
    const damaged = bytes.slice();
    damaged[Math.floor((i * bytes.length) / 64)] ^= 1 << i % 8;
    await assertRejects(() => model.restoreSession(damaged), WeightsError);
  }
  const newer = bytes.slice();
  newer[8] = 2;
  await assertRejects(() => model.restoreSession(newer), WeightsError, "version is 2");
  await assertRejects(() => model.restoreSession(new Uint8Array(1000)), WeightsError, "HYMBASES");
});

Deno.test("Model.createSession keeps a declared context and says when it is used up", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm" });
  await using session = await model.createSession({ maxContext: 48 });
  const bytes = session.stateBytes;
  await session.append(PROMPT);
  await assertRejects(() => session.append(PROMPT), Error, "maxContext 48");
  assertEquals(session.ids, PROMPT);
  const ids: number[] = [];
  await assertRejects(
    async () => {
      for await (const { id } of session.generate({ temperature: 0, maxTokens: 30 })) ids.push(id);
    },
    Error,
    "maxContext 48",
  );
  assertEquals(ids.length, 9, "eight that fit, and one that did not pass any more");
  assertEquals(session.stateBytes, bytes);
});
