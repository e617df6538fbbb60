/** @file The attention heads: rotate, cache, attend. Consumers of a shared cache find this chunk's keys already in it. */
import type { Network, Projections, Span } from "./network.ts";
import type { SequenceState } from "./state.ts";
import { rows, type Tensor } from "./tensor.ts";

/** Writes the attention heads' output `[l, dInner]`. */
export function attention(
  net: Network,
  index: number,
  projections: Projections,
  out: Tensor,
  spans: readonly Span[],
): void {
  const { backend, config: { numHeads, numKvHeads, layers }, rope } = net;
  const { attention: reach } = layers[index];
  for (const { state, start, length, lookback } of spans) {
    const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
    const { cursor, caches } = state;
    const cache = caches[index];
    const queries = of(projections.queries);
    const { keyValues } = projections;
    const append = keyValues ? { keys: of(keyValues.keys), values: of(keyValues.values), cache } : undefined;
    backend.ropeAppend({ queries, rope, cursor, append });
    backend.attention({
      queries,
      cache,
      cursor,
      numHeads,
      numKvHeads,
      lookback: reach === "window" ? lookback : globalLookback(state),
      out: of(out),
    });
  }
}

/** Global layers see everything, unless the session caps them. */
function globalLookback({ layout: { globalWindow } }: SequenceState): number | null {
  return globalWindow === null ? null : globalWindow - 1;
}
