/** @file One layer: `x += mixer(norm(x)); x += mlp(norm(x))`. */
import { mixer } from "./mixer.ts";
import { mlp } from "./mlp.ts";
import type { Network, Span } from "./network.ts";
import type { Tensor } from "./tensor.ts";

/** Layer `index`, in place on the residual stream x `[l, hiddenSize]`. */
export function layer(net: Network, index: number, x: Tensor, spans: readonly Span[]): void {
  mixer(net, index, x, spans);
  mlp(net, index, x);
}
