/** @file A cache that lasts as long as its process. */
import { missingEntry, type ModelCache } from "./model_cache.ts";

/** A {@linkcode ModelCache} in memory: it holds a copy of everything that was downloaded. */
export class MemoryModelCache implements ModelCache {
  /** See {@linkcode ModelCache.name}. */
  readonly name = "memory";
  readonly #entries = new Map<string, Uint8Array<ArrayBuffer>>();

  /** See {@linkcode ModelCache.size}. */
  size(key: string): Promise<number | null> {
    return Promise.resolve(this.#entries.get(key)?.length ?? null);
  }

  /** See {@linkcode ModelCache.read}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async read(key: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.#entries.get(key)?.subarray(offset, offset + length);
    if (bytes?.length !== length) throw missingEntry(this.name, key);
    return bytes;
  }

  /** See {@linkcode ModelCache.write}. */
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#entries.set(key, bytes.slice());
    return Promise.resolve();
  }

  /** See {@linkcode ModelCache.delete}. */
  delete(key: string): Promise<void> {
    this.#entries.delete(key);
    return Promise.resolve();
  }
}
