/** @file Opens a backend together with the encoder's ops on it. Those exist on WASM and on the reference. */
import { ReferenceBackend } from "../backends/reference.ts";
import { ConfigError } from "../errors.ts";
import type { WasmChoice } from "../open_backend.ts";
import type { EncoderBackend } from "./encoder_ops.ts";
import { ReferenceEncoderOps } from "./reference_encoder_ops.ts";

/** What computes an encoder; `auto` takes WASM. */
export type EncoderBackendChoice = "auto" | "wasm" | "reference" | WasmChoice;

/**
 * Opens a backend.
 *
 * @throws {ConfigError} for a backend without the encoder's ops
 * @throws {BackendUnavailableError} where WASM cannot run here
 */
export async function openEncoderBackend(choice: EncoderBackendChoice = "auto"): Promise<EncoderBackend> {
  const { kind, ...options } = typeof choice === "object" ? choice : { kind: choice };
  switch (kind) {
    case "reference":
      return {
        backend: new ReferenceBackend(),
        ops: new ReferenceEncoderOps(),
        report: { kind: "reference", reason: "asked for" },
      };
    case "auto":
    case "wasm":
      return await openWasm(kind === "wasm" ? "asked for" : "it runs everywhere", options);
    default:
      throw new ConfigError(
        `Cannot open backend "${kind}" for an encoder: its ops are not there, expected "auto", "wasm" or "reference"`,
        'Use backend "auto"',
      );
  }
}

async function openWasm(why: string, options: Omit<WasmChoice, "kind">): Promise<EncoderBackend> {
  const [{ openKernels }, { WasmBackend }, { WasmEncoderOps }] = await Promise.all([
    import("../backends/wasm/open_kernels.ts"),
    import("../backends/wasm.ts"),
    import("./wasm_encoder_ops.ts"),
  ]);
  const opened = await openKernels(options);
  return {
    backend: new WasmBackend(opened),
    ops: new WasmEncoderOps(opened.kernels),
    report: { kind: "wasm", reason: `${why}; ${opened.reason}`, simd: opened.simd, threads: opened.threads },
  };
}
