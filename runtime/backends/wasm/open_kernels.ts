/** @file Which of the two WebAssembly modules runs here: compiled, instantiated and tested before anything relies on it. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import { BackendUnavailableError } from "../../errors.ts";
import { relaxedDotFault } from "./relaxed_dot.ts";
import { selfTest } from "./self_test.ts";

/** The two builds: with relaxed SIMD, and with plain 128-bit SIMD only. */
export type WasmVariant = "relaxed" | "simd128";

/** Options of {@linkcode openKernels}. */
export interface KernelOptions {
  /** Which build; `auto`, the default, takes the relaxed one where it passes its test, else the plain one. */
  readonly variant?: WasmVariant | "auto";
  /** A compiled module of either build, for runtimes that compile none themselves, such as workerd. */
  readonly module?: WebAssembly.Module;
}

/** An instance that passed its test. */
export interface OpenedKernels {
  readonly kernels: WasmExports;
  readonly simd: WasmVariant;
  /** Why this build, as a sentence without its full stop. */
  readonly reason: string;
}

/**
 * Opens a build.
 *
 * @throws {BackendUnavailableError} when the one asked for, or each, cannot run here or computes wrong results
 */
export async function openKernels(options: KernelOptions = {}): Promise<OpenedKernels> {
  const { variant = "auto", module } = options;
  if (module) return await openInjected(module, variant);
  if (variant !== "auto") return await open(await compile(variant), "asked for");
  try {
    return await open(await compile("relaxed"), "relaxed SIMD passed its self-test");
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return await open(await compile("simd128"), `plain SIMD, because: ${error.message}`);
  }
}

async function openInjected(
  module: WebAssembly.Module,
  variant: WasmVariant | "auto",
): Promise<OpenedKernels> {
  const opened = await open(module, "the module given");
  if (variant === "auto" || variant === opened.simd) return opened;
  throw new BackendUnavailableError(
    `Cannot open the WASM backend: the module given is the ${opened.simd} build, expected ${variant}`,
    `Give the module wasm/pkg/${variant}/kernels.wasm, or leave the variant out`,
  );
}

async function compile(variant: WasmVariant): Promise<WebAssembly.Module> {
  let fault: string | null;
  let cause: unknown;
  try {
    fault = variant === "relaxed" ? await relaxedDotFault() : null;
    if (fault === null) return await WebAssembly.compile(await bytesOf(variant));
  } catch (error) {
    fault = `the engine says "${(error as Error).message}"`;
    cause = error;
  }
  throw new BackendUnavailableError(
    `Cannot compile the ${variant} WASM build: ${fault}, expected support for it`,
    "Use a newer engine, or, where none may compile, give openWasmBackend a compiled module",
    { cause },
  );
}

async function bytesOf(variant: WasmVariant): Promise<Uint8Array<ArrayBuffer>> {
  const { wasmBytes } = variant === "relaxed"
    ? await import("../../../wasm/pkg/relaxed.ts")
    : await import("../../../wasm/pkg/simd128.ts");
  return wasmBytes();
}

async function open(module: WebAssembly.Module, reason: string): Promise<OpenedKernels> {
  // wasm-bindgen leaves one import, which only its own start function calls; nobody runs that.
  const imports = { "./kernels_bg.js": { __wbindgen_init_externref_table(): void {} } };
  let kernels: WasmExports;
  let fault: string | null;
  try {
    const instance = await WebAssembly.instantiate(module, imports);
    kernels = instance.exports as unknown as WasmExports;
    fault = selfTest(kernels);
  } catch (cause) {
    throw new BackendUnavailableError(
      `Cannot start the WASM backend: the engine says "${
        (cause as Error).message
      }", expected a running instance`,
      "Use another backend, or another engine",
      { cause },
    );
  }
  const simd = kernels.is_relaxed() ? "relaxed" : "simd128";
  if (fault === null) return { kernels, simd, reason };
  throw new BackendUnavailableError(
    `Cannot use the ${simd} WASM build: its self-test found that ${fault}, expected exact results`,
    "Use another backend, or another engine",
  );
}
