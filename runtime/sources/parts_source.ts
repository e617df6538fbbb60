/** @file Several arrays that follow one another and are read as one file. */

import { type ByteSource, checkRange } from "../formats/byte_source.ts";

/**
 * Source over `parts` laid end to end. A read inside one part shares its memory; a read across parts copies the bytes
 * it asks for and nothing else.
 *
 * @param name what to call the file in error messages
 * @param parts the file's pieces in order; they must not change while the source is in use
 */
export function openPartsSource(name: string, parts: readonly Uint8Array<ArrayBuffer>[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += part.length;
  }
  const source: ByteSource = {
    name,
    size,
    // deno-lint-ignore require-await -- async, so that a bad range rejects instead of throwing
    async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
      signal?.throwIfAborted();
      checkRange(source, offset, length);
      return gather(parts, starts, offset, length);
    },
    close: () => Promise.resolve(),
  };
  return source;
}

/**
 * Bytes `offset .. offset + length` of `parts` laid end to end.
 *
 * @param starts byte offset of each part; the range lies inside the parts
 */
export function gather(
  parts: readonly Uint8Array<ArrayBuffer>[],
  starts: readonly number[],
  offset: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  if (length === 0) return new Uint8Array(0);
  let index = lastAtOrBefore(starts, offset);
  const first = offset - starts[index];
  if (first + length <= parts[index].length) return parts[index].subarray(first, first + length);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const from = offset + filled - starts[index];
    const piece = parts[index].subarray(from, from + length - filled);
    bytes.set(piece, filled);
    filled += piece.length;
    index++;
  }
  return bytes;
}

/** Index of the last entry of ascending `starts` that is at most `offset`. */
function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
