/** @file Whole-model timings: decode and prefill as the runtime runs them. */
import type { WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import type { HymbaConfig } from "../../runtime/config.ts";
import { forward, nextLogits } from "../../runtime/forward.ts";
import { layer } from "../../runtime/layer.ts";
import type { Network, Span } from "../../runtime/network.ts";
import { SequenceState } from "../../runtime/state.ts";
import { rows, type WeightDtype } from "../../runtime/tensor.ts";
import { loadWeights } from "../../runtime/weights.ts";
import { createWorkspace } from "../../runtime/workspace.ts";
import { randomCheckpoint } from "./random_checkpoint.ts";
import type { Stopwatch } from "./timing.ts";

/** Decode at one position. */
export interface DecodeTiming {
  readonly position: number;
  /** Milliseconds a token, with a submit for each. */
  readonly total: number;
  /** Of it, JavaScript's part: until the last command is submitted. */
  readonly encode: number;
  /** Milliseconds that the GPU takes for a token when it never waits for commands. */
  readonly gpu: number;
  /** Kernels a token. */
  readonly dispatches: number;
  readonly tokensPerSecond: number;
}

/** A prompt after the meta tokens, in chunks of the network's size. */
export interface PrefillTiming {
  readonly tokens: number;
  /** Milliseconds to the prompt's logits: the time to the first token. */
  readonly total: number;
  readonly tokensPerSecond: number;
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
    maxContext: position + 9216,
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
): Promise<DecodeTiming[]> {
  const found: DecodeTiming[] = [];
  for (const position of positions) {
    const state = stateAt(net, position);
    const span = { state, start: 0, length: 1, lookback: net.config.windowSize - 1 };
    const step = (): void => {
      forward(net, [1], [span]);
      nextLogits(net, state.lastHidden);
    };
    step();
    const before = backend.dispatches;
    step();
    const dispatches = backend.dispatches - before;
    const repeat = (work: () => void) => (times: number): void => {
      for (let i = 0; i < times; i++) work();
    };
    const timing = await stopwatch.measure(repeat(step), 16);
    const batch = await stopwatch.measure(repeat(() => stepWithoutIds(net, span)), 16);
    const gpu = batch.total - batch.encode;
    found.push({ position, ...timing, gpu, dispatches, tokensPerSecond: 1000 / timing.total });
    state.dispose();
  }
  return found;
}

/** A step on the ids that are there: nothing is written from outside, so steps gather in one submit. */
function stepWithoutIds(net: Network, span: Span): void {
  const { backend, config, weights, workspace } = net;
  const x = rows(workspace.x, 0, 1);
  backend.embed({ ids: { ...workspace.ids, shape: [1] }, table: weights.embedding, out: x });
  config.layers.forEach((_, index) => layer(net, index, x, [span]));
  const { lastHidden } = span.state;
  backend.rmsNorm({ x, weight: weights.finalNorm, eps: config.rmsNormEps, out: lastHidden });
  nextLogits(net, lastHidden);
}

/** Prompts of some lengths, the second of two runs. */
export async function timePrefill(net: Network, lengths: readonly number[]): Promise<PrefillTiming[]> {
  const { backend, chunkSize, config: { numMetaTokens, vocabSize, windowSize } } = net;
  const found: PrefillTiming[] = [];
  for (const tokens of lengths) {
    let total = 0;
    for (let round = 0; round < 2; round++) {
      const state = stateAt(net, numMetaTokens);
      const start = performance.now();
      for (let first = 0; first < tokens; first += chunkSize) {
        const length = Math.min(chunkSize, tokens - first);
        const ids = Array.from({ length }, (_, i) => (first + i * 7) % vocabSize);
        forward(net, ids, [{ state, start: 0, length, lookback: windowSize }]);
      }
      await backend.read(nextLogits(net, state.lastHidden));
      total = performance.now() - start;
      state.dispose();
    }
    found.push({ tokens, total, tokensPerSecond: 1000 * tokens / total });
  }
  return found;
}
