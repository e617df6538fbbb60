/**
 * @file The hybrid-head mixer (arXiv:2411.13676, section 2.1): one in_proj feeds attention heads and Mamba heads side by side; their
 * outputs, as wide as each other, are normed, averaged and projected back.
 */
import { appendKeys, attend } from "./attention.ts";
import type { Network, Projections, Span } from "./network.ts";
import { convolve, scan } from "./ssm.ts";
import { columns, rowCount, rows, type Tensor } from "./tensor.ts";

/**
 * Adds the mixer's output to the residual stream x `[l, hiddenSize]`, whose norm it reads. The branches take turns, so that a
 * backend may run the ops of one beside those of the other.
 */
export function mixer(net: Network, index: number, x: Tensor, spans: readonly Span[]): void {
  const { backend, config, weights, workspace } = net;
  const { inputNorm, inProj, outProj, attentionNorm, ssmNorm } = weights.layers[index];
  const eps = config.rmsNormEps;
  const l = rowCount(x);
  const projected = columns(rows(workspace.projected, 0, l), 0, inProj.shape[0]);
  backend.linear({ x, norm: { weight: inputNorm, eps }, weight: inProj, out: projected });
  const projections = split(net, index, projected);
  const queries = rows(workspace.queries, 0, l);
  const attended = rows(workspace.attention, 0, l);
  const scanned = rows(workspace.ssm, 0, l);
  appendKeys(net, index, projections, queries, spans);
  const convolved = convolve(net, index, projections, spans);
  attend(net, index, queries, attended, spans);
  scan(net, index, projections, convolved, scanned, spans);
  net.observer?.onBranches(net, index, {
    spans,
    queries,
    attention: attended,
    ssm: scanned,
  });
  backend.headFusion({
    attention: attended,
    ssm: scanned,
    attentionNorm,
    ssmNorm,
    eps,
    out: attended,
  });
  backend.linear({ x: attended, weight: outProj, out: x, accumulate: true });
}

/** `[queries | keys | values | u | z]` for an owner of keys and values, `[queries | u | z]` for a consumer. */
function split({ config }: Network, index: number, projected: Tensor): Projections {
  const { numHeads, numKvHeads, headDim, vHeadDim, dInner, layers } = config;
  let start = 0;
  const take = (width: number): Tensor => columns(projected, (start += width) - width, width);
  const queries = take(numHeads * headDim);
  const ownsKv = layers[index].kvOwner === index;
  const keyValues = ownsKv ? { keys: take(numKvHeads * headDim), values: take(numKvHeads * vHeadDim) } : null;
  return { queries, keyValues, u: take(dInner), z: take(dInner) };
}
