/** @file A file on a web server, read with range requests where the server knows them. */

import { WeightsError } from "../errors.ts";
import { type ByteSource, checkRange } from "../formats/byte_source.ts";
import { nameOfUrl, readBody, request, type UrlSourceOptions } from "./http.ts";
import { openStreamedSource } from "./streamed_source.ts";

/** Fetched at least, so that a header or a run of small tensors costs one request, not one each. */
const WINDOW_BYTES = 1 << 20;

/**
 * Opens a file on a web server.
 *
 * With a server that answers range requests, memory holds what is read plus at most 1 MiB. With one that does not, the
 * body is streamed once and kept until `close()`: one copy of the file, read in any order. Aborting `options.signal`
 * later than the opening aborts that download.
 *
 * @throws {WeightsError} when the server cannot be reached, refuses (401, 404, 5xx, ...) or answers nonsense
 */
export async function openUrlSource(url: string | URL, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const address = parseUrl(url);
  const response = await request(address, options, { first: 0, last: WINDOW_BYTES - 1 });
  const total = response.status === 206 ? totalOf(response) : undefined;
  if (total !== undefined) return await openRangeSource(address, options, response, total);
  if (response.status !== 206) return await openStreamedSource(nameOfUrl(address), response, options.signal);
  // A partial answer whose size the page may not see (CORS hides Content-Range): ask again for the whole.
  await response.body?.cancel();
  return await openStreamedSource(nameOfUrl(address), await request(address, options), options.signal);
}

function parseUrl(url: string | URL): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new WeightsError(
    `Cannot fetch "${url}": it is not a URL, expected for instance "https://..."`,
    "Check it",
  );
}

/** Size of the whole file according to `Content-Range: bytes a-b/size`; undefined when that is hidden or unknown. */
function totalOf(response: Response): number | undefined {
  const match = /^bytes \d+-\d+\/(\d{1,15})$/.exec(response.headers.get("content-range") ?? "");
  return match ? Number(match[1]) : undefined;
}

interface Window {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function openRangeSource(
  url: URL,
  options: UrlSourceOptions,
  first: Response,
  size: number,
): Promise<ByteSource> {
  const name = nameOfUrl(url);
  const etag = first.headers.get("etag");
  let window = await readRange(first, name, 0, Math.min(WINDOW_BYTES, size), size, etag, options.signal);
  const source: ByteSource = {
    name,
    size,
    async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
      signal?.throwIfAborted();
      checkRange(source, offset, length);
      if (length === 0) return new Uint8Array(0);
      const start = offset - window.offset;
      if (start >= 0 && start + length <= window.bytes.length) {
        return window.bytes.subarray(start, start + length);
      }
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), size - offset);
      const response = await request(url, { ...options, signal }, {
        first: offset,
        last: offset + wanted - 1,
      });
      const fetched = await readRange(response, name, offset, wanted, size, etag, signal);
      if (wanted <= WINDOW_BYTES) window = fetched;
      return fetched.bytes.subarray(0, length);
    },
    close: () => Promise.resolve(),
  };
  return source;
}

/** The body of a range response, after checking that it is the range that was asked for, of the same file. */
async function readRange(
  response: Response,
  name: string,
  offset: number,
  length: number,
  size: number,
  etag: string | null,
  signal?: AbortSignal,
): Promise<Window> {
  const expected = `bytes ${offset}-${offset + length - 1}/${size}`;
  const is = response.headers.get("content-range") ?? `status ${response.status}`;
  if (is !== expected) {
    await response.body?.cancel();
    throw new WeightsError(
      `Cannot fetch "${name}": the server answers "${is}", expected "${expected}"`,
      "The file changed while it was read, or the server's range requests are broken; try again",
    );
  }
  if (response.headers.get("etag") !== etag) {
    await response.body?.cancel();
    throw new WeightsError(
      `Cannot fetch "${name}": its ETag is now ${response.headers.get("etag")}, expected ${etag}`,
      "The file changed while it was read; load it again",
    );
  }
  return { offset, bytes: await readBody(response, length, name, signal) };
}
