/** @file The attention heads: rotate, cache, attend. Consumers of a shared cache find this chunk's keys already in it. */
import type { LayerPlan } from "./layer_plan.ts";
import type { Network, Projections, Span } from "./network.ts";
import { rows, type Tensor } from "./tensor.ts";

/** Rotates the queries into `out` `[l, numHeads * headDim]`, and appends the keys and values that the layer owns. */
export function appendKeys(
  net: Network,
  index: number,
  { queries, keyValues }: Projections,
  out: Tensor,
  spans: readonly Span[],
): void {
  const { backend, rope } = net;
  for (const { state: { cursor, caches }, start, length } of spans) {
    const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
    const append = keyValues
      ? { keys: of(keyValues.keys), values: of(keyValues.values), cache: caches[index] }
      : undefined;
    backend.ropeAppend({ queries: of(queries), out: of(out), rope, cursor, append });
  }
}

/** Writes the attention heads' output `[l, dInner]` for rotated queries. */
export function attend(
  net: Network,
  index: number,
  queries: Tensor,
  out: Tensor,
  spans: readonly Span[],
): void {
  const { backend, config: { numHeads, numKvHeads, layers } } = net;
  for (const span of spans) {
    const { state: { cursor, caches }, start, length } = span;
    const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
    backend.attention({
      queries: of(queries),
      cache: caches[index],
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
