/**
 * @file Loads an encoder where it computes best: on a GPU where one is worth it and computes what the CPU computes, else on WebAssembly. As
 * ../open_backend.ts does for models.
 */
import { BackendUnavailableError, DeviceLostError, KernelError } from "../errors.ts";
import { type AutoChoice, GPU_WORTH_BYTES, type WebGpuChoice } from "../open_backend.ts";
import type { TensorFile } from "../formats/tensor_file.ts";
import type { ProgressOptions } from "../load_tensors.ts";
import type { SignalOptions } from "../signal_options.ts";
import type { EncoderLoadOptions } from "./encoder_calls.ts";
import type { EncoderConfig } from "./encoder_config.ts";
import { createEncoderNet, type EncoderNet } from "./encoder_net.ts";
import type { EncoderBackend } from "./encoder_ops.ts";
import { EncoderStream } from "./encoder_stream.ts";
import { parameterCount } from "./encoder_tensors.ts";
import { loadEncoderWeights } from "./encoder_weights.ts";
import { type EncoderBackendKind, openEncoderBackend } from "./open_encoder_backend.ts";

/** Steps of the test that are read at once, and one by one after these. */
const WHOLE_STEPS = 12;
const SINGLE_STEPS = 4;
/** Largest difference that passes, as a fraction of the largest number. Backends differ by 1e-6, a wrong kernel by the whole. */
const TOLERANCE = 1e-3;

/** What is loaded. */
interface EncoderSource {
  readonly file: TensorFile;
  readonly config: EncoderConfig;
  readonly options: ProgressOptions & SignalOptions;
}

/**
 * Opens a backend and loads the weights onto it.
 *
 * @throws {ConfigError} for a backend that is unknown
 * @throws {BackendUnavailableError} where the one asked for, or every one, cannot run here
 * @throws {WeightsError} where the weights are not the encoder's
 */
export async function openEncoderNet(
  file: TensorFile,
  config: EncoderConfig,
  { backend: choice = "auto", ...options }: EncoderLoadOptions,
): Promise<EncoderNet> {
  const source: EncoderSource = { file, config, options };
  const tagged = (typeof choice === "string" ? { kind: choice } : choice) as AutoChoice | EncoderBackendKind;
  if (tagged.kind === "webgpu" && tagged.selfTest) return await openTested(tagged, source);
  if (tagged.kind !== "auto") return await openOn(tagged, "asked for", source);
  const { minMatrixBytes = GPU_WORTH_BYTES, ...gpu } = tagged;
  const bytes = parameterCount(config) * Float32Array.BYTES_PER_ELEMENT;
  if (bytes < minMatrixBytes) {
    return await openOn({ kind: "wasm" }, "an encoder so small is no work for a GPU", source);
  }
  try {
    return await openTested({ ...gpu, kind: "webgpu" }, source);
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return await openOn({ kind: "wasm" }, `no WebGPU (${error.message})`, source);
  }
}

async function openOn(
  choice: EncoderBackendKind,
  why: string,
  { file, config, options }: EncoderSource,
): Promise<EncoderNet> {
  const opened = await openEncoderBackend(choice, why);
  return await withBackend(opened, async () => {
    const weights = await loadEncoderWeights(file, config, opened.backend, options);
    return createEncoderNet(opened, config, weights);
  });
}

/** Opens a GPU and compares it with WebAssembly, which goes first and is freed before the GPU loads. */
async function openTested(choice: WebGpuChoice, source: EncoderSource): Promise<EncoderNet> {
  const { signal } = source.options;
  const { backend: gpu } = await openEncoderBackend(choice);
  gpu.dispose(); // without a GPU there is nothing to compare
  const cpu = await openOn({ kind: "wasm" }, "the test's", { ...source, options: { signal } });
  const wanted = await withBackend(cpu, () => sample(cpu)).finally(() => cpu.backend.dispose());
  const net = await openOn(choice, "there is a GPU, and its encodings agree with the CPU's", source);
  return await withBackend(net, async () => {
    const error = largestError(await sample(net).catch(failed), wanted);
    if (error <= TOLERANCE) return net;
    throw new BackendUnavailableError(
      `Cannot use the GPU: its encodings are off by ${error} of the largest number, expected at most ${TOLERANCE}`,
      'Use backend "wasm", and report this with the adapter\'s name',
    );
  });
}

function failed(cause: unknown): never {
  if (!(cause instanceof KernelError || cause instanceof DeviceLostError)) throw cause;
  throw new BackendUnavailableError(
    `Cannot use the GPU: it failed at the test's first steps ("${cause.message}"), expected encodings`,
    'Use backend "wasm"',
    { cause },
  );
}

/** The encodings of a made-up sequence after its first steps and after each of some more. */
async function sample(net: EncoderNet): Promise<number[]> {
  const { embedDim } = net.config;
  const steps = (first: number, count: number): Float32Array =>
    Float32Array.from({ length: count * embedDim }, (_, i) => Math.sin(1 + 1.7 * (first * embedDim + i)));
  await using stream = new EncoderStream(net, { maxLength: WHOLE_STEPS + SINGLE_STEPS });
  const encodings = [...await stream.step(steps(0, WHOLE_STEPS))];
  for (let i = 0; i < SINGLE_STEPS; i++) encodings.push(...await stream.step(steps(WHOLE_STEPS + i, 1)));
  return encodings;
}

/** As a fraction of the largest number wanted; NaN where a number is none. */
function largestError(got: readonly number[], wanted: readonly number[]): number {
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...got.map((value, i) => Math.abs(value - wanted[i]))) / largest;
}

/** Disposes of the backend where the work fails. */
async function withBackend<T>({ backend }: EncoderBackend, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    backend.dispose();
    throw error;
  }
}
