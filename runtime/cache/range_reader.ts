/** @file The bytes of a file on a server, front to back, over as many connections as it takes. */
import { WeightsError } from "../errors.ts";
import { networkError, request } from "../sources/http.ts";
import {
  backoffMs,
  DEFAULT_ATTEMPTS,
  DEFAULT_STALL_MS,
  retryingFetch,
  type RetryOptions,
  sleep,
} from "../sources/retry.ts";

/** A file on a server. */
export interface RemoteFile {
  /** For messages. */
  readonly name: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Length in bytes. */
  readonly size: number;
  /** What the server calls this version of it; null: not known, or checked otherwise. */
  readonly etag: string | null;
}

/** How to reach a server. */
export interface Connection {
  readonly fetch?: typeof fetch;
  readonly retry?: RetryOptions;
  readonly signal?: AbortSignal;
}

/** Reads a {@linkcode RemoteFile}. A connection that breaks, stalls or ends early is opened again where it stopped. */
export class RangeReader implements Disposable {
  readonly #file: RemoteFile;
  readonly #connection: Connection;
  readonly #fetch: typeof fetch;
  #body: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #controller = new AbortController();
  /** Where in the file the next byte of the body is. */
  #position = 0;
  /** Bytes that came and were not yet asked for. */
  #rest: Uint8Array = new Uint8Array(0);
  #failures = 0;

  /** Opens nothing yet. */
  constructor(file: RemoteFile, connection: Connection) {
    this.#file = file;
    this.#connection = connection;
    this.#fetch = retryingFetch(connection.retry, connection.fetch);
  }

  /**
   * Reads `length` bytes from `offset`.
   *
   * @throws {WeightsError} where the server refuses, or too many tries in a row bring nothing
   */
  async read(
    offset: number,
    length: number,
    onBytes: (count: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    if (offset !== this.#position) this.#close();
    for (let filled = 0; filled < length;) {
      const chunk = await this.#next(offset + filled);
      const taken = chunk.subarray(0, length - filled);
      bytes.set(taken, filled);
      filled += taken.length;
      this.#rest = chunk.subarray(taken.length);
      this.#position = offset + filled;
      onBytes(taken.length);
    }
    return bytes;
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#close();
  }

  /** The next bytes, at least one. */
  async #next(position: number): Promise<Uint8Array> {
    for (;;) {
      try {
        this.#body ??= await this.#open(position);
        if (this.#rest.length > 0) return this.#rest;
        const { done, value } = await this.#readChunk(this.#body);
        if (!done && value.length === 0) continue;
        if (!done) {
          this.#failures = 0;
          return value;
        }
        throw new Error(`the body ends at byte ${position}, expected ${this.#file.size} bytes`);
      } catch (error) {
        this.#close();
        const { signal, retry = {} } = this.#connection;
        signal?.throwIfAborted();
        if (error instanceof WeightsError) throw error; // an answer, and no broken connection
        if (++this.#failures >= (retry.attempts ?? DEFAULT_ATTEMPTS)) {
          throw networkError(this.#file.name, error, signal);
        }
        await sleep(backoffMs(retry, this.#failures), signal);
      }
    }
  }

  /** The next chunk; does not rely on an abort reaching a read that waits. */
  async #readChunk(
    body: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<ReadableStreamReadResult<Uint8Array>> {
    const { signal, retry = {} } = this.#connection;
    const { stallMs = DEFAULT_STALL_MS } = retry;
    signal?.throwIfAborted();
    const { promise: given, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const timer = setTimeout(
      () => reject(new Error(`no byte came for ${stallMs} ms, expected more`)),
      stallMs,
    );
    try {
      return await Promise.race([body.read(), given]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Asks for everything from `position` on. A server without ranges sends it all; what is before is dropped. */
  async #open(position: number): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const { url, headers, size, etag } = this.#file;
    this.#controller = new AbortController();
    const signals = [this.#controller.signal, this.#connection.signal].filter((signal) =>
      signal !== undefined
    );
    const options = {
      headers: { ...headers, "accept-encoding": "identity" }, // so that bytes on the way are the file's
      fetch: this.#fetch,
      signal: AbortSignal.any(signals),
    };
    const response = await request(url, options, { first: position, last: size - 1 });
    const range = response.headers.get("content-range");
    const begin = response.status === 206 ? position : 0;
    const isRight = response.status === 206
      ? range === null || range === `bytes ${position}-${size - 1}/${size}`
      : Number(response.headers.get("content-length") ?? size) === size;
    const isSame = etag === null || response.headers.get("etag") === etag;
    if (!isRight || !isSame) {
      await response.body?.cancel();
      throw this.#changed(isSame ? `the server answers ${range ?? "another length"}` : "its ETag is another");
    }
    const body = (response.body ?? new Blob().stream()).getReader();
    await this.#drop(body, position - begin);
    return body;
  }

  async #drop(body: ReadableStreamDefaultReader<Uint8Array>, count: number): Promise<void> {
    for (let dropped = 0; dropped < count;) {
      const { done, value } = await this.#readChunk(body);
      if (done) throw new Error(`the body ends at byte ${dropped}, expected ${this.#file.size} bytes`);
      this.#rest = value.subarray(Math.min(value.length, count - dropped));
      dropped += value.length;
    }
  }

  #changed(problem: string): WeightsError {
    return new WeightsError(
      `Cannot fetch "${this.#file.name}": ${problem}, expected the same file of ${this.#file.size} bytes`,
      "The file changed on the server, or its range requests are broken; load it again",
    );
  }

  #close(): void {
    const body = this.#body;
    this.#body = null;
    this.#rest = new Uint8Array(0);
    this.#controller.abort();
    body?.cancel().catch(() => {}); // a body that broke needs no closing, and one that hangs is not waited for
  }
}
