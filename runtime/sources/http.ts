/** @file One HTTP request and its typed errors; what the URL sources share. */

import { MissingFileError, WeightsError } from "../errors.ts";
import { allocateBytes } from "../formats/byte_source.ts";

/** How to reach a file over HTTP. */
export interface UrlSourceOptions {
  /** Sent with every request, for instance `{ authorization: "Bearer ..." }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Aborts the opening, and a whole-body download that the source may fall back to. */
  readonly signal?: AbortSignal;
}

/** What to call a URL in messages: without query and password, which may be secret. */
export function nameOfUrl(url: URL): string {
  if (url.protocol === "http:" || url.protocol === "https:") return url.origin + url.pathname;
  return (url.protocol + url.pathname).slice(0, 80);
}

/**
 * Fetches `url`, or bytes `first` to `last` (both included) of it. Returns a response whose status is 2xx.
 *
 * @throws {WeightsError} when the server cannot be reached or refuses
 */
export async function request(
  url: URL,
  options: UrlSourceOptions,
  range?: { readonly first: number; readonly last: number },
): Promise<Response> {
  const headers = new Headers(options.headers);
  if (range) headers.set("range", `bytes=${range.first}-${range.last}`);
  const response = await (options.fetch ?? fetch)(url, { headers, signal: options.signal }).catch((cause) => {
    throw networkError(nameOfUrl(url), cause, options.signal);
  });
  if (response.ok) return response;
  await response.body?.cancel();
  const Failure = response.status === 404 || response.status === 410 ? MissingFileError : WeightsError;
  throw new Failure(
    `Cannot fetch "${nameOfUrl(url)}": the server answers ${response.status}, expected 200 or 206`,
    remedyFor(response.status),
  );
}

/** The error of a connection that failed: `signal.reason` when it was aborted, else a `WeightsError`. */
export function networkError(name: string, cause: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (cause instanceof WeightsError) return cause;
  return new WeightsError(
    `Cannot fetch "${name}": ${cause instanceof Error ? cause.message : cause}, expected an answer`,
    "Check the address, the network and (in Deno) --allow-net, then try again",
    { cause },
  );
}

function remedyFor(status: number): string {
  if (status === 401 || status === 403) {
    return "Pass an access token in headers.authorization, or ask for access";
  }
  if (status === 404 || status === 410) return "Check the address and the file name";
  if (status === 416) return "The file is empty or shorter than it says; upload it again";
  if (status === 429 || status >= 500) return "The server is busy or broken; try again later";
  return "Check the address";
}

/**
 * Reads a body that must hold exactly `length` bytes.
 *
 * @param name what to call the file in error messages
 * @throws {WeightsError} when the body is shorter or longer, or breaks off
 */
export async function readBody(
  response: Response,
  length: number,
  name: string,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocateBytes(length, name);
  let filled = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw networkError(name, cause, signal);
    });
    if (done) break;
    if (value.length > length - filled) {
      await reader.cancel();
      throw wrongLength(name, `more than ${length}`, length);
    }
    bytes.set(value, filled);
    filled += value.length;
  }
  if (filled === length) return bytes;
  throw wrongLength(name, String(filled), length);
}

/** The error of a body that holds `is` bytes instead of `expected`. */
export function wrongLength(name: string, is: string, expected: number): WeightsError {
  return new WeightsError(
    `Cannot fetch "${name}": the body holds ${is} bytes, expected ${expected}`,
    "The connection broke off or the server is misconfigured; try again",
  );
}
