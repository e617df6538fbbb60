/**
 * @file Chooses a backend. The only place that falls back, and only when a backend says that it cannot run here; the report
 * says which backend it is and why.
 */
import type { ActivationPrecision } from "./activation_precision.ts";
import type { Backend, BackendKind } from "./backend.ts";
import { ReferenceBackend } from "./backends/reference.ts";
import type { WasmOptions } from "./backends/wasm.ts";
import type { KernelOptions } from "./backends/wasm/open_kernels.ts";
import type { WebGpuOptions } from "./backends/webgpu.ts";
import type { AdapterReport, GpuFeatures } from "./backends/webgpu/device.ts";
import { ConfigError } from "./errors.ts";

/** WebGPU with more to say than its name. */
export interface WebGpuChoice {
  /** Names the backend. */
  readonly kind: "webgpu";
  /** Where adapters come from, such as the npm package `webgpu`; the platform's `navigator.gpu` unless given. */
  readonly gpu?: GPU;
  /** Take a GPU that is emulated on the CPU, too. */
  readonly allowSoftware?: boolean;
}

/** WebAssembly with more to say than its name, such as a compiled module where none may be compiled. */
export interface WasmChoice extends Omit<KernelOptions, "threads"> {
  /** Names the backend. */
  readonly kind: "wasm";
}

/** Which backend to use; `auto` takes WASM, WebGPU runs only when asked for. */
export type BackendChoice = "auto" | BackendKind;

/** Which backend runs, and why that one. */
export interface BackendReport {
  /** Which one runs. */
  readonly kind: BackendKind;
  /** Why this one was chosen, as a sentence without its full stop. */
  readonly reason: string;
  /** The SIMD instructions of the WASM build in use. */
  readonly simd?: "relaxed" | "simd128";
  /** Threads that the WASM build computes with, the caller's own included. */
  readonly threads?: number;
  /** The GPU in use. */
  readonly adapter?: AdapterReport;
  /** What the kernels use of the GPU. */
  readonly features?: GpuFeatures;
}

/** A backend and the report on how it was chosen. */
export interface OpenedBackend {
  readonly backend: Backend;
  readonly report: BackendReport;
}

/** What any backend is told, and heeds where it knows it. */
export interface OpenOptions {
  /** What products with quantised weights make of activations. @default {"q16"} */
  readonly activations?: ActivationPrecision;
  /** Threads of the WASM backend. @default {1} */
  readonly threads?: number | "auto";
}

/**
 * Opens a backend.
 *
 * @throws {BackendUnavailableError} where the one asked for, or every one, cannot run here
 */
export async function openBackend(
  choice: BackendChoice | WebGpuChoice | WasmChoice = "auto",
  options: OpenOptions = {},
): Promise<OpenedBackend> {
  if (typeof choice === "object") {
    return choice.kind === "wasm"
      ? await openWasm("asked for", { ...choice, ...options })
      : await openWebGpu({ ...choice, ...options });
  }
  switch (choice) {
    case "reference":
      return {
        backend: new ReferenceBackend(options.activations),
        report: { kind: "reference", reason: "asked for" },
      };
    case "wasm":
      return await openWasm("asked for", options);
    case "auto":
      return await openWasm("WebGPU runs only when asked for", options);
    case "webgpu":
      return await openWebGpu(options);
    default:
      throw new ConfigError(
        `Cannot open backend "${choice}": it is unknown, expected "auto", "webgpu", "wasm" or "reference"`,
        'Use backend "auto"',
      );
  }
}

async function openWasm(why: string, options: WasmOptions): Promise<OpenedBackend> {
  const { openWasmBackend } = await import("./backends/wasm.ts");
  const backend = await openWasmBackend(options);
  const { simd, threads } = backend;
  return { backend, report: { kind: "wasm", reason: `${why}; ${backend.reason}`, simd, threads } };
}

async function openWebGpu(options: WebGpuOptions): Promise<OpenedBackend> {
  const { openWebGpuBackend } = await import("./backends/webgpu.ts");
  const backend = await openWebGpuBackend(options);
  const { adapter, features } = backend;
  return { backend, report: { kind: "webgpu", reason: "asked for", adapter, features } };
}
