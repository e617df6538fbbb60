/** @file One request's generation: the engine's events, counted, kept in the session, and given on. */
import type { FinishReason } from "../runtime/generation_options.ts";
import { toApiError } from "./api_error.ts";
import type { Engine, EngineEvent, EngineToken, Job } from "./engine/engine.ts";
import type { ServerMetrics } from "./metrics.ts";
import { type Usage, usageOf } from "./responses/response_shape.ts";
import type { SessionTurn } from "./sessions/session_turn.ts";

/** What a turn tells of its sequences. */
export type TurnEvent =
  | { readonly kind: "token"; readonly sequence: number; readonly token: EngineToken }
  | { readonly kind: "end"; readonly sequence: number; readonly finishReason: FinishReason };

/** What a turn needs. */
export interface TurnParts {
  readonly engine: Engine;
  readonly metrics: ServerMetrics;
  readonly job: Job;
  /** The session that it goes on with; null: none. */
  readonly session: SessionTurn | null;
  /** Ends it; the reason is what the client is told. */
  readonly signal: AbortSignal;
}

type Accepted = EngineEvent & { kind: "accepted" };

/** A generation that the engine has accepted. */
export class Turn {
  /** Number of its sequences. */
  readonly sequences: number;
  readonly #parts: TurnParts;
  readonly #accepted: Accepted;
  readonly #events: AsyncIterator<EngineEvent>;
  readonly #start = performance.now();
  #generatedTokens = 0;

  private constructor(parts: TurnParts, events: AsyncIterator<EngineEvent>, accepted: Accepted) {
    this.#parts = parts;
    this.#events = events;
    this.#accepted = accepted;
    this.sequences = Math.max(1, parts.job.prompts.length) * parts.job.choices;
  }

  /**
   * Hands a job to the engine.
   *
   * @throws {ApiError} what the engine says against it
   */
  static async start(parts: TurnParts): Promise<Turn> {
    const events = (await parts.engine.run(parts.job, parts.signal))[Symbol.asyncIterator]();
    const first = await events.next();
    if (first.done || first.value.kind !== "accepted") {
      throw new Error("an engine's first event is no acceptance");
    }
    parts.metrics.promptTokens.add(first.value.promptTokens);
    parts.session?.accept(first.value);
    return new Turn(parts, events, first.value);
  }

  /** The counts of tokens so far. */
  get usage(): Usage {
    const { session } = this.#parts;
    if (session === null) return usageOf(this.#accepted.promptTokens, this.#generatedTokens, null);
    return usageOf(session.promptTokens + session.cachedTokens, session.tokens.length, session.cachedTokens);
  }

  /**
   * The tokens, and the end of each sequence. When it is aborted, the session is kept first.
   *
   * @throws {ApiError} where it is aborted or fails
   */
  async *events(): AsyncGenerator<TurnEvent, void> {
    const { session, metrics, signal } = this.#parts;
    for await (const event of { [Symbol.asyncIterator]: () => this.#events }) {
      if (event.kind === "token") {
        this.#count(event);
        session?.add(event.token);
        yield event;
      } else if (event.kind === "state") {
        await session?.save(event);
      } else if (event.kind === "end") {
        metrics.finished.add(1, { reason: event.finishReason });
        if (event.finishReason === "abort") throw toApiError(signal.reason);
        yield event;
      }
    }
    metrics.duration.observe((performance.now() - this.#start) / 1000);
  }

  #count({ token, milliseconds }: EngineEvent & { kind: "token" }): void {
    const { metrics } = this.#parts;
    this.#generatedTokens++;
    metrics.generatedTokens.add();
    (token.index === 0 ? metrics.firstToken : metrics.nextToken).observe(milliseconds / 1000);
  }
}
