import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../runtime/errors.ts";
import { MemorySessionStore } from "../../server/stores/memory_store.ts";
import { type StoreHarness, testStore } from "./conformance.ts";

/** One store, however often it is opened: nothing else shares its memory. */
function start(): Promise<StoreHarness> {
  let now: () => number = Date.now;
  const store = new MemorySessionStore({ now: () => now() });
  return Promise.resolve({
    open: (options = {}) => {
      now = options.now ?? now;
      return Promise.resolve(store);
    },
    pieces: () => Promise.resolve(store.size),
    corrupt: () => Promise.reject(new Error("nobody else can reach a process's memory")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

testStore("MemorySessionStore", start, ["says that stored bytes are damaged, and lets them be deleted"]);

Deno.test("MemorySessionStore forgets the sessions used longest ago when it is full, and refuses what never fits", async () => {
  const store = new MemorySessionStore({ maxBytes: 100 });
  const save = (id: string, bytes: number, expectedVersion: string | null = null): Promise<string> =>
    store.save(id, new Uint8Array(bytes), { expectedVersion });
  const first = await save("first", 40);
  await save("second", 40);
  await store.load("first"); // used again
  await save("third", 60);
  assertEquals(
    await Promise.all(["first", "second", "third"].map(async (id) => (await store.load(id)) !== null)),
    [
      true,
      false,
      true,
    ],
  );
  assertEquals(store.byteLength, 100);
  await save("first", 20, first);
  assertEquals([store.byteLength, store.size], [80, 2]);
  await assertRejects(() => save("large", 101), ConfigError, "at most the store's 100");
  assertEquals([store.byteLength, store.size], [80, 2]);
  await store.delete("third");
  assertEquals(store.byteLength, 20);
});
