/** @file What can be set about a server. */
import { ConfigError } from "../runtime/errors.ts";
import type { EngineLimits } from "./engine/local_engine.ts";
import type { SessionStore } from "./stores/session_store.ts";

/** How a server behaves. Everything is optional. */
export interface HandlerOptions extends EngineLimits {
  /** The model's name in the API. @default {"stories"} */
  modelId?: string;
  /** Bearer keys, one of which requests have to show. @default none: the server is open */
  keys?: readonly string[];
  /** Origins of web pages that may use the server, or "*". @default none */
  corsOrigins?: readonly string[];
  /** Serve the web page, at "/", with the default model for it to run. @default {true} */
  page?: boolean;
  /** Where sessions are kept. @default this process's memory */
  sessions?: SessionStore;
  /** Milliseconds after which a session that nobody went on with is forgotten. @default {86400000}, a day */
  sessionTtlMs?: number;
  /** Longest body of a request. @default {1048576} */
  maxBodyBytes?: number;
  /** Milliseconds that a body may take to come. @default {10000} */
  bodyTimeoutMs?: number;
  /** Milliseconds that a request may take, waiting included. @default {300000} */
  requestTimeoutMs?: number;
  /** Told of errors that are no client's fault. */
  onError?: (error: unknown) => void;
}

/** {@linkcode HandlerOptions} without those of the engine, checked and completed. */
export interface ResolvedOptions {
  readonly modelId: string;
  readonly keys: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly page: boolean;
  readonly sessionTtlMs: number;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ConfigError} for a key that no header can hold, or a limit that is no positive number
 */
export function resolveOptions(options: HandlerOptions): ResolvedOptions {
  const { modelId = "stories", keys = [], corsOrigins = [], page = true, onError = () => {} } = options;
  const { maxBodyBytes = 2 ** 20, bodyTimeoutMs = 10_000, requestTimeoutMs = 300_000 } = options;
  const { sessionTtlMs = 86_400_000 } = options;
  const { maxSequences = 1, maxUnreadTokens = 1, contextTokens = 2, maxQueued = 0 } = options;
  const times = { bodyTimeoutMs, requestTimeoutMs, sessionTtlMs };
  const counts = { maxBodyBytes, maxSequences, maxUnreadTokens, contextTokens };
  for (const [name, value] of Object.entries({ ...times, ...counts, maxQueued: maxQueued + 1 })) {
    if (Number.isInteger(value) && value >= 1 && value < 2 ** 31) continue;
    throw invalid(name, "not a number of that kind", "a positive integer below 2^31");
  }
  if (keys.some((key) => !/^[!-~]{8,512}$/.test(key))) {
    throw invalid("keys", "not all usable", "8 to 512 visible ASCII characters each");
  }
  return { modelId, keys, corsOrigins, page, maxBodyBytes, ...times, onError };
}

function invalid(name: string, is: string, expected: string): ConfigError {
  return new ConfigError(
    `Cannot use server option "${name}": it is ${is}, expected ${expected}`,
    "Correct it, or leave it out for its default",
  );
}
