/** @file One layer: `x += mixer(norm(x)); x += mlp(norm(x))`. */
import { mixer } from "./mixer.ts";
import { mlpOps, runMlpOps } from "./mlp.ts";
import type { Network, Span } from "./network.ts";
import { runRow } from "./row_ops.ts";
import { rowCount, rows, type Tensor } from "./tensor.ts";

/**
 * Layer `index`, in place on the residual stream x `[l, hiddenSize]`, the workspace's first rows.
 *
 * @param first the first row whose output is wanted: those before it leave their keys, values and states, and x as they please
 */
export function layer(net: Network, index: number, x: Tensor, spans: readonly Span[], first = 0): void {
  if (rowCount(x) === 1 && !net.observer) {
    runRow(net, index, spans[0]);
    return;
  }
  mixer(net, index, x, spans, first);
  runMlpOps(net.backend, mlpOps(net, index, rows(x, first, rowCount(x) - first)));
}
