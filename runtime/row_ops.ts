/**
 * @file The ops of a layer on one row of one sequence, as every decode step makes them. Only the position differs between steps, and
 * the cursor holds that: the arguments are made once, and backends may recognise them.
 */
import type { Backend, KvCache } from "./backend.ts";
import { mixerOps } from "./mixer.ts";
import { fusesMixers, type MixerOps, runMixerOps } from "./mixer_ops.ts";
import { type MlpOps, mlpOps, runMlpOps } from "./mlp.ts";
import type { Network, Span } from "./network.ts";
import type { SequenceState } from "./state.ts";
import { rows } from "./tensor.ts";

/** One layer's ops, and what they were made for. */
interface RowOps {
  readonly net: Network;
  /** A growing cache is replaced now and then. */
  readonly cache: KvCache;
  readonly lookback: number;
  readonly mixer: MixerOps;
  readonly mlp: MlpOps;
}

const known = new WeakMap<SequenceState, RowOps[]>();

/** Passes the one row of the residual stream, the workspace's first, through layer `index`. */
export function runRow(net: Network, index: number, span: Span): void {
  const { mixer, mlp } = opsOf(net, index, span);
  runMixer(net.backend, mixer);
  runMlpOps(net.backend, mlp);
}

function runMixer(backend: Backend, ops: MixerOps): void {
  if (fusesMixers(backend)) backend.runMixer(ops);
  else runMixerOps(backend, ops);
}

function opsOf(net: Network, index: number, span: Span): RowOps {
  const { state, lookback } = span;
  let layers = known.get(state);
  if (!layers) known.set(state, layers = []);
  const before = layers[index];
  const cache = state.caches[index];
  if (before?.cache === cache && before.lookback === lookback && before.net === net) return before;
  const x = rows(net.workspace.x, 0, 1);
  return layers[index] = {
    ...{ net, cache, lookback },
    mixer: mixerOps(net, index, x, span),
    mlp: mlpOps(net, index, x),
  };
}
