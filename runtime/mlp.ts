/** @file SwiGLU: `x += down(silu(gate(h)) * up(h))` (arXiv:2002.05202), where h is the norm of x. */
import type { Network } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/** Adds layer `index`'s MLP to the residual stream x `[l, hiddenSize]`. */
export function mlp({ backend, config, weights, workspace }: Network, index: number, x: Tensor): void {
  const { mlpNorm, gateProj, upProj, downProj } = weights.layers[index];
  const inner = rows(workspace.mlp, 0, rowCount(x));
  const norm = { weight: mlpNorm, eps: config.rmsNormEps };
  backend.gatedLinear({ x, norm, gate: gateProj, up: upProj, out: inner });
  backend.linear({ x: inner, weight: downProj, out: x, accumulate: true });
}
