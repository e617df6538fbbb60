/**
 * One process of a chain: goes on with what the store has, or begins, and prints tokens as JSON lines `{ index, id, text }`, at the end
 * `{ done }`. `chain_process.ts KIND LOCATION ID SEED EVERY`. On SIGINT it saves and ends.
 */
/// <reference lib="deno.unstable" />
import { loadModel } from "../../mod.ts";
import { Checkpoints } from "../../server/stores/checkpoints.ts";
import { FolderSessionStore } from "../../server/stores/folder_store.ts";
import { KvSessionStore } from "../../server/stores/kv_store.ts";
import { CHAIN_PROMPT, chainOptions } from "./chain_generation.ts";

/** Prints at once: what stands in the pipe survives the process. */
function print(line: object): void {
  const bytes = new TextEncoder().encode(JSON.stringify(line) + "\n");
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

async function run([kind, location, id, seed, every]: readonly string[], signal: AbortSignal): Promise<void> {
  const store = kind === "folder"
    ? await FolderSessionStore.open(location)
    : new KvSessionStore(await Deno.openKv(location));
  const stored = await store.load(id);
  await using model = await loadModel(undefined, { backend: "wasm" });
  await using session = stored === null
    ? await model.createSession()
    : await model.restoreSession(stored.bytes);
  if (stored === null) await session.append(CHAIN_PROMPT, { signal });
  if (stored === null || session.interrupted) {
    const tokens = stored === null
      ? session.generate({ ...chainOptions(Number(seed)), signal })
      : session.resume({ signal });
    const checkpoints = new Checkpoints(session, {
      store,
      id,
      version: stored?.version,
      every: Number(every),
    });
    for await (const { index, id, text } of checkpoints.follow(tokens)) print({ index, id, text });
  }
  if (!session.interrupted) print({ done: true });
}

const controller = new AbortController();
Deno.addSignalListener("SIGINT", () => controller.abort());
await run(Deno.args, controller.signal);
Deno.exit(0);
