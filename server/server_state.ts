/** @file What the requests of one server share. */
import { type ApiError, shuttingDown, toApiError } from "./api_error.ts";
import type { Engine } from "./engine/engine.ts";
import type { BodyLimits } from "./http/read_json.ts";
import { ActiveRequests, type RequestScope } from "./http/request_scope.ts";
import { Gauge, ServerMetrics } from "./metrics.ts";
import type { ResolvedOptions } from "./options.ts";
import { SessionManager } from "./sessions/session_manager.ts";
import type { SessionStore } from "./stores/session_store.ts";

/** Milliseconds that aborted requests get to keep their sessions and to say goodbye. */
const FAREWELL_MS = 1_500;

/** One server. */
export class ServerState {
  readonly engine: Engine;
  readonly options: ResolvedOptions;
  readonly metrics: ServerMetrics;
  readonly sessions: SessionManager;
  /** Seconds since 1970 when the server began. */
  readonly created: number = Math.floor(Date.now() / 1000);
  readonly #active = new ActiveRequests();
  #isDraining = false;

  constructor(engine: Engine, options: ResolvedOptions, store: SessionStore) {
    this.engine = engine;
    this.options = options;
    this.sessions = new SessionManager(store, options.modelId, options.sessionTtlMs);
    this.metrics = new ServerMetrics([
      new Gauge("hymba_active_sequences", "Sequences that generate", () => engine.load.active),
      new Gauge("hymba_queued_requests", "Requests that wait for their turn", () => engine.load.queued),
      new Gauge("hymba_state_bytes", "Bytes of state that sequences hold", () => engine.load.stateBytes),
      new Gauge("hymba_open_requests", "Requests that are being answered", () => this.#active.size),
    ]);
  }

  /** Whether the server takes no requests any more. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** What bodies of requests are held to. */
  get bodyLimits(): BodyLimits {
    const { maxBodyBytes: maxBytes, bodyTimeoutMs: timeoutMs } = this.options;
    return { maxBytes, timeoutMs };
  }

  /** What answers may be compared by: the same backend gives the same text for the same seed. */
  get fingerprint(): string {
    return `hymba-${this.engine.facts.backend.kind}`;
  }

  /**
   * Opens a request's scope.
   *
   * @throws {ApiError} while draining
   */
  open(): RequestScope {
    if (this.#isDraining) throw shuttingDown();
    return this.#active.open(this.options.requestTimeoutMs);
  }

  /** What a client is told of an error; the server's own faults are reported. */
  explain(error: unknown): ApiError {
    const explained = toApiError(error);
    if (explained.info.code === "internal_error") this.options.onError(error);
    return explained;
  }

  /** Takes no more requests, lets those that are open go on for a while, then ends them; their sessions are kept. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    await this.#active.idle(graceMs);
    this.#active.abort(shuttingDown());
    await this.#active.idle(FAREWELL_MS);
  }
}
