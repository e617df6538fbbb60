/** @file A model in this thread. */
import { resolveGeneration } from "../../runtime/generation_options.ts";
import type { Model } from "../../runtime/model.ts";
import type { Session } from "../../runtime/session.ts";
import { ApiError, badRequest, shuttingDown } from "../api_error.ts";
import { Constraints } from "./constraints.ts";
import { PromptEncoder } from "./encode_prompt.ts";
import type { Engine, EngineEvent, EngineFacts, EngineLoad, Job } from "./engine.ts";
import { EventChannel } from "./event_channel.ts";
import { JobRun, passTogether } from "./job_run.ts";
import { Scheduler } from "./scheduler.ts";

/** How much an engine takes on. Everything is optional. */
export interface EngineLimits {
  /** Sequences that generate at a time, each with a state of its own. @default {8} */
  maxSequences?: number;
  /** Requests that wait when all sequences are in use; more are turned away. @default {32} */
  maxQueued?: number;
  /** Tokens that may wait for a slow reader before its sequence pauses. @default {16} */
  maxUnreadTokens?: number;
  /** Most tokens of prompt and answer together. @default what the model was trained on */
  contextTokens?: number;
}

/** Runs jobs on a model that it does not own: disposing the engine leaves the model alive. */
export class LocalEngine implements Engine {
  /** See {@linkcode Engine.facts}. */
  readonly facts: EngineFacts;
  readonly #model: Model;
  readonly #encoder: PromptEncoder;
  readonly #constraints: Constraints;
  readonly #scheduler: Scheduler;
  readonly #maxUnread: number;
  readonly #sessions = new Set<Session>();
  /** Ends each job that runs. */
  readonly #stops = new Set<AbortController>();
  #isClosed = false;

  /** An engine for a loaded model. */
  constructor(model: Model, limits: EngineLimits = {}) {
    const { maxSequences = 8, maxQueued = 32, maxUnreadTokens = 16 } = limits;
    const { contextTokens = model.config.maxPositionEmbeddings } = limits;
    const { vocabSize } = model.config;
    this.facts = {
      ...{ vocabSize, contextTokens, maxSequences },
      get backend() {
        return model.backend;
      },
    };
    this.#model = model;
    this.#encoder = new PromptEncoder(model, contextTokens);
    this.#constraints = new Constraints(model);
    this.#scheduler = new Scheduler({ maxTasks: maxSequences, maxQueued }, passTogether);
    this.#maxUnread = maxUnreadTokens;
  }

  /** See {@linkcode Engine.load}. */
  get load(): EngineLoad {
    const { active, queued } = this.#scheduler;
    const stateBytes = [...this.#sessions].reduce((sum, session) => sum + session.stateBytes, 0);
    return { active, queued, stateBytes };
  }

  /** See {@linkcode Engine.run}. */
  run(job: Job, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    return Promise.resolve().then(() => this.#start(job, signal));
  }

  /** Aborts every job. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops) stop.abort(shuttingDown());
    return Promise.resolve();
  }

  #start(job: Job, outer: AbortSignal): AsyncIterable<EngineEvent> {
    if (this.#isClosed) throw shuttingDown();
    const scheduler = this.#scheduler;
    const stop = new AbortController();
    const channel = new EventChannel<EngineEvent>({
      capacity: this.#maxUnread,
      onDrain: () => scheduler.wake(),
      onLeave: () => stop.abort(),
      onClose: () => release(),
    });
    const forward = (): void => stop.abort(outer.reason);
    const release = (): void => {
      outer.removeEventListener("abort", forward);
      this.#stops.delete(stop);
    };
    const run = this.#plan(job, channel, stop.signal);
    channel.push(acceptance(run));
    if (!scheduler.enqueue(run)) throw queueIsFull(scheduler);
    this.#stops.add(stop);
    stop.signal.addEventListener("abort", () => scheduler.wake());
    if (outer.aborted) forward();
    else outer.addEventListener("abort", forward);
    return channel;
  }

  #plan(job: Job, channel: EventChannel<EngineEvent>, signal: AbortSignal): JobRun {
    const { maxSequences } = this.facts;
    const slots = Math.max(1, job.prompts.length) * job.choices;
    if (slots > maxSequences) {
      throw badRequest(
        `The request asks for ${slots} sequences, expected at most ${maxSequences}`,
        "invalid_value",
        "n",
      );
    }
    // Looked at first, because encoding a long prompt for nothing is work, too.
    if (!this.#scheduler.accepts(slots)) throw queueIsFull(this.#scheduler);
    const makeConstraint = this.#constraints.forFormat(job.format);
    const encoded = this.#encoder.encode(job);
    resolveGeneration({ ...job.options, maxTokens: encoded.maxTokens }, this.facts.vocabSize); // throws now or never
    const model = this.#model, sessions = this.#sessions;
    return new JobRun({ model, job, encoded, makeConstraint, channel, signal, sessions });
  }
}

function acceptance({ parts: { encoded } }: JobRun): EngineEvent {
  const { prompts, maxTokens } = encoded;
  const [first] = prompts;
  return {
    kind: "accepted",
    promptTokens: prompts.reduce((sum, { ids }) => sum + ids.length, 0),
    maxTokens,
    transcript: first?.transcript ?? null,
    continues: first?.continues ?? true,
  };
}

function queueIsFull(scheduler: Scheduler): ApiError {
  return new ApiError(
    `The server is busy: ${scheduler.queued} requests wait, expected to be asked again later`,
    {
      ...{ status: 429, type: "rate_limit_error", code: "queue_full", retryAfter: scheduler.retryAfter },
    },
  );
}
