/**
 * @file What each layer makes of a token: whom its attention heads look at, and how loud they are next to the Mamba heads. Reads
 * queries and keys back and computes the softmax on the host, for the tokens asked for and no others.
 */
import { lookbackOn } from "./attention.ts";
import type { HymbaConfig } from "./config.ts";
import { slotOf } from "./kv_cache.ts";
import type { Branches, Network, Span } from "./network.ts";
import { rows, type Tensor } from "./tensor.ts";

/** What one layer made of a token. The three shares of its attention, averaged over the heads, sum to 1. */
export interface LayerObservation {
  /** Attention paid to the meta tokens. */
  readonly metaShare: number;
  /** Attention paid to the last windowSize tokens, itself included. */
  readonly windowShare: number;
  /** Attention paid to the tokens before those, which only global layers see. */
  readonly contextShare: number;
  /** Euclidean norm of the attention heads' output, before it is normed and fused. */
  readonly attentionNorm: number;
  /** Euclidean norm of the Mamba heads' output, before it is normed and fused. */
  readonly ssmNorm: number;
}

/** What the layers made of a token. */
export interface TokenObservation {
  /** The token's position, meta tokens counted. */
  readonly position: number;
  /** By layer. */
  readonly layers: readonly LayerObservation[];
}

interface Request {
  readonly layers: Promise<LayerObservation>[];
  readonly resolve: (observation: Promise<TokenObservation>) => void;
}

/**
 * Watches a model's layers when given to {@linkcode loadModel}. Costs nothing until it is asked.
 *
 * @example
 * ```ts
 * import { loadModel, TokenObserver } from "@hymba/runtime";
 *
 * const observer = new TokenObserver();
 * await using model = await loadModel(undefined, { observer });
 * await using session = await model.createSession();
 * const observed = observer.next();
 * await session.append("Once upon a time");
 * for (const { metaShare, attentionNorm, ssmNorm } of (await observed).layers) {
 *   console.log(metaShare, attentionNorm / (attentionNorm + ssmNorm));
 * }
 * ```
 */
export class TokenObserver {
  #request: Request | null = null;

  /**
   * Observes the next pass through the network, whichever session makes it: the newest token of a chunk of a prompt, or the one
   * generated token that the next one is computed from. Asking again before that pass gives up the earlier request, whose
   * promise then never settles.
   */
  next(): Promise<TokenObservation> {
    return new Promise((resolve) => this.#request = { layers: [], resolve });
  }

  /** Whether the latest request still waits for a pass. */
  get isWaiting(): boolean {
    return this.#request !== null;
  }

  /** @ignore */
  onBranches(net: Network, layer: number, branches: Branches): void {
    if (this.#request === null) return;
    const span = branches.spans[branches.spans.length - 1];
    const { layers, resolve } = this.#request;
    layers.push(observeLayer(net, layer, span, branches));
    if (layer < net.config.layers.length - 1) return;
    this.#request = null;
    const position = newestPosition(span);
    resolve(Promise.all(layers).then((layers) => ({ position, layers })));
  }
}

async function observeLayer(
  net: Network,
  layer: number,
  span: Span,
  branches: Branches,
): Promise<LayerObservation> {
  const { backend, config } = net;
  const cache = span.state.caches[layer];
  const newest = (tensor: Tensor): Promise<Float32Array> =>
    backend.read(rows(tensor, span.start + span.length - 1, 1));
  const visible = visiblePositions(net, layer, span);
  const slots = visible.map((position) => slotOf(cache, position));
  const [, width] = cache.keys.shape;
  const windowStart = startOfWindow(config, layer, span);
  const [queries, attention, ssm, keys] = await Promise.all([
    newest(branches.queries),
    newest(branches.attention),
    newest(branches.ssm),
    backend.read(rows(cache.keys, 0, Math.max(...slots) + 1)),
  ]);
  const visibleKeys = slots.map((slot) => keys.subarray(slot * width, (slot + 1) * width));
  const weights = attentionWeights(config, queries, visibleKeys);
  const shareOf = (from: number, to: number): number => {
    const paid = weights.flatMap((head) => head.filter((_, i) => visible[i] >= from && visible[i] < to));
    return paid.reduce((sum, weight) => sum + weight, 0) / config.numHeads;
  };
  return {
    metaShare: shareOf(0, cache.numMetaTokens),
    windowShare: shareOf(windowStart, Infinity),
    contextShare: shareOf(cache.numMetaTokens, windowStart),
    attentionNorm: Math.hypot(...attention),
    ssmNorm: Math.hypot(...ssm),
  };
}

/** First position behind the meta tokens that counts as the window: on window layers, all that they see. */
function startOfWindow(
  { layers, windowSize, numMetaTokens }: HymbaConfig,
  layer: number,
  span: Span,
): number {
  if (layers[layer].attention === "window") return numMetaTokens;
  return Math.max(numMetaTokens, newestPosition(span) - windowSize + 1);
}

function newestPosition({ state, length }: Span): number {
  return state.position + length - 1;
}

/** Positions that the span's newest token sees in a layer, ascending: the meta tokens, then those near enough. */
function visiblePositions({ config }: Network, layer: number, span: Span): number[] {
  const newest = newestPosition(span);
  const { numMetaTokens } = span.state.caches[layer];
  const lookback = lookbackOn(config.layers[layer], span) ?? newest;
  const positions = Array.from({ length: newest + 1 }, (_, position) => position);
  return positions.filter((position) => position < numMetaTokens || newest - position <= lookback);
}

/**
 * Attention that each head of a query pays to each of `keys` (grouped-query attention, as AttentionArgs has it); a head's sum is 1.
 *
 * @param query `[numHeads * headDim]`
 * @param keys `[numKvHeads * headDim]` each
 */
export function attentionWeights(
  { numHeads, numKvHeads, headDim }: Pick<HymbaConfig, "numHeads" | "numKvHeads" | "headDim">,
  query: Float32Array,
  keys: readonly Float32Array[],
): number[][] {
  return Array.from({ length: numHeads }, (_, head) => {
    const q = head * headDim;
    const k = Math.floor(head * numKvHeads / numHeads) * headDim;
    const scores = keys.map((key) => {
      let score = 0;
      for (let i = 0; i < headDim; i++) score += query[q + i] * key[k + i];
      return score / Math.sqrt(headDim);
    });
    const highest = scores.reduce((a, b) => Math.max(a, b));
    const weights = scores.map((score) => Math.exp(score - highest));
    const total = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / total);
  });
}
