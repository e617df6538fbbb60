/** @file The backends under test, and tests that run on each. */
import type { ActivationPrecision } from "../../runtime/activation_precision.ts";
import type { Backend, BackendKind } from "../../runtime/backend.ts";
import { openWasmBackend } from "../../runtime/backends/wasm.ts";
import { openWebGpuBackend } from "../../runtime/backends/webgpu.ts";
import { checked } from "../../runtime/checked_backend.ts";
import { BackendUnavailableError } from "../../runtime/errors.ts";
import { GPU_OPTIONS } from "../webgpu/on_gpu.ts";

/** One way to run the ops that has to agree with the reference. */
export interface Candidate {
  /** What tolerances and test names call it. */
  readonly name: string;
  /** What REQUIRE_BACKENDS calls it: a comma-separated list of backends whose absence is a failure. */
  readonly kind: BackendKind;
  /** What its products with quantised weights make of activations. */
  readonly activations: ActivationPrecision;
  open(): Promise<Backend>;
}

const REQUIRED = new Set((Deno.env.get("REQUIRE_BACKENDS") ?? "").split(",").map((name) => name.trim()));

/** All candidates. An emulated GPU is slow, so it counts only where WebGPU is required. */
export const CANDIDATES: readonly Candidate[] = [
  {
    name: "wasm-relaxed",
    kind: "wasm",
    activations: "q16",
    open: () => openWasmBackend({ variant: "relaxed", activations: "q16" }),
  },
  {
    name: "wasm-simd128",
    kind: "wasm",
    activations: "q8",
    open: () => openWasmBackend({ variant: "simd128", activations: "q8" }),
  },
  {
    name: "wasm-relaxed-threads",
    kind: "wasm",
    activations: "q16",
    open: () => openWasmBackend({ variant: "relaxed", activations: "q16", threads: 3, leastWork: 0 }),
  },
  {
    name: "webgpu",
    kind: "webgpu",
    activations: "q16",
    open: () => openWebGpuBackend({ ...GPU_OPTIONS, activations: "q16" }),
  },
  {
    name: "webgpu-no-subgroups",
    kind: "webgpu",
    activations: "q8",
    open: () => openWebGpuBackend({ ...GPU_OPTIONS, activations: "q8", subgroups: false }),
  },
];

/** Why a candidate cannot run here; null: it can. */
async function absence(candidate: Candidate): Promise<string | null> {
  try {
    (await candidate.open()).dispose();
    return null;
  } catch (error) {
    if (error instanceof BackendUnavailableError) return error.message;
    throw error;
  }
}

const ABSENCES = new Map(
  await Promise.all(CANDIDATES.map(async (each) => [each.name, await absence(each)] as const)),
);

/**
 * Registers a test for every candidate. One that cannot run here is ignored, with the reason in the test's name, unless
 * REQUIRE_BACKENDS names it: then the test fails with that reason.
 */
export function backendTest(
  name: string,
  body: (backend: Backend, candidate: Candidate) => Promise<void> | void,
  candidates: readonly Candidate[] = CANDIDATES,
): void {
  for (const candidate of candidates) {
    const absent = ABSENCES.get(candidate.name) ?? null; // the reference runs everywhere
    const ignore = absent !== null && !REQUIRED.has(candidate.kind);
    Deno.test({
      name: `${name}, on ${candidate.name}${ignore ? ` (${absent})` : ""}`,
      ignore,
      fn: async () => {
        const backend = await candidate.open();
        try {
          await body(checked(backend), candidate);
        } finally {
          backend.dispose();
        }
      },
    });
  }
}
