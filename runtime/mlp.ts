/** @file SwiGLU: `x += down(silu(gate(h)) * up(h))` (arXiv:2002.05202), where h is the norm of x. */
import type { Backend, GatedLinearArgs, LinearArgs } from "./backend.ts";
import type { Network } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/** The ops of an MLP, in the order of their calls. */
export interface MlpOps {
  readonly gateAndUp: GatedLinearArgs;
  readonly down: LinearArgs;
}

/** The ops that add layer `index`'s MLP to the residual stream x `[l, hiddenSize]`. */
export function mlpOps({ config, weights, workspace }: Network, index: number, x: Tensor): MlpOps {
  const { mlpNorm, gateProj, upProj, downProj } = weights.layers[index];
  const inner = rows(workspace.mlp, 0, rowCount(x));
  const norm = { weight: mlpNorm, eps: config.rmsNormEps };
  return {
    gateAndUp: { x, norm, gate: gateProj, up: upProj, out: inner },
    down: { x: inner, weight: downProj, out: x, accumulate: true },
  };
}

/** Runs them. */
export function runMlpOps(backend: Backend, { gateAndUp, down }: MlpOps): void {
  backend.gatedLinear(gateAndUp);
  backend.linear(down);
}
