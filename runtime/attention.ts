/** @file The attention heads: rotate, cache, attend. Consumers of a shared cache find this chunk's keys already in it. */
import type { AttentionArgs, RopeAppendArgs } from "./backend.ts";
import type { LayerPlan } from "./layer_plan.ts";
import type { Network, Projections, Span } from "./network.ts";
import { rows, type Tensor } from "./tensor.ts";

/** Rotates a span's queries into `out` `[l, numHeads * headDim]`, and appends the keys and values that the layer owns. */
export function ropeAppendArgs(
  { rope }: Network,
  index: number,
  { queries, keyValues }: Projections,
  out: Tensor,
  { state: { cursor, caches }, start, length }: Span,
): RopeAppendArgs {
  const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
  const append = keyValues
    ? { keys: of(keyValues.keys), values: of(keyValues.values), cache: caches[index] }
    : undefined;
  return { queries: of(queries), out: of(out), rope, cursor, append };
}

/** Writes a span's attention heads' output `[l, dInner]` for rotated queries. */
export function attentionArgs(
  { config: { numHeads, numKvHeads, layers } }: Network,
  index: number,
  queries: Tensor,
  out: Tensor,
  span: Span,
): AttentionArgs {
  const { state: { cursor, caches }, start, length } = span;
  return {
    queries: rows(queries, start, length),
    cache: caches[index],
    cursor,
    numHeads,
    numKvHeads,
    lookback: lookbackOn(layers[index], span),
    out: rows(out, start, length),
  };
}

/** Largest distance that a layer's queries see back; null: no limit. Global layers see everything, unless the session caps them. */
export function lookbackOn({ attention }: LayerPlan, { lookback, state }: Span): number | null {
  if (attention === "window") return lookback;
  const { globalWindow } = state.layout;
  return globalWindow === null ? null : globalWindow - 1;
}
