/// <reference lib="deno.unstable" />
/** A process that counts in a Deno KV store: `increment_kv.ts LOCATION PREFIX TIMES`, the prefix as JSON. */
import { KvSessionStore } from "../../server/stores/kv_store.ts";
import { increment } from "./counter.ts";

const [location, prefix, times] = Deno.args;
const kv = await Deno.openKv(location);
await increment(new KvSessionStore(kv, { prefix: JSON.parse(prefix) }), "n", Number(times));
kv.close();
