/** @file Which of the WebAssembly modules runs here: compiled, instantiated and tested before anything relies on it. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import { BackendUnavailableError } from "../../errors.ts";
import { compileKernels, type WasmVariant } from "./compile_kernels.ts";
import { selfTest } from "./self_test.ts";
import type { ThreadPool } from "./thread_pool.ts";
import { openShared, startHelpers, type ThreadOptions, threadsToStart } from "./threads.ts";

/** Options of {@linkcode openKernels}. */
export interface KernelOptions extends ThreadOptions {
  /** Which build; `auto`, the default, takes the relaxed one where it passes its test, else the plain one. */
  readonly variant?: WasmVariant | "auto";
  /** A compiled module of either build, for runtimes that compile none themselves, such as workerd; it runs on one thread. */
  readonly module?: WebAssembly.Module;
}

/** An instance that passed its test. */
export interface OpenedKernels {
  readonly kernels: WasmExports;
  /** The threads that share ops; null: the caller's alone. */
  readonly pool: ThreadPool | null;
  readonly simd: WasmVariant;
  /** Why this build, and why one thread where there might be more, as a sentence without its full stop. */
  readonly reason: string;
}

/**
 * Opens a build.
 *
 * @throws {BackendUnavailableError} when the one asked for, or each, cannot run here or computes wrong results
 */
export async function openKernels(options: KernelOptions = {}): Promise<OpenedKernels> {
  const { variant = "auto", module } = options;
  if (module) return await openInjected(module, options);
  if (variant !== "auto") return await openVariant(variant, "asked for", options);
  try {
    return await openVariant("relaxed", "relaxed SIMD passed its self-test", options);
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return await openVariant("simd128", `plain SIMD, because: ${error.message}`, options);
  }
}

async function openInjected(
  module: WebAssembly.Module,
  { variant = "auto", threads = 1 }: KernelOptions,
): Promise<OpenedKernels> {
  const note = threads === 1 ? "" : "; one thread, because it is a build for one";
  const opened = await openOne(module, `the module given${note}`);
  if (variant === "auto" || variant === opened.simd) return opened;
  throw new BackendUnavailableError(
    `Cannot open the WASM backend: the module given is the ${opened.simd} build, expected ${variant}`,
    `Give the module wasm/pkg/${variant}/kernels.wasm, or leave the variant out`,
  );
}

/** A build with as many threads as are wanted and possible; on one thread where they cannot start, and the reason says why. */
async function openVariant(
  variant: WasmVariant,
  why: string,
  options: ThreadOptions,
): Promise<OpenedKernels> {
  const { count, obstacle } = threadsToStart(options);
  let note = obstacle;
  if (count > 1) {
    try {
      return await openSeveral(variant, why, count, options);
    } catch (error) {
      note = `threads cannot start: ${(error as Error).message}`;
    }
  }
  const reason = note === null ? why : `${why}; one thread, because ${note}`;
  return await openOne(await compileKernels(variant, false), reason);
}

async function openSeveral(
  variant: WasmVariant,
  why: string,
  count: number,
  options: ThreadOptions,
): Promise<OpenedKernels> {
  const module = await compileKernels(variant, true);
  const shared = await openShared(module);
  const simd = tested(shared.kernels);
  const pool = await startHelpers(shared, module, count, options);
  return { kernels: shared.kernels, pool, simd, reason: why };
}

async function openOne(module: WebAssembly.Module, reason: string): Promise<OpenedKernels> {
  // wasm-bindgen leaves one import, which only its own start function calls; nobody runs that.
  const imports = { "./kernels_bg.js": { __wbindgen_init_externref_table(): void {} } };
  try {
    const instance = await WebAssembly.instantiate(module, imports);
    const kernels = instance.exports as unknown as WasmExports;
    return { kernels, simd: tested(kernels), reason, pool: null };
  } catch (cause) {
    if (cause instanceof BackendUnavailableError) throw cause;
    const message = (cause as Error).message;
    throw new BackendUnavailableError(
      `Cannot start the WASM backend: the engine says "${message}", expected a running instance`,
      "Use another backend, or another engine",
      { cause },
    );
  }
}

/** Tests an instance, and says which build it is. */
function tested(kernels: WasmExports): WasmVariant {
  const simd = kernels.is_relaxed() ? "relaxed" : "simd128";
  const fault = selfTest(kernels);
  if (fault === null) return simd;
  throw new BackendUnavailableError(
    `Cannot use the ${simd} WASM build: its self-test found that ${fault}, expected exact results`,
    "Use another backend, or another engine",
  );
}
