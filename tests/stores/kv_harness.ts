/// <reference lib="deno.unstable" />
/** Sessions in a Deno KV database, for tests. */
import { KvSessionStore } from "../../server/stores/kv_store.ts";
import type { StoreHarness } from "./conformance.ts";

/** A place in a database. */
export interface KvHarness extends StoreHarness {
  /** What the keys of its sessions begin with. */
  readonly prefix: Deno.KvKey;
  /** A connection of its own, closed with the harness. */
  connect(): Promise<Deno.Kv>;
  /** Keys below the store's prefix, of one kind: "manifest", "chunk" or "loose". */
  keys(kind: string): Promise<Deno.KvKey[]>;
}

/** A place at which nothing is stored yet, at a path or a server's URL. */
export function kvHarness(location: string, onEnd: () => Promise<void>): KvHarness {
  const prefix = ["test", crypto.randomUUID()];
  const open: Deno.Kv[] = [];
  const connect = async (): Promise<Deno.Kv> => {
    const kv = await Deno.openKv(location);
    open.push(kv);
    return kv;
  };
  const first = connect();
  const list = async (below: Deno.KvKey) =>
    await Array.fromAsync((await first).list({ prefix: below }, { batchSize: 16 }));
  return {
    prefix,
    connect,
    open: async (options = {}) => new KvSessionStore(await connect(), { prefix, ...options }),
    pieces: async () => (await list(prefix)).length,
    keys: async (kind) => (await list([...prefix, kind])).map(({ key }) => key),
    corrupt: async () => {
      const { key, value } = (await list([...prefix, "chunk"]))[1];
      const bytes = value as Uint8Array;
      bytes[100] ^= 1;
      await (await first).set(key, bytes);
    },
    [Symbol.asyncDispose]: async () => {
      await first;
      open.forEach((kv) => kv.close());
      await onEnd();
    },
  };
}
