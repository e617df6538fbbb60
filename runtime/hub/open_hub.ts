/** @file A model on the hub -> its files, by name, from the cache, where each is brought when it is opened first. */
import { openCachedSource } from "../cache/cached_source.ts";
import { type CachedFile, download, isCached } from "../cache/download.ts";
import type { DownloadOptions } from "../cache/download_options.ts";
import { openPlatformCache } from "../cache/platform_cache.ts";
import { ConfigError, MissingFileError, WeightsError } from "../errors.ts";
import type { ByteSource } from "../formats/byte_source.ts";
import { retryingFetch } from "../sources/retry.ts";
import { openUrlSource } from "../sources/url_source.ts";
import { contentHash } from "./content_hash.ts";
import { notCached } from "./hub_errors.ts";
import type { HubReference } from "./hub_reference.ts";
import { openSnapshot } from "./hub_snapshot.ts";

const ENDPOINT = "https://huggingface.co";

/**
 * Opens a model of the hub: gives a function that opens its files by name. With `headersOnly`, large files that are not in the cache stay
 * on the server and are read there.
 *
 * @throws {WeightsError} where the hub refuses or cannot be reached
 * @throws {ConfigError} where the endpoint is no URL, or there is no cache
 */
export async function openHub(
  reference: HubReference,
  options: DownloadOptions & { readonly headersOnly?: boolean },
  signal?: AbortSignal,
): Promise<(fileName: string) => Promise<ByteSource>> {
  const endpoint = parseEndpoint(options.endpoint ?? ENDPOINT);
  const cache = options.cache ?? await openPlatformCache();
  const { commit, files } = await openSnapshot(reference, endpoint, cache, options, signal);
  return async (fileName) => {
    const listed = files.find(({ path }) => path === fileName);
    if (listed === undefined) throw missing(reference, fileName);
    const file: CachedFile = {
      ...{ name: `${reference.repo}/${fileName}`, size: listed.size, etag: null },
      key: listed.lfs ? `blobs/sha256-${listed.lfs.oid}` : `blobs/git-${listed.oid}`,
      url: new URL(`${reference.repo}/resolve/${commit}/${fileName}`, endpoint),
      ...(options.token && { headers: { authorization: `Bearer ${options.token}` } }),
      hash: contentHash(listed),
    };
    if (await isCached(cache, file)) return openCachedSource(cache, file);
    if (options.offline) throw notCached(cache.name, reference);
    if (options.headersOnly && listed.lfs) return await openRemote(file, options, signal);
    await download(cache, file, { ...options, signal });
    return openCachedSource(cache, file);
  };
}

/** A large file where it is; of its bytes only the number can be checked. */
async function openRemote(
  { name, url, headers, size }: CachedFile,
  options: DownloadOptions,
  signal?: AbortSignal,
): Promise<ByteSource> {
  const fetch = retryingFetch(options.retry, options.fetch);
  const source = await openUrlSource(url, { headers, fetch, signal });
  if (source.size === size) return source;
  await source.close();
  throw new WeightsError(
    `Cannot read "${name}": it has ${source.size} bytes, expected ${size}, as the hub lists`,
    "The server sent something else than it lists; try again later, or another endpoint",
  );
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url && /^https?:$/.test(url.protocol)) return new URL(`${url.href.replace(/\/$/, "")}/`);
  throw new ConfigError(
    `Cannot use the hub at "${endpoint}": it is not a URL, expected for instance "${ENDPOINT}"`,
    "Check download.endpoint (HF_ENDPOINT on the command line)",
  );
}

function missing({ repo, revision }: HubReference, fileName: string): MissingFileError {
  return new MissingFileError(
    `Cannot open "${fileName}" of "${repo}": revision "${revision}" has no such file, expected one`,
    "Check that the repository holds a Hymba checkpoint, and the revision",
  );
}
