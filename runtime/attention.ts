/** @file The attention heads: rotate, cache, attend. Consumers of a shared cache find this chunk's keys already in it. */
import type { LayerPlan } from "./layer_plan.ts";
import type { Network, Projections, Span } from "./network.ts";
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
  for (const span of spans) {
    const { state, start, length } = span;
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
      lookback: lookbackOn(layers[index], span),
      out: of(out),
    });
  }
}

/** Largest distance that a layer's queries see back; null: no limit. Global layers see everything, unless the session caps them. */
export function lookbackOn({ attention }: LayerPlan, { lookback, state }: Span): number | null {
  if (attention === "window") return lookback;
  const { globalWindow } = state.layout;
  return globalWindow === null ? null : globalWindow - 1;
}
