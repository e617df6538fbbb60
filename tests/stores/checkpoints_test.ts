import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { loadModel, type Model, type Session } from "../../mod.ts";
import { ConfigError, VersionConflictError } from "../../runtime/errors.ts";
import { Checkpoints } from "../../server/stores/checkpoints.ts";
import { MemorySessionStore } from "../../server/stores/memory_store.ts";
import type { SessionStore } from "../../server/stores/session_store.ts";

const OPTIONS = { temperature: 1, seed: 4, maxTokens: 20 };

const open = (): Promise<Model> =>
  loadModel(new URL("../fixtures/tiny-pair", import.meta.url), { backend: "wasm" });

async function begin(model: Model): Promise<Session> {
  const session = await model.createSession();
  await session.append([9, 8, 7]);
  return session;
}

/** Lengths of the generations that a store's session had at each save. */
function recorded(store: SessionStore, model: Model, lengths: number[]): SessionStore {
  return {
    load: (id) => store.load(id),
    delete: (id, options) => store.delete(id, options),
    sweep: () => store.sweep(),
    save: async (id, bytes, options) => {
      await using session = await model.restoreSession(bytes);
      lengths.push(session.ids.length - 3);
      return await store.save(id, bytes, options);
    },
  };
}

Deno.test("Checkpoints.follow saves every so many tokens, and at the end", async () => {
  await using model = await open();
  await using session = await begin(model);
  const lengths: number[] = [];
  const store = recorded(new MemorySessionStore(), model, lengths);
  const checkpoints = new Checkpoints(session, { store, id: "a", every: 6, ttlMs: 60_000 });
  assertEquals(checkpoints.version, null);
  const ids = await Array.fromAsync(checkpoints.follow(session.generate(OPTIONS)), ({ id }) => id);
  await using alone = await begin(model);
  assertEquals(ids, await Array.fromAsync(alone.generate(OPTIONS), ({ id }) => id));
  assertEquals(lengths, [6, 12, 18, ids.length]);
  const stored = (await store.load("a"))!;
  assertEquals(stored.version, checkpoints.version);
  assert(stored.expiresAt !== null);
  await using again = await model.restoreSession(stored.bytes);
  assertEquals([again.interrupted, again.ids], [false, session.ids]);
});

Deno.test("Checkpoints.follow saves when the loop is left and when the generation is aborted", async () => {
  await using model = await open();
  const store = new MemorySessionStore();
  const ids: number[] = [];
  let version: string | null = null;
  for (let part = 0; part < 4; part++) {
    const stored = await store.load("a");
    await using session = stored === null ? await begin(model) : await model.restoreSession(stored.bytes);
    const controller = new AbortController();
    const { signal } = controller;
    const tokens = stored === null ? session.generate({ ...OPTIONS, signal }) : session.resume({ signal });
    const checkpoints: Checkpoints = new Checkpoints(session, { store, id: "a", version });
    for await (const { id, index } of checkpoints.follow(tokens)) {
      assertEquals(index, ids.length);
      ids.push(id);
      if (ids.length % 3 > 0) continue;
      if (part % 2 === 0) break;
      controller.abort();
    }
    assertEquals(session.interrupted, true);
    version = checkpoints.version;
  }
  await using alone = await begin(model);
  assertEquals(ids, (await Array.fromAsync(alone.generate(OPTIONS), ({ id }) => id)).slice(0, 12));
});

Deno.test("Checkpoints.follow ends with a conflict where somebody else goes on with the session", async () => {
  await using model = await open();
  const store = new MemorySessionStore();
  await using first = await begin(model);
  const checkpoints = new Checkpoints(first, { store, id: "a", every: 5 });
  const tokens = checkpoints.follow(first.generate(OPTIONS));
  for (let i = 0; i < 6; i++) await tokens.next();
  const stored = (await store.load("a"))!;
  await using second = await model.restoreSession(stored.bytes);
  const other = new Checkpoints(second, { store, id: "a", version: stored.version, every: 5 });
  for await (const { index } of other.follow(second.resume())) if (index === 6) break;
  await assertRejects(() => Array.fromAsync(tokens), VersionConflictError, "Cannot save");
  assertEquals((await store.load("a"))!.version, other.version, "what the other saved is there");
  await first.append([3]);
});

Deno.test("Checkpoints refuse an interval that is no positive integer", async () => {
  await using model = await open();
  await using session = await begin(model);
  const store = new MemorySessionStore();
  for (const every of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Checkpoints(session, { store, id: "a", every }), ConfigError, "every");
  }
});
