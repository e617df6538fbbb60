/** @file Meta states: with `metaPropagation`, what the meta tokens pass from layer to layer. docs/encoder.md defines it. */
import { rows } from "../tensor.ts";
import { dense } from "./dense.ts";
import type { EncoderNet } from "./encoder_net.ts";
import type { EncoderState } from "./encoder_state.ts";
import { placeLearnedMeta } from "./learned_meta.ts";

/** Adds the projections of the meta states that a layer sees, without their biases, to its learned keys and values. */
export function placeMetaStates(net: EncoderNet, index: number, { caches, metaStates }: EncoderState): void {
  const { backend, config, weights } = net;
  const { key, value } = weights.layers[index];
  const x = metaStates[index];
  placeLearnedMeta(net, index, caches[index]);
  for (
    const [weight, slots] of [[key.kernel, caches[index].keys], [value.kernel, caches[index].values]] as const
  ) {
    backend.linear({ x, weight, out: rows(slots, 0, config.numMetaTokens), accumulate: true });
  }
}

/**
 * Makes the next layer's meta states: those of this layer, and what its meta tokens attend to, each with its own key as query,
 * projected as a row's would be. They see each other and every step so far.
 */
export function passMetaStates(net: EncoderNet, index: number, state: EncoderState): void {
  const { backend, ops, config, weights, workspace } = net;
  const { numHeads, numMetaTokens } = config;
  const { cursor, metaStates } = state;
  const cache = state.caches[index];
  for (let token = 0; token < numMetaTokens; token++) {
    const queries = rows(cache.keys, token, 1);
    const out = rows(workspace.metaAttended, token, 1);
    backend.attention({ queries, cache, cursor, numHeads, numKvHeads: numHeads, lookback: null, out });
  }
  const next = metaStates[index + 1];
  const { attentionOut } = weights.layers[index];
  backend.copy(metaStates[index], next);
  dense({ backend, ops }, workspace.metaAttended, attentionOut, next, { accumulate: true });
}
