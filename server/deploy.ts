/**
 * The default model on Deno Deploy, or wherever `deno run` is all there is:
 *
 * ```sh
 * deno run --allow-net --allow-env=HYMBA_API_KEY jsr:@hymba/runtime/deploy
 * ```
 *
 * Serves at once and answers when the model is there. Sessions are kept in Deno KV where there is one, in memory elsewhere. With
 * HYMBA_API_KEY in the environment, requests have to show that key. Needs no file, no flag and no permission to write.
 *
 * @module
 */
import { loadModel } from "../runtime/load_model.ts";
import { createHandler, type Handler } from "./handler.ts";
import type { KvDatabase } from "./stores/kv_database.ts";
import { KvSessionStore } from "./stores/kv_store.ts";
import { MemorySessionStore } from "./stores/memory_store.ts";
import type { SessionStore } from "./stores/session_store.ts";

/** What an isolate of 512 MB has room for beside the model: states of some 4 MB each, and their copies in the store. */
const MAX_SEQUENCES = 8;

if (import.meta.main) {
  const ready = openHandler();
  Deno.serve(async (request) => (await ready)(request));
}

/** A handler for the default model, with what this platform has. */
export async function openHandler(): Promise<Handler> {
  const [model, sessions] = await Promise.all([loadModel(), openStore()]);
  return createHandler(model, {
    keys: keysOfEnvironment(),
    sessions,
    maxSequences: MAX_SEQUENCES,
    onError: (error) => console.error(error),
  });
}

/** Deno KV, which Deploy has without a flag, and which Deno's stable types do not know. */
async function openStore(): Promise<SessionStore> {
  const { openKv } = Deno as { openKv?: () => Promise<KvDatabase> };
  return openKv === undefined ? new MemorySessionStore() : new KvSessionStore(await openKv());
}

function keysOfEnvironment(): string[] {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "HYMBA_API_KEY" });
  const key = state === "granted" ? Deno.env.get("HYMBA_API_KEY") ?? "" : "";
  return key === "" ? [] : [key];
}
