/** @file How models come over the network. */
import type { RetryOptions } from "../sources/retry.ts";
import type { DownloadProgress } from "./download.ts";
import type { ModelCache } from "./model_cache.ts";

/** How to fetch a model. Everything is optional. */
export interface DownloadOptions {
  /**
   * Keeps what was fetched. Left out: models of the hub are kept where the platform keeps such things, and GGUF files at a URL are not
   * kept at all, but read piece by piece as they are needed.
   */
  readonly cache?: ModelCache;
  /** Use what is in the cache and nothing else. @default {false} */
  readonly offline?: boolean;
  /** Address of the hub. @default {"https://huggingface.co"} */
  readonly endpoint?: string;
  /** Access token of the hub, for private and gated models. Sent to the endpoint only. */
  readonly token?: string;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** How often and how patiently to try again. */
  readonly retry?: RetryOptions;
  /** Called as bytes come in. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}
