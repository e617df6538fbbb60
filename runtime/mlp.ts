/** @file SwiGLU: `x += down(silu(gate(h)) * up(h))` (arXiv:2002.05202). */
import type { Network } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/** Adds the MLP of h `[l, hiddenSize]` to the residual stream x. */
export function mlp({ backend, weights, workspace }: Network, index: number, h: Tensor, x: Tensor): void {
  const { gateProj, upProj, downProj } = weights.layers[index];
  const inner = rows(workspace.mlp, 0, rowCount(h));
  backend.gatedLinear({ x: h, gate: gateProj, up: upProj, out: inner });
  backend.linear({ x: inner, weight: downProj, out: x, accumulate: true });
}
