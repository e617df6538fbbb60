/** @file A response body as a file: pulled as far as reads need it, kept until closed. For servers without ranges. */

import { type ByteSource, checkRange } from "../formats/byte_source.ts";
import { networkError, wrongLength } from "./http.ts";
import { gather } from "./gather.ts";

/**
 * Source over a response body. A read waits until the stream has come that far; everything received is kept, once. A
 * body without a usable Content-Length is received whole before this returns, as its size is not known earlier.
 *
 * @param name what to call the file in error messages
 * @param signal the one that the response was requested with
 * @throws {WeightsError} when the body breaks off or is not as long as it says
 */
export async function openStreamedSource(
  name: string,
  response: Response,
  signal?: AbortSignal,
): Promise<ByteSource> {
  const body = new GrowingBody(name, response, signal);
  if (body.size === undefined) await body.receive(Infinity, signal);
  const source: ByteSource = {
    name,
    size: body.size ?? body.received,
    async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
      signal?.throwIfAborted();
      checkRange(source, offset, length);
      await body.receive(offset + length, signal);
      return body.bytes(offset, length);
    },
    close: () => body.close(),
  };
  return source;
}

/** What has come of a body so far. */
class GrowingBody {
  /** Length that the server announced, in bytes; undefined when it did not, or when the body was compressed. */
  readonly size: number | undefined;
  received = 0;
  readonly #name: string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  readonly #signal: AbortSignal | undefined;
  #parts: Uint8Array<ArrayBuffer>[] = [];
  #starts: number[] = [];
  #done = false;
  /** The pull under way, shared by all reads that wait, so that an aborted one loses no bytes. */
  #pulling: Promise<void> | undefined;

  constructor(name: string, response: Response, signal?: AbortSignal) {
    const announced = response.headers.get("content-length") ?? "";
    const plain = (response.headers.get("content-encoding") ?? "identity") === "identity";
    this.size = plain && /^\d{1,15}$/.test(announced) ? Number(announced) : undefined;
    this.#name = name;
    this.#reader = response.body?.getReader();
    this.#signal = signal;
  }

  /** Resolves when bytes up to `end` have come; `Infinity` means all of them. */
  async receive(end: number, signal?: AbortSignal): Promise<void> {
    while (this.received < end && !this.#done) {
      signal?.throwIfAborted();
      this.#pulling ??= this.#pull().finally(() => this.#pulling = undefined);
      await abortable(this.#pulling, signal);
    }
    if (end !== Infinity && this.received < end) {
      throw wrongLength(this.#name, String(this.received), this.size ?? end);
    }
  }

  /** Bytes that have come already. */
  bytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return gather(this.#parts, this.#starts, offset, length);
  }

  async close(): Promise<void> {
    this.#done = true;
    this.#parts = [];
    this.#starts = [];
    await this.#reader?.cancel().catch(() => {}); // a body that already failed needs no cancelling
  }

  async #pull(): Promise<void> {
    const next = await this.#reader?.read().catch((cause: unknown) => {
      throw networkError(this.#name, cause, this.#signal);
    });
    if (!next || next.done) {
      this.#done = true;
      return;
    }
    this.#starts.push(this.received);
    this.#parts.push(next.value);
    this.received += next.value.length;
    if (this.size !== undefined && this.received > this.size) {
      throw wrongLength(this.#name, `more than ${this.size}`, this.size);
    }
  }
}

/** `promise`, or a rejection with `signal.reason` as soon as it aborts. */
function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
