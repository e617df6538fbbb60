/** @file A cache in the browser's own store for responses (the Cache API). */
import { missingEntry, type ModelCache, storeFailure } from "./model_cache.ts";

/** Entries are stored under addresses, and none of these is anybody's. */
const ORIGIN = "https://cache.invalid/";
const LENGTH_HEADER = "x-length";

/** A {@linkcode ModelCache} in a page's or a worker's Cache API. The browser may empty it when the disk is full. */
export class BrowserModelCache implements ModelCache {
  /** See {@linkcode ModelCache.name}. */
  readonly name: string;
  readonly #cache: Cache;

  private constructor(name: string, cache: Cache) {
    this.name = name;
    this.#cache = cache;
  }

  /** Opens the cache of a name, which all pages of an origin share. */
  static async open(name = "hymba-models"): Promise<BrowserModelCache> {
    return new BrowserModelCache(name, await caches.open(name));
  }

  /** See {@linkcode ModelCache.size}. */
  async size(key: string): Promise<number | null> {
    const response = await this.#cache.match(ORIGIN + key);
    await response?.body?.cancel();
    return response ? Number(response.headers.get(LENGTH_HEADER)) : null;
  }

  /** See {@linkcode ModelCache.read}. */
  async read(key: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#cache.match(ORIGIN + key);
    if (!response) throw missingEntry(this.name, key);
    const part = (await response.blob()).slice(offset, offset + length);
    if (part.size !== length) throw missingEntry(this.name, key);
    return new Uint8Array(await part.arrayBuffer());
  }

  /** See {@linkcode ModelCache.write}. */
  async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { [LENGTH_HEADER]: String(bytes.length), "content-type": "application/octet-stream" };
    await this.#cache.put(ORIGIN + key, new Response(bytes, { headers })).catch((cause) => {
      throw storeFailure(this.name, bytes.length, cause?.name === "QuotaExceededError", cause);
    });
  }

  /** See {@linkcode ModelCache.delete}. */
  async delete(key: string): Promise<void> {
    await this.#cache.delete(ORIGIN + key);
  }
}
