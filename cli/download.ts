/** @file How the command line fetches models: what the environment says of the hub and the cache, and a bar for large files. */
import type { DownloadProgress } from "../runtime/cache/download.ts";
import type { DownloadOptions } from "../runtime/cache/download_options.ts";
import type { ModelCache } from "../runtime/cache/model_cache.ts";
import type { WorkerDownloadOptions } from "../server/engine/worker_protocol.ts";
import { readVariable } from "./environment.ts";
import { openProgress, type Progress } from "./progress.ts";

/** Smaller files are there at once. */
const SHOWN_BYTES = 4 << 20;

/** A download's options, and its display, which disposing removes. */
export class Download implements Disposable {
  /** What to load a model with. */
  readonly options: DownloadOptions;
  #file = "";
  #progress: Progress | null = null;

  private constructor(cache: ModelCache | undefined) {
    this.options = {
      cache,
      endpoint: readVariable("HF_ENDPOINT"),
      token: readVariable("HF_TOKEN"),
      offline: (readVariable("HF_HUB_OFFLINE") ?? "0") !== "0",
      onProgress: (progress) => this.#show(progress),
    };
  }

  /** The same for a worker, which no cache and no display reaches. */
  get workerOptions(): WorkerDownloadOptions {
    const { endpoint, token, offline, cache } = this.options;
    return { endpoint, token, offline, cacheFolder: cache?.name };
  }

  /** Prepares to fetch `source`, which may as well be a file. */
  static async prepare(source: string | undefined): Promise<Download> {
    return new Download(await chooseCache(source));
  }

  #show({ file, receivedBytes, totalBytes }: DownloadProgress): void {
    if (totalBytes < SHOWN_BYTES) return;
    if (file !== this.#file) {
      this[Symbol.dispose]();
      this.#file = file;
      this.#progress = openProgress(`downloading ${file.slice(file.lastIndexOf("/") + 1)}`);
    }
    this.#progress?.update(receivedBytes, totalBytes);
    if (receivedBytes >= totalBytes) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
    this.#progress = null;
  }
}

/** HYMBA_MODELS, else the platform's cache for a URL where it may be written; for the hub the runtime itself opens that one. */
async function chooseCache(source: string | undefined): Promise<ModelCache | undefined> {
  const given = readVariable("HYMBA_MODELS");
  const isUrl = /^https?:/i.test(source ?? "");
  if (given === undefined && !isUrl) return undefined;
  const { FolderModelCache } = await import("../runtime/cache/folder_cache.ts");
  if (given !== undefined) return await FolderModelCache.open(given);
  if (!isGranted({ name: "sys", kind: "homedir" })) return undefined;
  const { platformFolder } = await import("../runtime/cache/platform_cache.ts");
  const path = await platformFolder();
  const mayUse = isGranted({ name: "read", path }) && isGranted({ name: "write", path });
  return mayUse ? await FolderModelCache.open(path) : undefined;
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return typeof Deno === "undefined" || Deno.permissions.querySync(permission).state === "granted";
}
