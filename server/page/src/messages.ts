/** @file What the page and its worker say to each other. */
import type { GenerationSummary } from "../../../runtime/generation_options.ts";
import type { LayerPlan } from "../../../runtime/layer_plan.ts";
import type { BackendReport } from "../../../runtime/backend_report.ts";
import type { StateBytes } from "../../../runtime/state_layout.ts";
import type { LayerObservation } from "../../../runtime/token_observer.ts";

/** The two texts that can stand side by side. */
export type ColumnId = "a" | "b";

/** What the page lets its users choose a backend from. */
export type BackendName = "auto" | "webgpu" | "wasm" | "wasm-threads";

/** How to go on with a text; names as in GenerateOptions, but for the pace. */
export interface Settings {
  /** Most tokens a second, so that one can watch; null: as fast as it can. */
  readonly pace: number | null;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly stop?: string;
}

/** A column's text from one command to the end of what it began; events of earlier runs are out of date. */
export interface RunRequest {
  readonly column: ColumnId;
  /** Counts up with each command. */
  readonly run: number;
  readonly settings: Settings;
}

/** What the page asks for. */
export type PageRequest =
  | { readonly kind: "load"; readonly weights: string; readonly backend: BackendName }
  | RunRequest & { readonly kind: "write"; readonly prompt: string }
  | RunRequest & { readonly kind: "continue" }
  | RunRequest & {
    readonly kind: "fork";
    /** The column that is copied. */
    readonly from: ColumnId;
    /** Generated tokens to keep. */
    readonly keep: number;
  }
  | { readonly kind: "stop"; readonly column: ColumnId }
  | { readonly kind: "close"; readonly column: ColumnId };

/** What a loaded model is. */
export interface ModelFacts {
  readonly backend: BackendReport;
  readonly layers: readonly LayerPlan[];
  readonly numMetaTokens: number;
  readonly windowSize: number;
  /** Bytes by which a text's state grows with each token. */
  readonly growingBytesPerToken: number;
  /** The same if every layer kept its own keys and values of every token, as a transformer's do. */
  readonly transformerBytesPerToken: number;
  /** Milliseconds from the request to readiness. */
  readonly loadMs: number;
}

/** One layer at one moment. */
export interface LayerPicture extends LayerObservation, StateBytes {}

/** What there is to tell of a column. */
export type ColumnEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "layers"; readonly tokens: number; readonly layers: readonly LayerPicture[] }
  | { readonly kind: "ended"; readonly summary: GenerationSummary }
  | { readonly kind: "failed"; readonly message: string; readonly remedy: string };

/** What the worker tells. */
export type WorkerEvent =
  | { readonly kind: "loading"; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly kind: "ready"; readonly facts: ModelFacts }
  | { readonly kind: "unloadable"; readonly message: string; readonly remedy: string }
  | { readonly kind: "column"; readonly column: ColumnId; readonly run: number; readonly event: ColumnEvent };
