/** Properties of a sequence's state, on the tiny checkpoints and every CPU backend: how tokens come in must not matter. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { loadModel, type Model } from "../../mod.ts";
import { ConfigError } from "../../runtime/errors.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const BACKENDS = ["reference", "wasm"] as const;
const PROMPT = Array.from({ length: 40 }, (_, i) => 3 + (i * 17) % 50);

/** Greedy ids after `parts` are appended one after the other. */
async function continueAfter(model: Model, parts: readonly number[][], maxTokens = 12): Promise<number[]> {
  await using session = await model.createSession();
  for (const part of parts) await session.append(part);
  return await Array.fromAsync(session.generate({ temperature: 0, maxTokens }), ({ id }) => id);
}

/** Bit patterns of the logits after `parts`, so that equal means equal to the last bit. */
async function logitsAfter(model: Model, parts: readonly number[][]): Promise<Float32Array> {
  await using session = await model.createSession();
  for (const part of parts) await session.append(part);
  return await session.nextLogits();
}

for (const backend of BACKENDS) {
  for (const name of ["tiny-pair", "tiny-quant"]) {
    const open = (options = {}): Promise<Model> =>
      loadModel(new URL(name, FIXTURES), { backend, ...options });

    Deno.test(`Session.append leaves the same state for any split, bit by bit, ${name}, ${backend}`, async () => {
      await using model = await open({ chunkSize: 16 });
      const whole = await logitsAfter(model, [PROMPT]);
      for (const cut of [1, 2, 7, 15, 16, 17, 31, 39]) {
        assertEquals(
          await logitsAfter(model, [PROMPT.slice(0, cut), PROMPT.slice(cut)]),
          whole,
          `cut at ${cut}`,
        );
      }
      assertEquals(await logitsAfter(model, PROMPT.map((id) => [id])), whole, "one by one");
    });

    Deno.test(`Session.nextLogits is the last row of Model.logits, which computes every row, ${name}, ${backend}`, async () => {
      await using model = await open({ chunkSize: 16 });
      const { vocabSize } = model.config;
      for (const length of [1, 3, 16, 17, 32, 40]) {
        const ids = PROMPT.slice(0, length);
        const all = await model.logits(ids);
        assertEquals(
          await logitsAfter(model, [ids]),
          all.slice((length - 1) * vocabSize),
          `${length} tokens`,
        );
      }
    });

    Deno.test(`loadModel's chunkSize does not change logits, ${name}, ${backend}`, async () => {
      await using narrow = await open({ chunkSize: 3 });
      await using wide = await open({ chunkSize: 64 });
      assertEquals(await narrow.logits(PROMPT), await wide.logits(PROMPT));
    });

    Deno.test(`Model.logits of steps equals those of a prompt under the decode rule, ${name}, ${backend}`, async () => {
      await using model = await open({ windowRule: "decode" });
      assertEquals(await model.logits([PROMPT[0]], { steps: PROMPT.slice(1) }), await model.logits(PROMPT));
    });

    Deno.test(`Model.logits tells the release's two window rules apart beyond the window, ${name}, ${backend}`, async () => {
      await using model = await open();
      const [asPrompt, asSteps] = [
        await model.logits(PROMPT),
        await model.logits([PROMPT[0]], { steps: PROMPT.slice(1) }),
      ];
      const { vocabSize, windowSize } = model.config;
      const agreeing = windowSize * vocabSize;
      assertEquals(asSteps.slice(0, agreeing), asPrompt.slice(0, agreeing));
      assertNotEquals(asSteps.slice(agreeing), asPrompt.slice(agreeing));
    });
  }

  Deno.test(`Session.fork continues on its own, ${backend}`, async () => {
    await using model = await loadModel(new URL("tiny-triple", FIXTURES), { backend });
    const alone = await continueAfter(model, [PROMPT], 30);
    await using session = await model.createSession();
    await session.append(PROMPT);
    await using other = await session.fork();
    await other.append([5, 6, 7]);
    const both = [
      session.generate({ temperature: 0, maxTokens: 30 }),
      other.generate({ temperature: 0, maxTokens: 30 }),
    ];
    const ids: number[][] = [[], []];
    for (let i = 0; i < 30; i++) {
      for (const which of [0, 1]) {
        const next = await both[which].next();
        if (!next.done) ids[which].push(next.value.id);
      }
    }
    assertEquals(ids[0], alone);
    assertEquals(ids[1], await continueAfter(model, [PROMPT, [5, 6, 7]], 30));
  });

  Deno.test(`Session.generate continues where the generation before stopped, ${backend}`, async () => {
    await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend });
    await using session = await model.createSession();
    await session.append(PROMPT);
    const ids: number[] = [];
    for (const maxTokens of [1, 5, 4]) {
      for await (const { id } of session.generate({ temperature: 0, maxTokens })) ids.push(id);
    }
    assertEquals(ids, await continueAfter(model, [PROMPT], 10));
    assertEquals(session.ids, [...PROMPT, ...ids]);
  });
}

Deno.test("Session.generate takes a growing cache across its boundaries", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "reference" });
  const long = Array.from({ length: 1100 }, (_, i) => 3 + (i * 7) % 50);
  const whole = await logitsAfter(model, [long]);
  assertEquals(await logitsAfter(model, [long.slice(0, 500), long.slice(500)]), whole);
});

Deno.test("Session.append refuses ids outside the vocabulary and changes nothing", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "reference" });
  await using session = await model.createSession();
  for (const bad of [[61], [-1], [1.5], [NaN]]) await assertRejects(() => session.append(bad), ConfigError);
  assertEquals(session.ids, []);
});

Deno.test("Session refuses a second call while one runs", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "reference" });
  await using session = await model.createSession();
  await session.append(PROMPT);
  const generation = session.generate({ temperature: 0, maxTokens: 3 });
  await generation.next();
  await assertRejects(() => session.append([3]), ConfigError, "in the middle of another call");
  await generation.return(undefined as never);
  await session.append([3]);
});

Deno.test("Session.append throws the reason of an aborted signal and keeps the chunks before it", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "reference", chunkSize: 8 });
  await using session = await model.createSession();
  const controller = new AbortController();
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 20);
  const long = Array.from({ length: 200_000 }, (_, i) => 3 + i % 50);
  assertEquals(await assertRejects(() => session.append(long, { signal: controller.signal }), Error), reason);
  assertEquals(session.ids, long.slice(0, session.ids.length));
  assertEquals(session.ids.length % 8, 0);
});
