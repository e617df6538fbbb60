/** @file Several arrays that follow one another, read as one. */

/**
 * Bytes `offset .. offset + length` of `parts` laid end to end: a view where they lie in one part, else a copy of them and nothing else.
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
