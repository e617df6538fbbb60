/** @file Requests that are tried again: where the connection fails, the server is busy (429) or broken (5xx). */

/** How often and how patiently. */
export interface RetryOptions {
  /** Tries of one request, the first included, and of one piece of a body that brings no new byte. @default {5} */
  readonly attempts?: number;
  /** Milliseconds before the second try; doubled before each further one. @default {500} */
  readonly backoffMs?: number;
  /** Milliseconds without a byte after which a connection counts as broken. @default {60_000} */
  readonly stallMs?: number;
}

/** Tries unless told otherwise: with the pauses between them, about eight seconds. */
export const DEFAULT_ATTEMPTS = 5;
/** How long a connection may be silent unless told otherwise. */
export const DEFAULT_STALL_MS = 60_000;
const DEFAULT_BACKOFF_MS = 500;
/** The longest that a server may ask to be left alone; a longer wish becomes an error that says it. */
const MAX_WAIT_MS = 60_000;
const RETRYABLE: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/**
 * A `fetch` that tries again and gives the last answer. It pauses as long as Retry-After says, or ever longer; an aborted signal ends
 * the pause at once.
 */
export function retryingFetch(retry: RetryOptions = {}, base: typeof fetch = fetch): typeof fetch {
  const attempts = retry.attempts ?? DEFAULT_ATTEMPTS;
  return async (input, init) => {
    const signal = init?.signal ?? undefined;
    for (let attempt = 1;; attempt++) {
      const isLast = attempt >= attempts;
      const response = await patiently(base, input, init, retry.stallMs).catch((error: unknown) => {
        if (isLast || signal?.aborted) throw error;
        return null;
      });
      if (response !== null && (isLast || !RETRYABLE.includes(response.status))) return response;
      const wait = retryAfterMs(response) ?? backoffMs(retry, attempt);
      if (response !== null && wait > MAX_WAIT_MS) return response;
      await response?.body?.cancel();
      await sleep(wait, signal);
    }
  };
}

/** One request, which has to be answered in time; its body may take longer. */
async function patiently(
  base: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit = {},
  stallMs = DEFAULT_STALL_MS,
): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no answer for ${stallMs} ms`)), stallMs);
  const signal = init.signal ? AbortSignal.any([init.signal, controller.signal]) : controller.signal;
  try {
    return await base(input, { ...init, signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds to pause after the `attempt`-th failure: doubling, and up to a half less, so that many clients spread out. */
export function backoffMs({ backoffMs = DEFAULT_BACKOFF_MS }: RetryOptions, attempt: number): number {
  return backoffMs * 2 ** (attempt - 1) * (1 - Math.random() / 2);
}

/** What Retry-After asks for, in milliseconds: it is seconds or a date (RFC 9110, section 10.2.3). Null: nothing usable. */
function retryAfterMs(response: Response | null): number | null {
  const value = response?.headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

/** Resolves after a while; an aborted signal ends it at once and throws its reason. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
