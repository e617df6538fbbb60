/**
 * @file The network, top to bottom (arXiv:2411.13676): embed -> layers -> norm -> logits. Written once, over {@linkcode Backend};
 * prefill and decode are the same functions with more or fewer rows. The caller reserves room in the states.
 */
import type { Weight } from "./backend.ts";
import { layer } from "./layer.ts";
import type { Network, Span } from "./network.ts";
import { columnCount, rows, type Tensor } from "./tensor.ts";

/** What a pass does beyond the defaults. */
export interface PassOptions {
  /** Where the ids are looked up; the vocabulary's embedding unless given. */
  readonly table?: Weight;
  /** Whether {@linkcode logitsOfPass} is to follow: else the last layer's outputs are those alone that states hold. @default {false} */
  readonly everyRow?: boolean;
}

/**
 * Passes tokens through every layer and advances their sequences. `ids` has the spans' tokens, one span after the other; afterwards
 * each state holds its last token's hidden row.
 */
export function forward(
  net: Network,
  ids: ArrayLike<number>,
  spans: readonly Span[],
  options?: PassOptions,
): void {
  const { backend, workspace } = net;
  backend.writeIds(workspace.ids, ids);
  forwardIds(net, { ...workspace.ids, shape: [ids.length] }, spans, options);
}

/** {@linkcode forward} for ids that are in the backend's memory: `[l]` u32. */
export function forwardIds(
  net: Network,
  ids: Tensor,
  spans: readonly Span[],
  { table = net.weights.embedding, everyRow = false }: PassOptions = {},
): void {
  const { backend, config, weights, workspace } = net;
  const l = columnCount(ids);
  const x = rows(workspace.x, 0, l);
  const firstOfLast = everyRow || spans.length > 1 ? 0 : l - 1;
  backend.embed({ ids, table, out: x });
  config.layers.forEach((_, index) => {
    const isLast = index === config.layers.length - 1;
    layer(net, index, x, spans, isLast ? firstOfLast : 0);
  });
  for (const { state, start, length } of spans) {
    const last = rows(x, start + length - 1, 1);
    backend.rmsNorm({ x: last, weight: weights.finalNorm, eps: config.rmsNormEps, out: state.lastHidden });
    state.advance(length);
  }
}

/** Next-token logits of every row of the pass just made, with `everyRow`: `[l, vocabSize]`, valid until the next pass. */
export function logitsOfPass(net: Network, l: number): Tensor {
  const { backend, config, weights, workspace } = net;
  const h = rows(workspace.h, 0, l);
  const logits = rows(workspace.logits, 0, l);
  backend.rmsNorm({ x: rows(workspace.x, 0, l), weight: weights.finalNorm, eps: config.rmsNormEps, out: h });
  backend.linear({ x: h, weight: weights.head, out: logits });
  return logits;
}

/** Next-token logits of a sequence: `[1, vocabSize]`, valid until the next pass. */
export function nextLogits({ backend, weights, workspace }: Network, lastHidden: Tensor): Tensor {
  const logits = rows(workspace.logits, 0, 1);
  backend.linear({ x: lastHidden, weight: weights.head, out: logits });
  return logits;
}
