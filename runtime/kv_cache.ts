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

/** Rows of a cache that stand next to each other. */
export interface SlotRange {
  readonly start: number;
  readonly count: number;
}

/**
 * Where the positions below `position` that still matter are kept, by ascending position: the meta tokens, then, in a ring, the last
 * `windowSize` ones, in one range or two.
 */
export function liveRanges(
  cache: Pick<KvCache, "numMetaTokens" | "ringSize">,
  position: number,
  windowSize: number,
): SlotRange[] {
  const { numMetaTokens, ringSize } = cache;
  if (ringSize === null) return [{ start: 0, count: position }];
  const first = Math.max(numMetaTokens, position - windowSize);
  const start = slotOf(cache, first);
  const recent = Math.max(0, position - first);
  const untilWrap = Math.min(recent, numMetaTokens + ringSize - start);
  const ranges = [
    { start: 0, count: Math.min(position, numMetaTokens) },
    { start, count: untilWrap },
    { start: numMetaTokens, count: recent - untilWrap },
  ];
  return ranges.filter(({ count }) => count > 0);
}
