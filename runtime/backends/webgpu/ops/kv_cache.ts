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
