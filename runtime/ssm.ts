/** @file The Mamba heads (arXiv:2312.00752): convolve, project to dt, B and C, scan, gate. */
import type { Network, Projections, Span } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/** What the convolution makes of a chunk, for the scan. */
export interface Convolved {
  /** `[l, dInner]`. */
  readonly x: Tensor;
  /** `[l, dtRank + 2 dState]`. */
  readonly dtBC: Tensor;
}

/** Convolves, and projects to dt, B and C. */
export function convolve(net: Network, index: number, { u }: Projections, spans: readonly Span[]): Convolved {
  const { backend, workspace } = net;
  const { convWeight, convBias, xProj } = net.weights.layers[index].ssm;
  const x = rows(workspace.conv, 0, rowCount(u));
  const dtBC = rows(workspace.dtBC, 0, rowCount(u));
  for (const { state, start, length } of spans) {
    const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
    const convState = state.convStates[index];
    backend.ssmConv({ x: of(u), weight: convWeight, bias: convBias, convState, out: of(x) });
  }
  backend.linear({ x, weight: xProj, out: dtBC });
  return { x, dtBC };
}

/** Scans and gates: writes the Mamba heads' output `[l, dInner]`. */
export function scan(
  net: Network,
  index: number,
  { z }: Projections,
  { x, dtBC }: Convolved,
  out: Tensor,
  spans: readonly Span[],
): void {
  const { backend, config: { rmsNormEps: eps } } = net;
  const { convWeight: _weight, convBias: _bias, xProj: _xProj, ...weights } = net.weights.layers[index].ssm;
  for (const { state, start, length } of spans) {
    const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
    const ssmState = state.ssmStates[index];
    backend.ssmScan({ dtBC: of(dtBC), x: of(x), z: of(z), ...weights, eps, ssmState, out: of(out) });
  }
}
