/** @file A file whose pieces are in the cache. */
import { allocateBytes, type ByteSource, checkRange } from "../formats/byte_source.ts";
import { type CachedFile, PIECE_BYTES, pieceKey, pieceLength } from "./download.ts";
import type { ModelCache } from "./model_cache.ts";

/** Source over a file that {@linkcode download} has brought into the cache. */
export function openCachedSource(cache: ModelCache, { name, key, size }: CachedFile): ByteSource {
  const source: ByteSource = {
    name,
    size,
    async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
      signal?.throwIfAborted();
      checkRange(source, offset, length);
      const bytes = allocateBytes(length, name);
      for (let done = 0; done < length;) {
        signal?.throwIfAborted();
        const index = Math.floor((offset + done) / PIECE_BYTES), begin = offset + done - index * PIECE_BYTES;
        const part = Math.min(length - done, pieceLength(size, index) - begin);
        bytes.set(await cache.read(pieceKey(key, index), begin, part), done);
        done += part;
      }
      return bytes;
    },
    close: () => Promise.resolve(),
  };
  return source;
}
