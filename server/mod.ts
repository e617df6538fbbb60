/**
 * Serves a Hymba language model over HTTP, compatible with OpenAI's API, wherever there are `Request` and `Response`.
 *
 * @example
 * ```ts
 * import { loadModel } from "@hymba/runtime";
 * import { createHandler } from "@hymba/runtime/server";
 *
 * const handler = createHandler(await loadModel());
 * const response = await handler(new Request("http://localhost/v1/models"));
 * console.log(await response.json());
 * ```
 *
 * @module
 */
export { createHandler, type Handler } from "./handler.ts";
export type { HandlerOptions } from "./options.ts";
export { type EngineLimits, LocalEngine } from "./engine/local_engine.ts";
export type {
  Engine,
  EngineEvent,
  EngineFacts,
  EngineLoad,
  EngineToken,
  Job,
  JobSession,
  Prompt,
  ResponseFormat,
  TokenPiece,
} from "./engine/engine.ts";
export type { DeleteOptions, SaveOptions, SessionStore, StoredSession } from "./stores/session_store.ts";
