/**
 * @file The hybrid-head mixer (arXiv:2411.13676, section 2.1): one in_proj feeds attention heads and Mamba heads side by side; their
 * outputs, as wide as each other, are normed, averaged and projected back.
 */
import { attentionArgs, ropeAppendArgs } from "./attention.ts";
import type { HeadFusionArgs, LinearArgs } from "./backend.ts";
import type { MixerOps } from "./mixer_ops.ts";
import type { Network, Projections, Span } from "./network.ts";
import { ssmConvArgs, ssmScanArgs, xProjArgs } from "./ssm.ts";
import { columns, rowCount, rows, type Tensor } from "./tensor.ts";

/**
 * Adds the mixer's output to the residual stream x `[l, hiddenSize]`, whose norm it reads.
 *
 * @param first the first row that gets an output
 */
export function mixer(net: Network, index: number, x: Tensor, spans: readonly Span[], first = 0): void {
  const { backend } = net;
  const inProj = inProjArgs(net, index, x);
  backend.linear(inProj);
  runBranches(net, index, rowCount(x), split(net, index, inProj.out), spans);
  backend.headFusion(headFusionArgs(net, index, first, rowCount(x) - first));
  backend.linear(outProjArgs(net, index, x, first));
}

/** The ops of {@linkcode mixer} for the rows of one sequence. */
export function mixerOps(net: Network, index: number, x: Tensor, span: Span): MixerOps {
  const { workspace } = net;
  const inProj = inProjArgs(net, index, x);
  const projections = split(net, index, inProj.out);
  return {
    inProj,
    ropeAppend: ropeAppendArgs(net, index, projections, workspace.queries, span),
    ssmConv: ssmConvArgs(net, index, projections.u, workspace.conv, span),
    xProj: xProjArgs(net, index, rows(workspace.conv, 0, rowCount(x))),
    attention: attentionArgs(net, index, workspace.queries, workspace.attention, span),
    ssmScan: ssmScanArgs(net, index, projections, workspace.ssm, span),
    headFusion: headFusionArgs(net, index, 0, rowCount(x)),
    outProj: outProjArgs(net, index, x, 0),
  };
}

function inProjArgs({ config, weights, workspace }: Network, index: number, x: Tensor): LinearArgs {
  const { inputNorm, inProj } = weights.layers[index];
  const out = columns(rows(workspace.projected, 0, rowCount(x)), 0, inProj.shape[0]);
  return { x, norm: { weight: inputNorm, eps: config.rmsNormEps }, weight: inProj, out };
}

/** The branches take turns, so that a backend may run the ops of one beside those of the other. */
function runBranches(
  net: Network,
  index: number,
  l: number,
  projections: Projections,
  spans: readonly Span[],
): void {
  const { backend, workspace } = net;
  const of = (tensor: Tensor): Tensor => rows(tensor, 0, l);
  const { conv, queries, attention, ssm } = workspace;
  spans.forEach((span) => backend.ropeAppend(ropeAppendArgs(net, index, projections, queries, span)));
  spans.forEach((span) => backend.ssmConv(ssmConvArgs(net, index, projections.u, conv, span)));
  backend.linear(xProjArgs(net, index, of(conv)));
  spans.forEach((span) => backend.attention(attentionArgs(net, index, queries, attention, span)));
  spans.forEach((span) => backend.ssmScan(ssmScanArgs(net, index, projections, ssm, span)));
  net.observer?.onBranches(net, index, {
    spans,
    queries: of(queries),
    attention: of(attention),
    ssm: of(ssm),
  });
}

function headFusionArgs(
  { config, weights, workspace }: Network,
  index: number,
  first: number,
  count: number,
): HeadFusionArgs {
  const { attentionNorm, ssmNorm } = weights.layers[index];
  const [attention, ssm] = [rows(workspace.attention, first, count), rows(workspace.ssm, first, count)];
  return { attention, ssm, attentionNorm, ssmNorm, eps: config.rmsNormEps, out: attention };
}

function outProjArgs({ weights, workspace }: Network, index: number, x: Tensor, first: number): LinearArgs {
  const count = rowCount(x) - first;
  const fused = rows(workspace.attention, first, count);
  return { x: fused, weight: weights.layers[index].outProj, out: rows(x, first, count), accumulate: true };
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
