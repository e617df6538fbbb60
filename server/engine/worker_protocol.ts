/** @file What the two sides of an engine in a worker say to each other. All of it can be cloned. */
import type { DownloadOptions } from "../../runtime/cache/download_options.ts";
import type { LoadOptions } from "../../runtime/load_model.ts";
import type { AutoChoice, BackendChoice, WebGpuChoice } from "../../runtime/open_backend.ts";
import { ApiError, type ApiErrorInfo, toApiError } from "../api_error.ts";
import type { EngineEvent, EngineFacts, EngineLoad, Job } from "./engine.ts";
import type { EngineLimits } from "./local_engine.ts";

/** How a worker fetches a model: all that can be cloned. */
export interface WorkerDownloadOptions extends Omit<DownloadOptions, "cache" | "fetch" | "onProgress"> {
  /** Folder of a cache, which the worker opens. Left out: as in {@linkcode DownloadOptions} without a cache. */
  readonly cacheFolder?: string;
}

/** What a worker loads: all that can be cloned. */
export interface WorkerLoadOptions
  extends Omit<LoadOptions, "signal" | "onProgress" | "backend" | "observer" | "download"> {
  /** As in {@linkcode LoadOptions}; a GPU is the worker's own. @default {"auto"} */
  backend?: BackendChoice | Omit<WebGpuChoice, "gpu"> | Omit<AutoChoice, "gpu">;
  /** As in {@linkcode LoadOptions}; a cache is the worker's own. */
  download?: WorkerDownloadOptions;
}

/** What to load, and how much to take on. */
export interface WorkerSettings {
  /** A folder, a packed file or a URL; null: the default model. */
  readonly source: string | null;
  readonly load: WorkerLoadOptions;
  readonly limits: EngineLimits;
}

/** From the thread that serves to the one that computes. Jobs are numbered by the former. */
export type ToWorker =
  | { readonly type: "open"; readonly settings: WorkerSettings }
  | { readonly type: "run"; readonly id: number; readonly job: Job }
  /** So many more events may be sent. */
  | { readonly type: "credit"; readonly id: number; readonly events: number }
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "close" };

/** And back. */
export type FromWorker =
  /** The model is loaded; comes again where a fact has changed, because the model moved to another backend. */
  | { readonly type: "ready"; readonly facts: EngineFacts }
  | { readonly type: "event"; readonly id: number; readonly event: EngineEvent; readonly load: EngineLoad }
  | { readonly type: "end"; readonly id: number; readonly load: EngineLoad }
  /** A job failed, or with id -1 the opening. */
  | { readonly type: "error"; readonly id: number; readonly error: WorkerError; readonly load: EngineLoad }
  | { readonly type: "closed" };

/** An error that can be cloned with all that it has to say. */
export interface WorkerError {
  readonly message: string;
  readonly info: ApiErrorInfo;
  /** Where it was thrown; for errors that are no client's fault. */
  readonly stack: string;
}

/** Events that may be on their way at a time. */
export const CREDIT = 16;

/** An error, ready to be cloned. */
export function packError(error: unknown): WorkerError {
  const { message, info } = toApiError(error);
  return { message, info, stack: error instanceof Error ? error.stack ?? error.message : String(error) };
}

/** The error that was packed. */
export function unpackError({ message, info, stack }: WorkerError): ApiError {
  const error = new ApiError(message, info);
  error.cause = stack;
  return error;
}
