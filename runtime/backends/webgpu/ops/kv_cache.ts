/** @file What the kernels that touch a key/value cache are told about it. */
import type { LibraryName } from "../../../../kernels/sources.ts";
import type { KvCache } from "../../../backend.ts";

/** A number that stands for no limit where a kernel expects a size or a distance. */
export const UNLIMITED = 0xffffffff;

/** Where positions go: the parameters that cache_slot.wgsl reads. */
export function ringOf({ numMetaTokens, ringSize }: KvCache): Record<string, number> {
  return { numMetaTokens, ringSize: ringSize ?? UNLIMITED };
}

/** The library that reads and writes the cache's words. */
export function cacheLibrary({ keys }: KvCache): LibraryName {
  return keys.dtype === "f16" ? "cache_f16" : "cache_f32";
}

/** The libraries that read keys and values: by quads where heads and rows are whole ones. */
export function readLibraries(
  cache: KvCache,
  { headDim, vHeadDim }: { readonly headDim: number; readonly vHeadDim: number },
): LibraryName[] {
  const { keys, values } = cache;
  const sizes = [headDim, vHeadDim, keys.offset, keys.stride, values.offset, values.stride];
  if (sizes.some((size) => size % 4 !== 0)) return [cacheLibrary(cache), "read_cache_any"];
  return [keys.dtype === "f16" ? "read_cache_f16_quads" : "read_cache_f32_quads"];
}
