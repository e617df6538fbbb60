/** @file A file that is already in memory as one array. */

import { type ByteSource, checkRange } from "../formats/byte_source.ts";

/**
 * Source over `bytes`, without copying them.
 *
 * @param name what to call the file in error messages
 * @param bytes the whole file; it must not change while the source is in use
 */
export function openBytesSource(name: string, bytes: Uint8Array<ArrayBuffer>): ByteSource {
  const source: ByteSource = {
    name,
    size: bytes.length,
    // deno-lint-ignore require-await -- async, so that a bad range rejects instead of throwing
    async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
      signal?.throwIfAborted();
      checkRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    close: () => Promise.resolve(),
  };
  return source;
}
