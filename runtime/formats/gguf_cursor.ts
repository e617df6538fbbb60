/** @file Reading the header of a GGUF file from front to back, through a window of the file. */

import { WeightsError } from "../errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { decodeUtf8 } from "./strict_json.ts";

/** Read at once at least, where the file has as much. */
const WINDOW_BYTES = 1 << 16;

/**
 * A place in a file that moves forward. Memory is one window: 64 KiB, or the longest string of the header if longer; a
 * length beyond the end of the file is an error before anything is read for it.
 */
export class GgufCursor {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  #window = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  /** Place of the window's first byte in the file. */
  #start = 0;
  /** Place of the cursor in the window. */
  #at = 0;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Place of the cursor in the file, in bytes. */
  get position(): number {
    return this.#start + this.#at;
  }

  /** Bytes from the cursor to the end of the file. */
  get remaining(): number {
    return this.#source.size - this.position;
  }

  /** Makes sure that the next `count` bytes are in the window; `what` names them in the error when the file is too short. */
  async need(count: number, what: string): Promise<void> {
    if (this.#at + count <= this.#window.length) return;
    if (count > this.remaining) {
      throw this.damaged(
        `${what} takes ${count} bytes, expected at most the ${this.remaining} that are left`,
      );
    }
    this.#start = this.position;
    this.#at = 0;
    const length = Math.min(Math.max(count, WINDOW_BYTES), this.remaining);
    this.#window = await this.#source.read(this.#start, length, this.#signal);
    this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.byteLength);
  }

  /** The next number of 4 bytes; they were needed before. */
  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  /** The next number of 8 bytes; they were needed before. */
  u64(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8, true);
  }

  /** A copy of the next `count` bytes; they were needed before. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    this.#at += count;
    return this.#window.slice(this.#at - count, this.#at);
  }

  /**
   * The next count of things that take at least `minimumBytes` each.
   *
   * @throws {WeightsError} when the rest of the file cannot hold so many, or they are more than `limit`
   */
  async count(minimumBytes: number, what: string, limit = Infinity): Promise<number> {
    await this.need(8, what);
    const count = this.u64();
    const room = Math.floor(this.remaining / minimumBytes);
    if (count <= Math.min(room, limit)) return Number(count);
    const why = room < limit ? `the ${room} that fit the rest of the file` : limit;
    throw this.damaged(`${what} is ${count}, expected at most ${why}`);
  }

  /** The next string: its length, then UTF-8. */
  async string(what: string): Promise<string> {
    const length = await this.count(1, `the length of ${what}`);
    await this.need(length, what);
    this.#at += length;
    const bytes = this.#window.subarray(this.#at - length, this.#at);
    return decodeUtf8(bytes, (problem, cause) => this.damaged(`${what}: ${problem}`, cause));
  }

  /** The error for a problem of this file. */
  damaged(problem: string, cause?: unknown): WeightsError {
    return new WeightsError(
      `Cannot read GGUF file "${this.#source.name}": ${problem}`,
      "Download the file again, or convert the checkpoint anew",
      { cause },
    );
  }
}
