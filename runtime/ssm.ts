/** @file The Mamba heads (arXiv:2312.00752): convolve, project to dt, B and C, scan, gate. */
import type { Network, Projections, Span } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/** Writes the Mamba heads' output `[l, dInner]`. */
export function ssm(
  net: Network,
  index: number,
  { u, z }: Projections,
  out: Tensor,
  spans: readonly Span[],
): void {
  const { backend, config: { rmsNormEps: eps }, workspace } = net;
  const { convWeight, convBias, xProj, ...scanWeights } = net.weights.layers[index].ssm;
  const x = rows(workspace.conv, 0, rowCount(u));
  const dtBC = rows(workspace.dtBC, 0, rowCount(u));
  for (const { state, start, length } of spans) {
    const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
    const convState = state.convStates[index];
    backend.ssmConv({ x: of(u), weight: convWeight, bias: convBias, convState, out: of(x) });
  }
  backend.linear({ x, weight: xProj, out: dtBC });
  for (const { state, start, length } of spans) {
    const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
    const ssmState = state.ssmStates[index];
    backend.ssmScan({ dtBC: of(dtBC), x: of(x), z: of(z), ...scanWeights, eps, ssmState, out: of(out) });
  }
}
