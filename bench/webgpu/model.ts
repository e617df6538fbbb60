/** @file Whole-model timings: decode and prefill as the runtime runs them. */
import type { WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import type { HymbaConfig } from "../../runtime/config.ts";
import { forward, nextLogits } from "../../runtime/forward.ts";
import type { Network } from "../../runtime/network.ts";
import { SequenceState } from "../../runtime/state.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";
import { loadWeights } from "../../runtime/weights.ts";
import { createWorkspace } from "../../runtime/workspace.ts";
import { randomCheckpoint } from "./random_checkpoint.ts";
import type { Stopwatch } from "./timing.ts";

/** What the whole model takes. */
export interface ModelTimings {
  readonly dtype: WeightDtype;
  readonly weightBytes: number;
  /** By position: milliseconds a token, JavaScript's part of it, kernels a token. */
  readonly decode: readonly { position: number; total: number; encode: number; dispatches: number }[];
  /** By rows of a pass: milliseconds a pass, tokens a second. */
  readonly prefill: readonly { rows: number; total: number; encode: number; tokensPerSecond: number }[];
}

/** A network of random weights. */
export async function randomNetwork(
  backend: WebGpuBackend,
  config: HymbaConfig,
  dtype: WeightDtype,
  chunkSize: number,
): Promise<Network> {
  return {
    backend,
    config,
    weights: await loadWeights(randomCheckpoint(config, dtype), config, backend),
    rope: backend.createRope(config.inverseFrequencies),
    workspace: createWorkspace(backend, config, chunkSize),
    chunkSize,
    fingerprint: Promise.resolve("random"),
  };
}

/** A state of `net` with f16 keys and values, moved on to `position` without computing what lies before. */
export function stateAt(net: Network, position: number): SequenceState {
  const layout = {
    chunkSize: net.chunkSize,
    kvDtype: "f16",
    maxContext: position + 4096,
    globalWindow: null,
  } as const;
  const state = new SequenceState(net.backend, net.config, layout);
  state.advance(position);
  return state;
}

/** Decode at some positions. */
export async function timeDecode(
  net: Network,
  backend: WebGpuBackend,
  stopwatch: Stopwatch,
  positions: readonly number[],
): Promise<ModelTimings["decode"]> {
  const found: ModelTimings["decode"][number][] = [];
  for (const position of positions) {
    const state = stateAt(net, position);
    const lookback = net.config.windowSize - 1;
    const step = (): void => {
      forward(net, [1], [{ state, start: 0, length: 1, lookback }]);
      nextLogits(net, state.lastHidden);
    };
    step();
    const before = backend.dispatches;
    step();
    const dispatches = backend.dispatches - before;
    const timing = await stopwatch.measure((tokens) => {
      for (let i = 0; i < tokens; i++) step();
    }, 16);
    found.push({ position, ...timing, dispatches });
    state.dispose();
  }
  return found;
}

/** Prefill passes of some lengths, after the meta tokens. */
export async function timePrefill(
  net: Network,
  stopwatch: Stopwatch,
  lengths: readonly number[],
): Promise<ModelTimings["prefill"]> {
  const found: ModelTimings["prefill"][number][] = [];
  for (const rows of lengths) {
    const state = stateAt(net, net.config.numMetaTokens);
    const ids = Array.from({ length: rows }, (_, i) => i % net.config.vocabSize);
    const timing = await stopwatch.measure(
      (passes) => {
        for (let i = 0; i < passes; i++) {
          forward(net, ids, [{ state, start: 0, length: rows, lookback: net.config.windowSize }]);
        }
      },
      1,
      3,
    );
    found.push({ rows, ...timing, tokensPerSecond: 1000 * rows / timing.total });
    state.dispose();
  }
  return found;
}
