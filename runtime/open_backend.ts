/**
 * @file Chooses a backend and loads a network onto it. The only place that falls back, and only when a backend says that it cannot run
 * here; the report says which backend it is and why.
 */
import type { ActivationPrecision } from "./activation_precision.ts";
import type { Backend, BackendKind } from "./backend.ts";
import type { BackendReport } from "./backend_report.ts";
import type { WasmOptions } from "./backends/wasm.ts";
import type { KernelOptions } from "./backends/wasm/open_kernels.ts";
import type { WebGpuBackend } from "./backends/webgpu.ts";
import { BackendUnavailableError, ConfigError, DeviceLostError, KernelError } from "./errors.ts";
import { loadNetwork, matrixBytes, type NetworkSource } from "./load_network.ts";
import type { Network } from "./network.ts";
import { type Expectation, expectLogits, selfTest } from "./self_test.ts";

/** Which GPUs to take, and from where. */
export interface GpuOptions {
  /** Where adapters come from, such as the npm package `webgpu`; the platform's `navigator.gpu` unless given. */
  readonly gpu?: GPU;
  /** Take a GPU that is emulated on the CPU, too. @default {false} */
  readonly allowSoftware?: boolean;
}

/** A GPU where one is worth it and computes what the CPU computes, else WebAssembly. */
export interface AutoChoice extends GpuOptions {
  /** Names the choice. */
  readonly kind: "auto";
  /** Bytes of matrices, as they are stored, from which on a GPU is tried. @default {32 MiB} */
  readonly minMatrixBytes?: number;
}

/** WebGPU with more to say than its name. */
export interface WebGpuChoice extends GpuOptions {
  /** Names the backend. */
  readonly kind: "webgpu";
  /** Compare with the CPU first, as `auto` does, and throw where they differ. @default {false} */
  readonly selfTest?: boolean;
}

/** WebAssembly with more to say than its name, such as a compiled module where none may be compiled. */
export interface WasmChoice extends Omit<KernelOptions, "threads"> {
  /** Names the backend. */
  readonly kind: "wasm";
}

/** Which backend to use; `auto` takes WebGPU for large models where there is a real GPU that passes a test, else WASM. */
export type BackendChoice = "auto" | BackendKind;

type TaggedChoice = AutoChoice | WebGpuChoice | WasmChoice | { readonly kind: "reference" };

/** A network on the backend that was chosen, and the report on how it was. */
export interface OpenedNetwork {
  readonly net: Network;
  readonly report: BackendReport;
}

/** What any backend is told, and heeds where it knows it. */
export interface OpenOptions {
  /** What products with quantised weights make of activations. @default {"q16"} */
  readonly activations?: ActivationPrecision;
  /** Threads of the WASM backend. @default {1} */
  readonly threads?: number | "auto";
  /** Whether results are to be the same bits on every machine, which the WASM backend alone can do. @default {false} */
  readonly deterministic?: boolean;
}

/**
 * From here on a GPU wins by much, though it be far from the fastest, and soon pays for its device, shaders, upload and test:
 * docs/architecture.md has the measurements.
 */
export const GPU_WORTH_BYTES = 32 * 2 ** 20;

/**
 * Opens a backend and loads a network onto it.
 *
 * @throws {BackendUnavailableError} where the one asked for, or every one, cannot run here
 * @throws {ConfigError} for a backend that is unknown, or cannot be deterministic where that is asked for
 */
