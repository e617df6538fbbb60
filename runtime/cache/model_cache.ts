/** @file Where downloaded files are kept from one load to the next. */
import * as v from "valibot";
import { WeightsError } from "../errors.ts";

/**
 * Bytes by key, for any number of processes at once. A key is parts of letters, digits and `.`, `_`, `%`, `-`, joined by `/`; no part
 * begins with a dot. Files are stored in pieces, so entries are small, and no entry is ever changed, only written again as it is.
 */
export interface ModelCache {
  /** What to call it in messages, for instance the folder's path. */
  readonly name: string;
  /** Bytes stored under a key; null: nothing is. */
  size(key: string): Promise<number | null>;
  /**
   * Reads `length` bytes from `offset` of an entry. The result may share memory with the cache, so it must not be written to.
   *
   * @throws {WeightsError} where they are not there
   */
  read(key: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Stores an entry in one step: whoever reads meanwhile, and whatever dies, it is there whole or as before.
   *
   * @throws {WeightsError} where there is no room for it, or it may not be written
   */
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Deletes an entry; nothing there is fine. */
  delete(key: string): Promise<void>;
}

/** Reads an entry that is JSON of a schema; null: nothing is there, or something else, which counts as nothing. */
export async function readEntryJson<const S extends v.GenericSchema>(
  cache: ModelCache,
  key: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  const text = await readEntryText(cache, key);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return result.success ? result.output : null;
}

/** Reads a whole entry as text; null: nothing is there. */
export async function readEntryText(cache: ModelCache, key: string): Promise<string | null> {
  const size = await cache.size(key);
  return size === null ? null : new TextDecoder().decode(await cache.read(key, 0, size));
}

/** Stores text. */
export async function writeEntryText(cache: ModelCache, key: string, text: string): Promise<void> {
  await cache.write(key, new TextEncoder().encode(text));
}

/** The error of an entry that is not there, or shorter than it was. */
export function missingEntry(cache: string, key: string, cause?: unknown): WeightsError {
  return new WeightsError(
    `Cannot read the cache in ${cache}: "${key}" is missing or cut short, expected it whole`,
    "Something deleted it; load the model again to fetch what is missing",
    { cause },
  );
}

/** The error of an entry that could not be stored; `isFull`: for want of room. */
export function storeFailure(cache: string, bytes: number, isFull: boolean, cause: unknown): WeightsError {
  const is = isFull ? "there is no room" : cause instanceof Error ? cause.message : String(cause);
  return new WeightsError(
    `Cannot store ${bytes} bytes in the cache in ${cache}: ${is}, expected to write there`,
    isFull
      ? "Make room, or keep the cache elsewhere; what has come already stays, and the next load goes on from there"
      : "Check that it may be written (in Deno: --allow-write), or keep the cache elsewhere",
    { cause },
  );
}
