/** @file Which slot of a {@linkcode KvCache} keeps which absolute position: the one place that knows. */
import type { KvCache } from "./backend.ts";

/** Slot of a {@linkcode KvCache} that keeps the key and value of an absolute position. */
export function slotOf(cache: Pick<KvCache, "numMetaTokens" | "ringSize">, position: number): number {
  const { numMetaTokens, ringSize } = cache;
  if (ringSize === null || position < numMetaTokens) return position;
  return numMetaTokens + (position - numMetaTokens) % ringSize;
}

/** Slots of the keys that the query at `position` sees, by ascending position; `lookback` as in AttentionArgs. */
export function visibleSlots(cache: KvCache, position: number, lookback: number | null): number[] {
  const slots: number[] = [];
  for (let j = 0; j <= position; j++) {
    if (j < cache.numMetaTokens || lookback === null || position - j <= lookback) {
      slots.push(slotOf(cache, j));
    }
  }
  return slots;
}