export async function openNetwork(
  choice: BackendChoice | AutoChoice | WebGpuChoice | WasmChoice,
  source: NetworkSource,
  options: OpenOptions = {},
): Promise<OpenedNetwork> {
  const tagged = (typeof choice === "string" ? { kind: choice } : choice) as TaggedChoice;
  const { kind } = tagged;
  if (options.deterministic && (kind === "webgpu" || kind === "reference")) {
    throw new ConfigError(
      `Cannot open backend "${kind}": option "deterministic" is set, expected "wasm", which alone gives the same bits everywhere`,
      'Use backend "wasm" or "auto", or leave the option out',
    );
  }
  switch (tagged.kind) {
    case "reference": {
      const { ReferenceBackend } = await import("./backends/reference.ts");
      const net = await load(source, new ReferenceBackend(options.activations));
      return { net, report: { kind: "reference", reason: "asked for" } };
    }
    case "wasm":
      return await openOnWasm("asked for", source, { ...tagged, ...options });
    case "auto":
      return options.deterministic
        ? await openOnWasm("only WASM is deterministic", source, options)
        : await openBest(tagged, source, options);
    case "webgpu":
      return await openOnGpu("asked for", tagged, source, options);
    default:
      tagged satisfies never;
      throw new ConfigError(
        `Cannot open backend "${
          (tagged as { kind: string }).kind
        }": it is unknown, expected "auto", "webgpu", "wasm" or "reference"`,
        'Use backend "auto"',
      );
  }
}

/** Opens WebAssembly and loads a network onto it. */
export async function openOnWasm(
  why: string,
  source: NetworkSource,
  options: WasmOptions,
): Promise<OpenedNetwork> {
  const { openWasmBackend } = await import("./backends/wasm.ts");
  const backend = await openWasmBackend(options);
  try {
    const net = await loadNetwork(source, backend);
    backend.settleThreads();
    const { simd, threads, reason } = backend;
    return { net, report: { kind: "wasm", reason: `${why}; ${reason}`, simd, threads } };
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

async function openBest(
  { minMatrixBytes = GPU_WORTH_BYTES, ...choice }: AutoChoice,
  source: NetworkSource,
  options: OpenOptions,
): Promise<OpenedNetwork> {
  const bytes = matrixBytes(source);
  if (bytes < minMatrixBytes) {
    const why = `a model of ${mebibytes(bytes)} is too small for a GPU to pay, ${
      mebibytes(minMatrixBytes)
    } is the least`;
    return await openOnWasm(why, source, options);
  }
  try {
    const proven: WebGpuChoice = { ...choice, kind: "webgpu", selfTest: true };
    return await openOnGpu(
      "there is a GPU, and its logits agree with the CPU's",
      proven,
      source,
      options,
    );
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return await openOnWasm(`no WebGPU (${error.message})`, source, options);
  }
}

async function openOnGpu(
  reason: string,
  { selfTest: isTested = false, ...device }: WebGpuChoice,
  source: NetworkSource,
  options: OpenOptions,
): Promise<OpenedNetwork> {
  const { openWebGpuBackend } = await import("./backends/webgpu.ts");
  const backend = await openWebGpuBackend({ ...device, activations: options.activations });
  const { adapter, features } = backend;
  const report: BackendReport = { kind: "webgpu", reason, adapter, features };
  if (!isTested) return { net: await load(source, backend), report };
  try {
    return await loadAndTest(backend, report, source, options);
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

async function loadAndTest(
  backend: WebGpuBackend,
  report: BackendReport,
  source: NetworkSource,
  options: OpenOptions,
): Promise<OpenedNetwork> {
  const expected: Expectation = await expectLogits(source, await openCpu(options));
  try {
    const net = await loadNetwork(source, backend);
    return { net, report: { ...report, selfTest: await selfTest(net, expected, options.activations) } };
  } catch (cause) {
    if (!(cause instanceof KernelError || cause instanceof DeviceLostError)) throw cause;
    throw new BackendUnavailableError(
      `Cannot use the GPU: it failed at the model's first tokens ("${cause.message}"), expected logits`,
      'Use backend "wasm"',
      { cause },
    );
  }
}

async function openCpu({ activations }: OpenOptions): Promise<Backend> {
  const { openWasmBackend } = await import("./backends/wasm.ts");
  return await openWasmBackend({ activations });
}

async function load(source: NetworkSource, backend: Backend): Promise<Network> {
  try {
    return await loadNetwork(source, backend);
  } catch (error) {
    backend.dispose();
    throw error;
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
}
