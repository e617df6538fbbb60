/**
 * @file Does a GPU compute what the CPU computes? Both pass the same tokens through the same weights: those of the model that was asked
 * for, but of its first layers only, so that a large model is never held twice. The CPU goes first and is freed before the GPU loads.
 */
import type { ActivationPrecision } from "./activation_precision.ts";
import type { Backend } from "./backend.ts";
import type { SelfTestReport } from "./backend_report.ts";
import { collectLogits } from "./collect_logits.ts";
import type { HymbaConfig } from "./config.ts";
import { BackendUnavailableError } from "./errors.ts";
import { EventLoopTurns } from "./event_loop.ts";
import type { TensorFile } from "./formats/tensor_file.ts";
import { loadNetwork, type NetworkSource } from "./load_network.ts";
import { passMetaTokens } from "./meta_state.ts";
import type { Network } from "./network.ts";
import { tensorSpecs } from "./weights.ts";

/** Tokens of the prompt, enough for several rows in a pass, and tokens after it. */
const PROMPT_TOKENS = 12;
const DECODE_TOKENS = 8;

/**
 * Largest error that passes, as a fraction of a token's largest logit. Backends differ by 1e-5 where activations have two bytes; with one,
 * a single one that rounds the other way is seen in the logits. A wrong kernel differs by the whole.
 */
const TOLERANCE: Readonly<Record<ActivationPrecision, number>> = { q16: 1e-3, q8: 5e-2 };

/** What the CPU computed, to be compared with. */
export interface Expectation {
  /** `[PROMPT_TOKENS + DECODE_TOKENS, vocabSize]`. */
  readonly logits: Float32Array;
  readonly milliseconds: number;
}

/** The logits of the model's first layers on a backend that is known to be right, which is disposed of. */
export async function expectLogits(source: NetworkSource, cpu: Backend): Promise<Expectation> {
  const start = performance.now();
  try {
    const logits = await sampleLogits(await loadNetwork(firstLayers(source), cpu));
    return { logits, milliseconds: performance.now() - start };
  } finally {
    cpu.dispose();
  }
}

/**
 * Compares a loaded network with what the CPU computed.
 *
 * @throws {BackendUnavailableError} where they differ
 */
export async function selfTest(
  net: Network,
  expected: Expectation,
  activations: ActivationPrecision = "q16",
): Promise<SelfTestReport> {
  const start = performance.now();
  const { vocabSize, layers } = net.config;
  const count = layersToTest(net.config);
  const logits = await sampleLogits({
    ...net,
    observer: undefined,
    config: { ...net.config, layers: layers.slice(0, count) },
    weights: { ...net.weights, layers: net.weights.layers.slice(0, count) },
  });
  const comparison = compareLogits(logits, expected.logits, vocabSize, TOLERANCE[activations]);
  const report = { ...comparison, milliseconds: expected.milliseconds + performance.now() - start };
  if (report.maxError <= TOLERANCE[activations] && report.top1Agreement === 1) return report;
  throw new BackendUnavailableError(
    `Cannot use the GPU: its logits differ from the CPU's by ${
      report.maxError.toPrecision(2)
    } of the largest, and ${
      Math.round(100 * report.top1Agreement)
    } % of the next tokens agree, expected at most ${TOLERANCE[activations]} and all`,
    'Use backend "wasm"; update the GPU\'s driver, and report this with its name if that does not help',
  );
}

/**
 * Compares logits, `[steps, vocabSize]` each.
 *
 * @param tolerance two successors are tied where the expected logits differ by less, as a fraction of the largest
 */
export function compareLogits(
  logits: Float32Array,
  expected: Float32Array,
  vocabSize: number,
  tolerance: number,
): Omit<SelfTestReport, "milliseconds"> {
  const steps = expected.length / vocabSize;
  let maxError = 0;
  let agreeing = 0;
  for (let step = 0; step < steps; step++) {
    const [got, wanted] = [logits, expected].map((all) =>
      all.subarray(step * vocabSize, (step + 1) * vocabSize)
    );
    const scale = wanted.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    wanted.forEach((value, i) => {
      const error = Math.abs(got[i] - value) / scale;
      if (!(error <= maxError)) maxError = Number.isNaN(error) ? Infinity : error;
    });
    if (wanted[argmax(wanted)] - wanted[argmax(got)] <= tolerance * scale) agreeing++;
  }
  return { steps, maxError, top1Agreement: agreeing / steps };
}

/** Layers from the first on, until every kind of layer that the model has was among them. */
export function layersToTest({ layers }: Pick<HymbaConfig, "layers">): number {
  const kinds = layers.map(({ attention, kvOwner }, layer) => `${attention} ${kvOwner === layer}`);
  return Math.max(...kinds.map((kind) => kinds.indexOf(kind))) + 1;
}

/** The same checkpoint as if it had its first layers only. */
function firstLayers(source: NetworkSource): NetworkSource {
  const { checkpoint } = source;
  const config = { ...source.config, layers: source.config.layers.slice(0, layersToTest(source.config)) };
  const specs = tensorSpecs(config);
  const tensors = new Map([...checkpoint.tensors.tensors].filter(([name]) => specs.has(name)));
  const file: TensorFile = {
    tensors,
    read: (name, signal) => checkpoint.tensors.read(name, signal),
    readSlice: (...slice) => checkpoint.tensors.readSlice(...slice),
    close: () => checkpoint.tensors.close(),
  };
  const { signal, quantization } = source.weights;
  return {
    ...source,
    config,
    observer: undefined,
    weights: { signal, quantization },
    checkpoint: { ...checkpoint, tensors: file, metaState: null },
  };
}

/** Logits of a fixed text of ids from all over the vocabulary. */
async function sampleLogits(net: Network): Promise<Float32Array> {
  const ids = Array.from(
    { length: PROMPT_TOKENS + DECODE_TOKENS },
    (_, i) => (7919 * i + 1) % net.config.vocabSize,
  );
  const state = await passMetaTokens(net, "f32");
  using turns = new EventLoopTurns();
  try {
    const input = { ids: ids.slice(0, PROMPT_TOKENS), steps: ids.slice(PROMPT_TOKENS) };
    return await collectLogits(net, state, input, turns);
  } finally {
    state.dispose();
  }
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
