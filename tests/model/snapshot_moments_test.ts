/** Snapshots at awkward moments: around the wrap of a ring, while a token is being made, and with a header that lies. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel, type Model } from "../../mod.ts";
import { ConfigError, HymbaError, WeightsError } from "../../runtime/errors.ts";
import { seal, unseal } from "../../runtime/formats/sealed_file.ts";
import type { TokenConstraint } from "../../runtime/token_constraint.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const IDS = Array.from({ length: 90 }, (_, i) => 3 + (i * 17) % 50);

const open = (name: string, options = {}): Promise<Model> =>
  loadModel(new URL(name, FIXTURES), { backend: "wasm", ...options });

for (const windowRule of ["release", "decode"] as const) {
  for (const globalWindow of [undefined, 5]) {
    Deno.test(`Session.snapshot is exact at every length around the wraps of its rings, ${windowRule}, globalWindow ${globalWindow}`, async () => {
      await using model = await open("tiny-triple", { windowRule, chunkSize: 4 });
      await using other = await open("tiny-triple", { windowRule, chunkSize: 9 });
      await using whole = await model.createSession({ globalWindow });
      for (let length = 1; length < 48; length++) {
        await whole.append([IDS[length - 1]]);
        await using again = await other.restoreSession(await whole.snapshot());
        await using fork = await whole.fork();
        const rest = IDS.slice(length, length + 25);
        await again.append(rest);
        await fork.append(rest);
        assertEquals(await again.nextLogits(), await fork.nextLogits(), `at ${length}`);
      }
    });
  }
}

Deno.test("Session.snapshot taken while a token is being made holds a whole number of tokens", async () => {
  await using model = await open("tiny-pair");
  const options = { temperature: 1, seed: 3, maxTokens: 4 };
  const begin = async () => {
    const session = await model.createSession();
    await session.append(IDS.slice(0, 9));
    return session;
  };
  await using whole = await begin();
  const expected = await Array.fromAsync(whole.generate(options), ({ id }) => id);
  await using session = await begin();
  const tokens = session.generate(options);
  const snapshots: Promise<Uint8Array>[] = [];
  for (let done = false; !done;) {
    const next = tokens.next().then((result) => done = result.done ?? false);
    for (let microtasks = 0; microtasks < 30; microtasks++) {
      snapshots.push(session.snapshot());
      await Promise.resolve();
    }
    await next;
  }
  const seen = new Set<number>();
  for (const bytes of await Promise.all(snapshots)) {
    await using again = await model.restoreSession(bytes);
    const before = again.ids.slice(9);
    const after = again.interrupted ? await Array.fromAsync(again.resume(), ({ id }) => id) : [];
    assertEquals([...before, ...after], before.length === 0 && after.length === 0 ? [] : expected);
    seen.add(before.length);
  }
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4]);
});

Deno.test("Session.resume asks for the constraint that a snapshot could not keep", async () => {
  await using model = await open("tiny-pair");
  const only = (...ids: readonly number[]): TokenConstraint => ({
    isFinished: false,
    constrain: (logits) => logits.forEach((_, id) => ids.includes(id) || (logits[id] = -Infinity)),
    accept: () => {},
  });
  await using session = await model.createSession();
  await session.append([9]);
  for await (const _ of session.generate({ maxTokens: 5, constraint: only(7, 8), seed: 1 })) break;
  const bytes = await session.snapshot();
  await using again = await model.restoreSession(bytes);
  await assertRejects(() => again.resume().next(), ConfigError, "constraint");
  await using twice = await model.restoreSession(await again.snapshot());
  await assertRejects(() => twice.resume().next(), ConfigError, "constraint");
  const rest = await Array.fromAsync(twice.resume({ constraint: only(7, 8) }), ({ id }) => id);
  assertEquals(rest.length, 4);
  assertEquals(rest, await Array.fromAsync(session.resume(), ({ id }) => id));
  assert((await Array.fromAsync(again.generate({ maxTokens: 2 }))).length > 0, "a new generation needs none");
});

Deno.test("Model.restoreSession refuses headers that contradict the payload or the model", async () => {
  await using model = await open("tiny-pair");
  await using session = await model.createSession();
  await session.append(IDS);
  for await (const _ of session.generate({ maxTokens: 5, stop: "never", seed: 1 })) break;
  const kind = { name: "session snapshot", magic: "HYMBASES", version: 1 };
  const { header, payload } = await unseal(kind, await session.snapshot());
  const sound = header as Record<string, unknown>;
  const generation = sound.generation as { state: object; options: object };
  const lies: Record<string, unknown>[] = [
    { passed: 2 ** 40 },
    { passed: 10 },
    { numIds: 1 },
    { numIds: 2 ** 31 },
    { runs: [1, 2] },
    { maxContext: 0 },
    { maxContext: 10 },
    { globalWindow: 2 ** 27 },
    { globalWindow: 3 },
    { encoding: { kv: "f64", recurrent: "f32" } },
    { payloadBytes: 5 },
    { compression: "deflate-raw" },
    { surplus: 1 },
    { generation: { ...generation, state: { ...generation.state, matcher: { held: "x" } } } },
    { generation: { ...generation, options: { ...generation.options, stop: [""] } } },
  ];
  await using _ = await model.restoreSession(await seal(kind, sound, payload));
  for (const lie of lies) {
    const bytes = await seal(kind, { ...sound, ...lie }, payload);
    const error = await assertRejects(() => model.restoreSession(bytes), Error);
    const expected = "generation" in lie ? HymbaError : WeightsError;
    assert(error instanceof expected, `${JSON.stringify(lie)}: ${error}`);
  }
});
