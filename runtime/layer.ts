/** @file One layer: `x += mixer(norm(x)); x += mlp(norm(x))`. */
import { mixer } from "./mixer.ts";
import { mlp } from "./mlp.ts";
import type { Network, Span } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/** Layer `index`, in place on the residual stream x `[l, hiddenSize]`. */
export function layer(net: Network, index: number, x: Tensor, spans: readonly Span[]): void {
  const { backend, config: { rmsNormEps: eps }, weights, workspace } = net;
  const { inputNorm, mlpNorm } = weights.layers[index];
  const h = rows(workspace.h, 0, rowCount(x));
  backend.rmsNorm({ x, weight: inputNorm, eps, out: h });
  mixer(net, index, h, x, spans);
  backend.rmsNorm({ x, weight: mlpNorm, eps, out: h });
  mlp(net, index, h, x);
}
