/** @file The builds of the kernels, as compiled modules. */
import { BackendUnavailableError } from "../../errors.ts";
import { relaxedDotFault } from "./relaxed_dot.ts";

/** The two kinds of build: with relaxed SIMD, and with plain 128-bit SIMD only. */
export type WasmVariant = "relaxed" | "simd128";

/**
 * Compiles a build.
 *
 * @param isShared the one for several threads on one memory
 * @throws {BackendUnavailableError} where the engine does not support it
 */
export async function compileKernels(variant: WasmVariant, isShared: boolean): Promise<WebAssembly.Module> {
  let fault: string | null;
  let cause: unknown;
  try {
    fault = variant === "relaxed" ? await relaxedDotFault() : null;
    if (fault === null) return await WebAssembly.compile(await bytesOf(variant, isShared));
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

async function bytesOf(variant: WasmVariant, isShared: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { wasmBytes } = variant === "relaxed"
    ? isShared
      ? await import("../../../wasm/pkg/relaxed_mt.ts")
      : await import("../../../wasm/pkg/relaxed.ts")
    : isShared
    ? await import("../../../wasm/pkg/simd128_mt.ts")
    : await import("../../../wasm/pkg/simd128.ts");
  return wasmBytes();
}
