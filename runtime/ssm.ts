/** @file The Mamba heads (arXiv:2312.00752): convolve, project to dt, B and C, scan, gate. */
import type { LinearArgs, SsmConvArgs, SsmScanArgs } from "./backend.ts";
import type { Network, Projections, Span } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/** Convolves a span's rows of `u` into `out` `[l, dInner]`. */
export function ssmConvArgs(
  { weights }: Network,
  index: number,
  u: Tensor,
  out: Tensor,
  { state, start, length }: Span,
): SsmConvArgs {
  const { convWeight: weight, convBias: bias } = weights.layers[index].ssm;
  const convState = state.convStates[index];
  return { x: rows(u, start, length), weight, bias, convState, out: rows(out, start, length) };
}

/** Projects all rows of the convolution's output to dt, B and C. */
export function xProjArgs({ weights, workspace }: Network, index: number, x: Tensor): LinearArgs {
  return { x, weight: weights.layers[index].ssm.xProj, out: rows(workspace.dtBC, 0, rowCount(x)) };
}

/** Scans and gates a span's rows: writes the Mamba heads' output `[l, dInner]`. */
export function ssmScanArgs(
  { config: { rmsNormEps: eps }, weights, workspace }: Network,
  index: number,
  { z }: Projections,
  out: Tensor,
  { state, start, length }: Span,
): SsmScanArgs {
  // Each by name: to spread what is left of the others takes an engine some microseconds in every layer.
  const { dtNorm, bNorm, cNorm, dtProj, dtBias, A, D } = weights.layers[index].ssm;
  const of = (tensor: Tensor): Tensor => rows(tensor, start, length);
  const [x, dtBC] = [of(workspace.conv), of(workspace.dtBC)];
  const constants = { dtNorm, bNorm, cNorm, dtProj, dtBias, A, D, eps };
  return { dtBC, x, z: of(z), ...constants, ssmState: state.ssmStates[index], out: of(out) };
}
