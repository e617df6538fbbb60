/**
 * @file The encoder, top to bottom (Edifice's Hymba): input projection -> layers -> norm of the last row. Written once, over
 * {@linkcode EncoderBackend}; a whole sequence and a single step are the same functions with more or fewer rows.
 */
import type { Weight } from "../backend.ts";
import { columns, rowCount, rows, type Tensor } from "../tensor.ts";
import { dense } from "./dense.ts";
import { encoderWidths } from "./encoder_config.ts";
import type { EncoderNet } from "./encoder_net.ts";
import type { EncoderState } from "./encoder_state.ts";
import type { Norm } from "./encoder_tensors.ts";
import { passMetaStates, placeMetaStates } from "./meta_states.ts";

/** LayerNorm's, as Axon has it. */
const EPS = 1e-5;

/**
 * Passes `l` rows, which the workspace's input holds, through every layer.
 *
 * @param onGate called with each layer's gates `[l, hiddenSize]`, which the next op overwrites
 * @returns `[1, hiddenSize]`, valid until the next pass
 */
export function encodeRows(
  net: EncoderNet,
  state: EncoderState,
  l: number,
  onGate: (layer: number, gate: Tensor) => void,
): Tensor {
  const { weights: { inputProjection, layers, finalNorm }, workspace } = net;
  const input = rows(workspace.input, 0, l);
  const x = rows(workspace.x, 0, l);
  if (inputProjection) dense(net, input, inputProjection, x);
  else net.backend.copy(input, x);
  layers.forEach((_, index) => onGate(index, layer(net, index, state, x)));
  norm(net, rows(x, l - 1, 1), finalNorm, workspace.output);
  state.advance(l);
  return workspace.output;
}

function norm({ ops }: EncoderNet, x: Tensor, weights: Norm<Weight>, out: Tensor): void {
  ops.layerNorm({ x, ...weights, eps: EPS, out });
}

/** Both branches, fused into the residual stream by their gates, and the feed-forward network; returns the gates. */
function layer(net: EncoderNet, index: number, state: EncoderState, x: Tensor): Tensor {
  const { ops, weights, workspace } = net;
  const layer = weights.layers[index];
  const of = (tensor: Tensor): Tensor => rows(tensor, 0, rowCount(x));
  const [h, gate, ssm, attention, ffn] = [
    workspace.h,
    workspace.gate,
    workspace.ssm,
    workspace.attention,
    workspace.ffn,
  ].map(of);
  norm(net, x, layer.norm, h);
  scan(net, index, state, h, ssm);
  attend(net, index, state, h, attention);
  dense(net, h, layer.gate, gate, { activation: "sigmoid" });
  ops.gateFusion({ gate, ssm, attention, x });
  norm(net, x, layer.ffnNorm, h);
  dense(net, h, layer.ffnUp, ffn, { activation: "gelu" });
  dense(net, ffn, layer.ffnDown, x, { accumulate: true });
  return gate;
}

/** The Mamba branch. */
function scan(net: EncoderNet, index: number, state: EncoderState, h: Tensor, out: Tensor): void {
  const { backend, ops, config, weights, workspace } = net;
  const { inProj, conv, bcProj, dtRank, dtProj, ssmOut } = weights.layers[index];
  const { dInner } = encoderWidths(config);
  const of = (tensor: Tensor): Tensor => rows(tensor, 0, rowCount(h));
  const [uz, x, bc, dtLow, dt, scanned] = [
    workspace.uz,
    workspace.conv,
    workspace.bc,
    workspace.dtLow,
    workspace.dt,
    workspace.scanned,
  ].map(of);
  dense(net, h, inProj, uz);
  const convState = state.convStates[index];
  backend.ssmConv({ x: columns(uz, 0, dInner), weight: conv.kernel, bias: conv.bias, convState, out: x });
  dense(net, x, bcProj, bc);
  dense(net, x, dtRank, dtLow);
  backend.linear({ x: dtLow, weight: dtProj.kernel, out: dt });
  const ssmState = state.ssmStates[index];
  ops.clippedScan({
    dt,
    dtBias: dtProj.bias,
    bc,
    x,
    z: columns(uz, dInner, dInner),
    ssmState,
    out: scanned,
  });
  dense(net, scanned, ssmOut, out);
}

/**
 * The attention branch: every query sees the meta tokens and every step up to its own; there are no positions. Edifice adds 1e-8 to the
 * softmax's denominator, which is at least 1: less than float32 can tell, so the backends' attention is the same.
 */
function attend(net: EncoderNet, index: number, state: EncoderState, h: Tensor, out: Tensor): void {
  const { backend, config: { numHeads, numMetaTokens, metaPropagation }, weights, workspace } = net;
  const { query, key, value, attentionOut } = weights.layers[index];
  const l = rowCount(h);
  const { cursor } = state;
  const cache = state.caches[index];
  const slot = numMetaTokens + state.length;
  const [queries, attended] = [rows(workspace.queries, 0, l), rows(workspace.attended, 0, l)];
  dense(net, h, query, queries);
  dense(net, h, key, rows(cache.keys, slot, l));
  dense(net, h, value, rows(cache.values, slot, l));
  if (metaPropagation) placeMetaStates(net, index, state);
  backend.attention({
    queries,
    cache,
    cursor,
    numHeads,
    numKvHeads: numHeads,
    lookback: null,
    out: attended,
  });
  if (metaPropagation && index + 1 < weights.layers.length) passMetaStates(net, index, state);
  dense(net, attended, attentionOut, out);
}
