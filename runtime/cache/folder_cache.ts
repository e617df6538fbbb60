/** @file A cache in a folder, in every runtime that has `node:fs/promises`: Deno, Node and Bun. */
import { WeightsError } from "../errors.ts";
import { missingEntry, type ModelCache, storeFailure } from "./model_cache.ts";

type FileSystem = typeof import("node:fs/promises");

const PART_SUFFIX = ".part";
/** Parts that are older than this belong to processes that died. */
const PART_LIFETIME_MS = 86_400_000;
const FULL: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/**
 * A {@linkcode ModelCache} in a folder, one file an entry. An entry is written beside its place, flushed to the disk and moved into place
 * in one step (rename); a process that dies before leaves a part that a later opening removes.
 */
export class FolderModelCache implements ModelCache {
  /** See {@linkcode ModelCache.name}. */
  readonly name: string;
  readonly #fs: FileSystem;

  private constructor(fs: FileSystem, folder: string) {
    this.#fs = fs;
    this.name = folder;
  }

  /**
   * Opens the cache in a folder, which is made when something is written.
   *
   * @throws {WeightsError} where this platform has no file system
   */
  static async open(folder: string): Promise<FolderModelCache> {
    const fs = await import("node:fs/promises").catch((cause: unknown) => {
      throw new WeightsError(
        `Cannot open the cache "${folder}": this platform has no file system, expected Deno, Node or Bun`,
        "Use a BrowserModelCache or a MemoryModelCache",
        { cause },
      );
    });
    return new FolderModelCache(fs, folder);
  }

  /** See {@linkcode ModelCache.size}. */
  async size(key: string): Promise<number | null> {
    try {
      return (await this.#fs.stat(this.#path(key))).size;
    } catch (cause) {
      if (isMissing(cause)) return null;
      throw new WeightsError(
        `Cannot read the cache in ${this.name}: ${(cause as Error).message}, expected a readable folder`,
        "Check that it may be read (in Deno: --allow-read), or keep the cache elsewhere",
        { cause },
      );
    }
  }

  /** See {@linkcode ModelCache.read}. */
  async read(key: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    const file = await this.#fs.open(this.#path(key)).catch((cause) => {
      throw missingEntry(this.name, key, cause);
    });
    try {
      for (let done = 0; done < length;) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw missingEntry(this.name, key);
        done += bytesRead;
      }
    } finally {
      await file.close();
    }
    return bytes;
  }

  /** See {@linkcode ModelCache.write}. */
  async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = this.#path(key), folder = path.slice(0, path.lastIndexOf("/"));
    const part = `${path}.${crypto.randomUUID()}${PART_SUFFIX}`;
    try {
      if (await this.#fs.mkdir(folder, { recursive: true }) === undefined) await this.#sweep(folder);
      const file = await this.#fs.open(part, "wx");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#fs.rename(part, path);
    } catch (cause) {
      await this.#fs.rm(part, { force: true }).catch(() => {}); // the first failure is the one to tell of
      throw storeFailure(this.name, bytes.length, FULL.includes((cause as { code?: unknown }).code), cause);
    }
  }

  /** See {@linkcode ModelCache.delete}. */
  async delete(key: string): Promise<void> {
    await this.#fs.rm(this.#path(key), { force: true });
  }

  #path(key: string): string {
    return `${this.name}/${key}`;
  }

  /** Removes what processes that died have left in a folder. */
  async #sweep(folder: string): Promise<void> {
    for (const name of await this.#fs.readdir(folder)) {
      if (!name.endsWith(PART_SUFFIX)) continue;
      const path = `${folder}/${name}`;
      const status = await this.#fs.stat(path).catch(() => null); // another process may have moved it
      if (status !== null && Date.now() - status.mtimeMs > PART_LIFETIME_MS) {
        await this.#fs.rm(path, { force: true });
      }
    }
  }
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(String((error as { code?: unknown }).code));
}
