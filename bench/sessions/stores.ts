/// <reference lib="deno.unstable" />
/** @file What a save and a load take in each store. */
import { FolderSessionStore } from "../../server/stores/folder_store.ts";
import { KvSessionStore } from "../../server/stores/kv_store.ts";
import { MemorySessionStore } from "../../server/stores/memory_store.ts";
import type { SessionStore } from "../../server/stores/session_store.ts";
import { medianOf, milliseconds, size } from "./timing.ts";

/** A snapshot of the default model after some hundred tokens, and one of a large model. */
const SIZES = [2_000_000, 20_000_000];
const ROUNDS = 7;

/** Rows of a table: store, bytes, save, load. */
export async function storeTable(): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  const kv = await Deno.openKv(`${folder}/sessions.kv`);
  const stores: readonly (readonly [string, SessionStore])[] = [
    ["memory", new MemorySessionStore()],
    ["folder", await FolderSessionStore.open(`${folder}/sessions`)],
    ["Deno KV, a file", new KvSessionStore(kv)],
  ];
  const rows: string[] = [];
  for (const [name, store] of stores) {
    for (const length of SIZES) rows.push(await storeRow(name, store, length));
  }
  kv.close();
  await Deno.remove(folder, { recursive: true });
  return rows;
}

async function storeRow(name: string, store: SessionStore, length: number): Promise<string> {
  const bytes = new Uint8Array(length).map((_, i) => i * 7);
  const id = `${length} bytes`;
  let expectedVersion: string | null = null;
  const saveMs = await medianOf(ROUNDS, async () => {
    expectedVersion = await store.save(id, bytes, { expectedVersion });
  });
  const loadMs = await medianOf(ROUNDS, () => store.load(id));
  return `| ${name} | ${size(length)} | ${milliseconds(saveMs)} | ${milliseconds(loadMs)} |`;
}
