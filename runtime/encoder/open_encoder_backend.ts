/** @file Opens a backend together with the encoder's ops on it. */
import { ConfigError } from "../errors.ts";
import type { AutoChoice, WasmChoice, WebGpuChoice } from "../open_backend.ts";
import type { EncoderBackend } from "./encoder_ops.ts";

/** What computes an encoder; `auto` takes WebGPU for large encoders where there is a real GPU that passes a test, else WASM. */
export type EncoderBackendChoice =
  | "auto"
  | "webgpu"
  | "wasm"
  | "reference"
  | AutoChoice
  | WebGpuChoice
  | WasmChoice;

/** A choice that has been made, with what there is to say to it. */
export type EncoderBackendKind = WebGpuChoice | WasmChoice | { readonly kind: "reference" };

/**
 * Opens a backend.
 *
 * @param why the reason for the report, without its full stop
 * @throws {ConfigError} for a backend that is unknown
 * @throws {BackendUnavailableError} where it cannot run here
 */
export async function openEncoderBackend(
  choice: EncoderBackendKind,
  why = "asked for",
): Promise<EncoderBackend> {
  switch (choice.kind) {
    case "reference":
      return await openReference(why);
    case "wasm":
      return await openWasm(choice, why);
    case "webgpu":
      return await openWebGpu(choice, why);
    default:
      choice satisfies never;
      throw new ConfigError(
        `Cannot open backend "${
          (choice as { kind: string }).kind
        }" for an encoder: it is unknown, expected "auto", "webgpu", "wasm" or "reference"`,
        'Use backend "auto"',
      );
  }
}

async function openReference(reason: string): Promise<EncoderBackend> {
  const [{ ReferenceBackend }, { ReferenceEncoderOps }] = await Promise.all([
    import("../backends/reference.ts"),
    import("./reference_encoder_ops.ts"),
  ]);
  return {
    backend: new ReferenceBackend(),
    ops: new ReferenceEncoderOps(),
    report: { kind: "reference", reason },
  };
}

async function openWasm(options: WasmChoice, why: string): Promise<EncoderBackend> {
  const [{ openKernels }, { WasmBackend }, { WasmEncoderOps }] = await Promise.all([
    import("../backends/wasm/open_kernels.ts"),
    import("../backends/wasm.ts"),
    import("./wasm_encoder_ops.ts"),
  ]);
  const opened = await openKernels(options);
  const backend = new WasmBackend(opened);
  const { simd, threads, reason } = backend;
  return {
    backend,
    ops: new WasmEncoderOps(opened.kernels),
    report: { kind: "wasm", reason: `${why}; ${reason}`, simd, threads },
  };
}

async function openWebGpu(options: WebGpuChoice, reason: string): Promise<EncoderBackend> {
  const [{ openWebGpuBackend }, { WebGpuEncoderOps }] = await Promise.all([
    import("../backends/webgpu.ts"),
    import("./webgpu_encoder_ops.ts"),
  ]);
  const backend = await openWebGpuBackend(options);
  const { adapter, features } = backend;
  return {
    backend,
    ops: new WebGpuEncoderOps(backend),
    report: { kind: "webgpu", reason, adapter, features },
  };
}
