/** What a session holds, shares and gives back, and what it refuses while a call runs. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel, type Model, type Session } from "../../mod.ts";
import { ConfigError } from "../../runtime/errors.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const PROMPT = Array.from({ length: 40 }, (_, i) => 3 + (i * 17) % 50);

const open = (): Promise<Model> => loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm" });

/** Bytes of a session with `PROMPT` in it. */
async function bytesOf(model: Model, options: Parameters<Model["createSession"]>[0]): Promise<number> {
  await using session = await model.createSession(options);
  await session.append(PROMPT);
  return session.stateBytes;
}

Deno.test("Session.stateBytes counts once what a session shares with its checkpoints", async () => {
  await using model = await open();
  const rewind = { interval: 8, checkpoints: 4 };
  const [small, large] = [{ maxContext: 64 }, { maxContext: 4096 }];
  const growth = await bytesOf(model, large) - await bytesOf(model, small);
  assert(growth > 0);
  assertEquals(
    await bytesOf(model, { ...large, rewind }) - await bytesOf(model, { ...small, rewind }),
    growth,
    "the keys and values of global layers are there once, whatever the number of checkpoints",
  );
  const more = { interval: 8, checkpoints: 5 };
  const [plain, four, five] = [
    await bytesOf(model, small),
    await bytesOf(model, { ...small, rewind }),
    await bytesOf(model, { ...small, rewind: more }),
  ];
  assertEquals(four - plain, 4 * (five - four), "each checkpoint costs the same");
});

Deno.test("Session.stateBytes stays the same with globalWindow, whatever the length", async () => {
  await using model = await open();
  await using session = await model.createSession({
    globalWindow: 12,
    rewind: { interval: 16, checkpoints: 2 },
  });
  for (let i = 0; i < 3; i++) await session.append(PROMPT);
  const bytes = session.stateBytes;
  for (let i = 0; i < 30; i++) {
    await session.append(PROMPT);
    assertEquals(session.stateBytes, bytes);
  }
});

Deno.test("Session.rewind reaches back to a session's beginning: empty, a prefix, a snapshot, a fork", async () => {
  await using model = await open();
  await using origin = await model.createSession();
  await origin.append(PROMPT.slice(0, 13));
  const expected = await origin.nextLogits();
  await using prefix = await model.compilePrefix(PROMPT.slice(0, 13));
  const rewind = { interval: 256, checkpoints: 2 };
  const beginnings: readonly (readonly [string, () => Promise<Session>])[] = [
    ["prefix", () => model.createSession({ prefix, rewind })],
    ["snapshot", async () => await model.restoreSession(await origin.snapshot(), { rewind })],
    ["fork", () => origin.fork({ rewind })],
  ];
  for (const [name, begin] of beginnings) {
    await using session = await begin();
    await session.append(PROMPT.slice(13));
    await session.rewind(27);
    assertEquals(await session.nextLogits(), expected, name);
    await assertRejects(() => session.rewind(1), ConfigError, "no checkpoint is so old");
  }
  await using empty = await model.createSession({ rewind });
  await empty.append(PROMPT);
  await empty.rewind(40);
  await empty.append(PROMPT.slice(0, 13));
  assertEquals(await empty.nextLogits(), expected);
});

Deno.test("Session forks that diverge, in any order, and rewind do not disturb each other", async () => {
  await using model = await open();
  const rewind = { interval: 4, checkpoints: 8 };
  const alone = async (ids: readonly number[]): Promise<Float32Array> => {
    await using session = await model.createSession();
    await session.append(ids);
    return await session.nextLogits();
  };
  await using origin = await model.createSession({ rewind });
  await origin.append(PROMPT.slice(0, 20));
  const forks = await Promise.all([1, 2, 3].map(() => origin.fork({ rewind })));
  const tails = forks.map((_, i) => PROMPT.map((id) => 3 + (id + i) % 50));
  for (let step = 0; step < 20; step++) {
    for (const [i, fork] of forks.entries()) await fork.append([tails[i][step]]);
    if (step % 7 === 6) {
      await forks[step % 3].rewind(3);
      await forks[step % 3].append(tails[step % 3].slice(step - 2, step + 1));
    }
    if (step === 10) await origin.append([5, 6]);
  }
  for (const [i, fork] of forks.entries()) {
    assertEquals(await fork.nextLogits(), await alone([...PROMPT.slice(0, 20), ...tails[i].slice(0, 20)]));
    await fork[Symbol.asyncDispose]();
  }
  assertEquals(await origin.nextLogits(), await alone([...PROMPT.slice(0, 20), 5, 6]));
});

Deno.test("Model.createSession refuses bad options and holds nothing then", async () => {
  await using model = await open();
  await using prefix = await model.compilePrefix(PROMPT);
  await assertRejects(
    () => model.createSession({ prefix, maxContext: 100 }),
    ConfigError,
    "prefix's own",
  );
  await assertRejects(
    () => model.createSession({ prefix, globalWindow: 9 }),
    ConfigError,
    "beside a prefix",
  );
  for (const rewind of [{ interval: 0 }, { checkpoints: 1.5 }, { interval: NaN }]) {
    await assertRejects(() => model.createSession({ rewind }), ConfigError, "rewind.");
    await assertRejects(() => model.createSession({ prefix, rewind }), ConfigError, "rewind.");
  }
  await assertRejects(() => model.compilePrefix([-1]), ConfigError);
});

Deno.test("Session stays disposed when it is disposed in the middle of an append", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm", chunkSize: 1 });
  const session = await model.createSession();
  const appended = session.append(Array.from({ length: 5000 }, () => 7));
  await session[Symbol.asyncDispose]();
  await assertRejects(() => appended, Error);
  await assertRejects(() => session.append([3]), ConfigError, "disposed");
  await assertRejects(() => session.snapshot(), ConfigError, "disposed");
  await session[Symbol.asyncDispose]();
});

Deno.test("Session.fork and Session.snapshot are refused halfway through an append", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm", chunkSize: 1 });
  await using session = await model.createSession();
  const appended = session.append(PROMPT);
  await assertRejects(
    () => session.fork(),
    ConfigError,
    "in the middle of another call (append)",
  );
  await assertRejects(() => session.snapshot(), ConfigError, "in the middle of another call (append)");
  await appended;
  await using _ = await session.fork();
});

Deno.test("Model.logits with globalWindow equals a session's, and differs from without beyond the window", async () => {
  await using model = await open();
  const { vocabSize } = model.config;
  const capped = await model.logits(PROMPT, { globalWindow: 5 });
  await using session = await model.createSession({ globalWindow: 5 });
  for (const [t, id] of PROMPT.entries()) {
    await session.append([id]);
    assertEquals(await session.nextLogits(), capped.subarray(t * vocabSize, (t + 1) * vocabSize), `at ${t}`);
  }
  const whole = await model.logits(PROMPT);
  assertEquals(capped.subarray(0, 5 * vocabSize), whole.subarray(0, 5 * vocabSize));
  assert(capped.some((value, i) => value !== whole[i]));
  await assertRejects(() => model.logits(PROMPT, { globalWindow: 0 }), ConfigError, "globalWindow");
});
