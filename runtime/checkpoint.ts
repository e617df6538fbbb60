/** @file Where a model comes from -> its files: config, tokenizer and tensors, whatever the layout. */
import type { DownloadOptions } from "./cache/download_options.ts";
import type { Checkpoint } from "./checkpoint_files.ts";
import { ConfigError, MissingFileError } from "./errors.ts";
import type { ByteSource } from "./formats/byte_source.ts";
import { openSafetensors } from "./formats/safetensors.ts";
import { openShardedSafetensors } from "./formats/sharded_safetensors.ts";
import { decodeUtf8 } from "./formats/strict_json.ts";
import type { TensorFile } from "./formats/tensor_file.ts";
import { openGgufCheckpoint } from "./gguf_checkpoint.ts";
import { type HubReference, parseHubReference } from "./hub/hub_reference.ts";
import { openBytesSource } from "./sources/bytes_source.ts";
import { openFileSource } from "./sources/file_source.ts";
import { retryingFetch } from "./sources/retry.ts";
import { openUrlSource } from "./sources/url_source.ts";

/** A folder or URL in the published layout, a packed GGUF file (path, URL or bytes), a model on the hub, or an opened file. */
export type CheckpointSource = string | URL | Uint8Array<ArrayBuffer> | ByteSource;

const MAX_JSON_BYTES = 256 * 2 ** 20;

/** How to open a checkpoint. */
export interface OpenOptions {
  /** Aborts the opening and the downloads that it takes. */
  readonly signal?: AbortSignal;
  /** For what comes over the network. */
  readonly download?: DownloadOptions;
  /** Weights will not be read: where their files are not in the cache, leave them on the server and read their headers there. @default {false} */
  readonly headersOnly?: boolean;
}

/**
 * Opens a checkpoint. A name that ends in ".gguf" is a packed file, any other the folder of a published checkpoint. A name like "org/name"
 * that is no folder here is a model on the hub.
 *
 * @throws {WeightsError} where a file is missing or damaged
 * @throws {ConfigError} where the source is none of the known kinds
 */
export async function openCheckpoint(
  source: CheckpointSource,
  { signal, download = {}, headersOnly = false }: OpenOptions = {},
): Promise<Checkpoint> {
  if (source instanceof Uint8Array) return await openPacked(openBytesSource("bytes", source), signal);
  if (typeof source === "object" && !(source instanceof URL)) return await openPacked(source, signal);
  const location = String(source);
  if (location === "") {
    throw new ConfigError("Cannot open a model: its name is empty", "Give a folder, a file or a URL");
  }
  const reference = typeof source === "string" ? parseHubReference(source) : null;
  if (reference !== null && !await isHere(location, reference)) {
    const { openHub } = await import("./hub/open_hub.ts");
    const open = await openHub(reference, { ...download, headersOnly }, signal);
    return reference.file === null
      ? await openPublished(open, signal)
      : await openPacked(await open(reference.file), signal);
  }
  if (/\.gguf$/i.test(new URL(location, "file:///").pathname)) {
    const cache = headersOnly && !download.offline ? undefined : download.cache;
    return await openPacked(await openAt(location, { ...download, cache }, signal), signal);
  }
  const folder = location.replace(/\/$/, "");
  return await openPublished(
    (name) => openAt(`${folder}/${name}`, { ...download, cache: undefined }, signal),
    signal,
  );
}

/** Whether a name that could be the hub's is that of a folder or file here, which goes before. */
async function isHere(path: string, { file }: HubReference): Promise<boolean> {
  const source = await openFileSource(file === null ? `${path}/config.json` : path).catch(() => null);
  await source?.close();
  return source !== null;
}

async function openAt(
  location: string,
  { cache, ...download }: DownloadOptions,
  signal?: AbortSignal,
): Promise<ByteSource> {
  if (!/^https?:/i.test(location)) {
    return await openFileSource(/^file:/i.test(location) ? new URL(location) : location);
  }
  if (cache !== undefined) {
    const { openCachedUrl } = await import("./cache/cached_url.ts");
    return await openCachedUrl(new URL(location), cache, download, signal);
  }
  return await openUrlSource(location, { fetch: retryingFetch(download.retry, download.fetch), signal });
}

async function openPacked(source: ByteSource, signal?: AbortSignal): Promise<Checkpoint> {
  try {
    return await openGgufCheckpoint(source, signal);
  } catch (error) {
    await source.close();
    throw error;
  }
}

type Open = (fileName: string) => Promise<ByteSource>;

async function openPublished(open: Open, signal?: AbortSignal): Promise<Checkpoint> {
  const [configJson, tokenizerJson, tokenizerConfigJson, generationConfigJson] = await Promise.all([
    readText(open, "config.json", signal),
    optional(readText(open, "tokenizer.json", signal)),
    optional(readText(open, "tokenizer_config.json", signal)),
    optional(readText(open, "generation_config.json", signal)),
  ]);
  const tensors = await openTensors(open, signal);
  return { configJson, tokenizerJson, tokenizerConfigJson, generationConfigJson, tensors, metaState: null };
}

async function openTensors(open: Open, signal?: AbortSignal): Promise<TensorFile> {
  const indexName = "model.safetensors.index.json";
  const index = await optional(readBytes(open, indexName, signal));
  if (index !== null) return await openShardedSafetensors(indexName, index, open, signal);
  const source = await open("model.safetensors");
  try {
    return await openSafetensors(source, signal);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readBytes(open: Open, fileName: string, signal?: AbortSignal): Promise<Uint8Array> {
  const source = await open(fileName);
  try {
    if (source.size <= MAX_JSON_BYTES) return await source.read(0, source.size, signal);
  } finally {
    await source.close();
  }
  throw new ConfigError(
    `Cannot read "${source.name}": it has ${source.size} bytes, expected at most ${MAX_JSON_BYTES}`,
    "Check that the file is what its name says",
  );
}

async function readText(open: Open, fileName: string, signal?: AbortSignal): Promise<string> {
  const bytes = await readBytes(open, fileName, signal);
  return decodeUtf8(
    bytes,
    (problem, cause) =>
      new ConfigError(
        `Cannot read "${fileName}": ${problem}, expected UTF-8 text`,
        "Download the file again",
        { cause },
      ),
  );
}

async function optional<T>(file: Promise<T>): Promise<T | null> {
  try {
    return await file;
  } catch (error) {
    if (error instanceof MissingFileError) return null;
    throw error;
  }
}
