/** @file The cache that a platform has anyway: a folder of the user's, or the browser's Cache API. */
import { ConfigError } from "../errors.ts";
import { BrowserModelCache } from "./browser_cache.ts";
import { FolderModelCache } from "./folder_cache.ts";
import type { ModelCache } from "./model_cache.ts";

/** Below the home folder, by `process.platform`. */
const FOLDERS: Readonly<Record<string, string>> = {
  darwin: "Library/Caches/hymba",
  win32: "AppData/Local/hymba/cache",
};
const FOLDER = ".cache/hymba";

/**
 * Opens the platform's cache: `~/.cache/hymba` in Deno, Node and Bun (`~/Library/Caches/hymba` on macOS, `AppData/Local/hymba/cache` on
 * Windows), the Cache API in browsers.
 *
 * @throws {ConfigError} where neither may be used
 */
export async function openPlatformCache(): Promise<ModelCache> {
  if ("document" in globalThis || "WorkerGlobalScope" in globalThis && !("process" in globalThis)) {
    return await BrowserModelCache.open();
  }
  return await FolderModelCache.open(await platformFolder());
}

/** Path of the platform's cache folder. */
export async function platformFolder(): Promise<string> {
  try {
    const [{ homedir }, { default: process }] = await Promise.all([
      import("node:os"),
      import("node:process"),
    ]);
    return `${homedir()}/${FOLDERS[process.platform] ?? FOLDER}`;
  } catch (cause) {
    throw new ConfigError(
      `Cannot find the cache: ${(cause as Error).message}, expected a home folder`,
      "Allow it (in Deno: --allow-sys=homedir), or pass download.cache, such as a MemoryModelCache",
      { cause },
    );
  }
}
