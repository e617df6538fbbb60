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

/** Dimensions of a key's and a value's head. */
export interface HeadSizes {
  readonly headDim: number;
  readonly vHeadDim: number;
}

/** The libraries that read keys and values: by quads where heads and rows are whole ones. */
export function readLibraries(cache: KvCache, heads: HeadSizes): LibraryName[] {
  if (!isInQuads(cache, heads)) return [cacheLibrary(cache), "read_cache_any"];
  return [quadLibrary(cache), "read_cache_quads", "cache_quads"];
}

/** Whether heads and rows are whole quads. */
export function isInQuads({ keys, values }: KvCache, { headDim, vHeadDim }: HeadSizes): boolean {
  const sizes = [headDim, vHeadDim, keys.offset, keys.stride, values.offset, values.stride];
  return sizes.every((size) => size % 4 === 0);
}

/** The library of the cache's words, by quads. */
export function quadLibrary({ keys }: KvCache): LibraryName {
  return keys.dtype === "f16" ? "cache_quads_f16" : "cache_quads_f32";
}
