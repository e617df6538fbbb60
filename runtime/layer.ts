/** @file One layer: `x += mixer(norm(x)); x += mlp(norm(x))`. */
import { mixer } from "./mixer.ts";
import { mlp } from "./mlp.ts";
import type { Network, Span } from "./network.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/**
 * Layer `index`, in place on the residual stream x `[l, hiddenSize]`.
 *
 * @param first the first row whose output is wanted: those before it leave their keys, values and states, and x as they please
 */
export function layer(net: Network, index: number, x: Tensor, spans: readonly Span[], first = 0): void {
  mixer(net, index, x, spans, first);
  mlp(net, index, rows(x, first, rowCount(x) - first));
}
