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
