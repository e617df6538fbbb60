/**
 * @file The hybrid-head mixer (arXiv:2411.13676, section 2.1): one in_proj feeds attention heads and Mamba heads side by side; their
 * outputs, as wide as each other, are normed, averaged and projected back.
 */
import { attention } from "./attention.ts";
import type { Network, Projections, Span } from "./network.ts";
import { ssm } from "./ssm.ts";
import { columns, rowCount, rows, type Tensor } from "./tensor.ts";

/** Adds the mixer's output for h `[l, hiddenSize]` to the residual stream x. */
export function mixer(net: Network, index: number, h: Tensor, x: Tensor, spans: readonly Span[]): void {
  const { backend, config, weights, workspace } = net;
  const { inProj, outProj, attentionNorm, ssmNorm } = weights.layers[index];
  const l = rowCount(h);
  const projected = columns(rows(workspace.projected, 0, l), 0, inProj.shape[0]);
  backend.linear({ x: h, weight: inProj, out: projected });
  const projections = split(net, index, projected);
  const attended = rows(workspace.attention, 0, l);
  const scanned = rows(workspace.ssm, 0, l);
  attention(net, index, projections, attended, spans);
  ssm(net, index, projections, scanned, spans);
  net.observer?.onBranches(net, index, {
    spans,
    queries: projections.queries,
    attention: attended,
    ssm: scanned,
  });
  backend.headFusion({
    attention: attended,
    ssm: scanned,
    attentionNorm,
    ssmNorm,
    eps: config.rmsNormEps,
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
