/** @file What a model says of the backend that runs it. */
import type { BackendKind } from "./backend.ts";
import type { AdapterReport, GpuFeatures } from "./backends/webgpu/device.ts";

/** How a GPU's logits compared with those of the CPU, on the loaded weights. */
export interface SelfTestReport {
  /** Tokens compared: a short prompt's, then some passed one by one. */
  readonly steps: number;
  /** Largest difference between two logits of one token, as a fraction of the token's largest logit. */
  readonly maxError: number;
  /** Share of the tokens whose most probable successor is the same, or tied within the tolerance. */
  readonly top1Agreement: number;
  /** What it took, the CPU's part included. */
  readonly milliseconds: number;
}

/** Which backend runs, and why that one. */
export interface BackendReport {
  /** Which one runs. */
  readonly kind: BackendKind;
  /** Why this one was chosen, as a sentence without its full stop. */
  readonly reason: string;
  /** The SIMD instructions of the WASM build in use. */
  readonly simd?: "relaxed" | "simd128";
  /** Threads that the WASM build computes a token with, the caller's own included; `reason` says where prompts have others. */
  readonly threads?: number;
  /** The GPU in use. */
  readonly adapter?: AdapterReport;
  /** What the kernels use of the GPU. */
  readonly features?: GpuFeatures;
  /** How the GPU did in comparison with the CPU; absent where that was not asked for. */
  readonly selfTest?: SelfTestReport;
  /** The backend that ran before, and was lost. */
  readonly previous?: BackendReport;
}

/** A move from a lost backend to another, in the middle of a generation. */
export interface BackendChange {
  /** The backend that was lost. */
  readonly from: BackendKind;
  /** The backend that went on. */
  readonly to: BackendKind;
  /** What became of the first. */
  readonly reason: string;
  /** Tokens of the generation that were there by then. */
  readonly atToken: number;
}
