/** @file A file at a URL, kept in the cache for as long as the server calls it the same (ETag). */
import * as v from "valibot";
import { WeightsError } from "../errors.ts";
import type { ByteSource } from "../formats/byte_source.ts";
import { nameOfUrl, request } from "../sources/http.ts";
import { retryingFetch } from "../sources/retry.ts";
import { openUrlSource } from "../sources/url_source.ts";
import { openCachedSource } from "./cached_source.ts";
import { type CachedFile, download, isCached } from "./download.ts";
import type { DownloadOptions } from "./download_options.ts";
import { type ModelCache, readEntryJson, writeEntryText } from "./model_cache.ts";

/** What is stored of a version beside its pieces. */
const Version = v.object({ etag: v.string(), size: v.pipe(v.number(), v.safeInteger()), key: v.string() });

/**
 * Opens a file at a URL through a cache. Without network, the version that came last is used. A server that gives no strong ETag and no
 * length says nothing to go by: its file is read without the cache.
 *
 * @throws {WeightsError} where the server refuses or cannot be reached and nothing is cached
 */
export async function openCachedUrl(
  url: URL,
  cache: ModelCache,
  options: DownloadOptions,
  signal?: AbortSignal,
): Promise<ByteSource> {
  const folder = `urls/${await hashOf(url.href)}`;
  const known = await readKnown(cache, url, folder);
  const isWhole = known !== null && await isCached(cache, known);
  if (isWhole && options.offline) return openCachedSource(cache, known);
  if (options.offline) throw notCached(url, cache);
  const retry = isWhole ? { ...options.retry, attempts: 1 } : options.retry;
  const fetching = retryingFetch(retry, options.fetch);
  let current: CachedFile | null;
  try {
    current = await askVersion(url, folder, fetching, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (isWhole) return openCachedSource(cache, known);
    throw error;
  }
  if (current === null) return await openUrlSource(url, { fetch: fetching, signal });
  await writeEntryText(
    cache,
    `${folder}/version`,
    JSON.stringify({ etag: current.etag, size: current.size, key: current.key }),
  );
  await download(cache, current, { ...options, signal });
  return openCachedSource(cache, current);
}

/** The version that the cache has, whole or in part. */
async function readKnown(cache: ModelCache, url: URL, folder: string): Promise<CachedFile | null> {
  const version = await readEntryJson(cache, `${folder}/version`, Version);
  return version && { ...version, name: nameOfUrl(url), url, hash: null };
}

/** The version that the server has now; null where it does not say enough. */
async function askVersion(
  url: URL,
  folder: string,
  fetching: typeof fetch,
  signal?: AbortSignal,
): Promise<CachedFile | null> {
  const response = await request(url, { fetch: fetching, signal }, { first: 0, last: 0 });
  await response.body?.cancel();
  const etag = response.headers.get("etag");
  const size = /^bytes 0-0\/(\d{1,15})$/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (response.status !== 206 || size === undefined || !etag?.startsWith('"')) return null;
  const key = `${folder}/${await hashOf(etag + size)}`;
  return { name: nameOfUrl(url), url, size: Number(size), etag, key, hash: null };
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function notCached(url: URL, { name }: ModelCache): WeightsError {
  return new WeightsError(
    `Cannot open "${nameOfUrl(url)}" offline: it is not in the cache in ${name}, expected it there`,
    "Load it once with the network",
  );
}
