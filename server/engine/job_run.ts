/** @file One job as tasks for the scheduler: pieces of the prompt, then a token a step, in each of its sequences. */
import { WeightsError } from "../../runtime/errors.ts";
import type { GenerationSummary, Token } from "../../runtime/generation_options.ts";
import type { Model } from "../../runtime/model.ts";
import { MAX_SEED } from "../../runtime/random.ts";
import { Session } from "../../runtime/session.ts";
import { ApiError } from "../api_error.ts";
import type { ConstraintMaker } from "./constraints.ts";
import type { EncodedJob, EncodedPrompt } from "./encode_prompt.ts";
import type { EngineEvent, Job } from "./engine.ts";
import { toEngineToken } from "./engine_token.ts";
import type { EventChannel } from "./event_channel.ts";
import type { Task, TaskGroup } from "./scheduler.ts";

/** Prompt tokens of a step: so much that a pass is worth its while, so little that other sequences do not wait long. */
const PROMPT_STEP = 64;

/** A session's state is reported so often while it generates, so that an answer can go on after the process was killed. */
const CHECKPOINT_TOKENS = 64;

/** What a run is made of. */
export interface JobRunParts {
  readonly model: Model;
  readonly job: Job;
  readonly encoded: EncodedJob;
  readonly makeConstraint: ConstraintMaker;
  readonly channel: EventChannel<EngineEvent>;
  readonly signal: AbortSignal;
  /** Every session of the engine that is alive, for its count of bytes. */
  readonly sessions: Set<Session>;
}

/** A job that waits or runs. */
export class JobRun implements TaskGroup {
  readonly parts: JobRunParts;
  readonly slots: number;
  readonly #own = new Set<Session>();
  readonly #generations = new Set<AsyncGenerator<Token, GenerationSummary>>();
  #openSequences: number;
  #lastEvents: number[];

  constructor(parts: JobRunParts) {
    this.parts = parts;
    this.slots = Math.max(1, parts.encoded.prompts.length) * parts.job.choices;
    this.#openSequences = this.slots;
    this.#lastEvents = new Array(this.slots).fill(performance.now());
  }

  /** Whether the job was aborted. */
  get isCancelled(): boolean {
    return this.parts.signal.aborted;
  }

  /** Whether its reader is behind; an aborted job hurries to its end. */
  get isPaused(): boolean {
    return this.parts.channel.isFull && !this.isCancelled;
  }

  /** A task for each prompt, or for the session to resume. */
  begin(): readonly Task[] {
    const { encoded, job } = this.parts;
    if (encoded.prompts.length === 0) return [new PromptTask(this, null, 0)];
    return encoded.prompts.map((prompt, i) => new PromptTask(this, prompt, i * job.choices));
  }

  /** Ends the job with an error. */
  async fail(error: unknown): Promise<void> {
    for (const tokens of this.#generations) await tokens.return(undefined as never);
    for (const session of this.#own) this.drop(session);
    this.parts.channel.fail(error);
  }

  /** Takes a generation into the job's care. */
  watch(tokens: AsyncGenerator<Token, GenerationSummary>): AsyncGenerator<Token, GenerationSummary> {
    this.#generations.add(tokens);
    return tokens;
  }

  /** Takes a session into the job's care. */
  keep(session: Session): Session {
    this.#own.add(session);
    this.parts.sessions.add(session);
    return session;
  }

  /** Frees a session. */
  drop(session: Session): void {
    this.#own.delete(session);
    this.parts.sessions.delete(session);
    void session[Symbol.asyncDispose]();
  }

  /** Reports a token. */
  report(sequence: number, token: Token): void {
    const { channel, model } = this.parts;
    const now = performance.now();
    const milliseconds = now - this.#lastEvents[sequence];
    this.#lastEvents[sequence] = now;
    channel.push({ kind: "token", sequence, token: toEngineToken(model, token), milliseconds });
  }

  /** Reports the end of a sequence, and with the last one that of the job. */
  end(sequence: number, finishReason: GenerationSummary["finishReason"]): void {
    this.parts.channel.push({ kind: "end", sequence, finishReason });
    if (--this.#openSequences === 0) this.parts.channel.close();
  }
}

/** Appends a prompt piece by piece, then splits into its continuations. */
class PromptTask implements Task {
  readonly #run: JobRun;
  readonly #prompt: EncodedPrompt | null;
  readonly #sequence: number;
  #session: Session | null = null;
  #done = 0;

  /** @param sequence number of its first continuation */
  constructor(run: JobRun, prompt: EncodedPrompt | null, sequence: number) {
    this.#run = run;
    this.#prompt = prompt;
    this.#sequence = sequence;
  }

  get isPaused(): boolean {
    return this.#run.isPaused;
  }

  async step(): Promise<readonly Task[]> {
    const { job } = this.#run.parts;
    if (this.#run.isCancelled) return this.#abort();
    const session = this.#session ??= this.#run.keep(await this.#open());
    const ids = this.#prompt?.ids ?? [];
    if (this.#done < ids.length) {
      await session.append(ids.slice(this.#done, this.#done + PROMPT_STEP));
      this.#done += PROMPT_STEP;
      return [this];
    }
    const sessions = [session];
    while (sessions.length < job.choices) sessions.push(this.#run.keep(await session.fork()));
    return sessions.map((each, choice) => new SequenceTask(this.#run, each, this.#sequence + choice, choice));
  }

  async #open(): Promise<Session> {
    const { model, job: { session } } = this.#run.parts;
    const continues = this.#prompt?.continues ?? true;
    const state = continues ? session?.state ?? null : null;
    if (state === null) return await model.createSession();
    try {
      return await model.restoreSession(state);
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error;
      throw new ApiError(`${error.message}. ${error.remedy}`, {
        ...{ status: 409, type: "invalid_request_error", code: "session_incompatible", param: "session" },
      });
    }
  }

  #abort(): readonly Task[] {
    if (this.#session !== null) this.#run.drop(this.#session);
    for (let i = 0; i < this.#run.parts.job.choices; i++) this.#run.end(this.#sequence + i, "abort");
    return [];
  }
}

/** One pass over the weights for all sequences among the tasks of a round, in place of one in each of their steps. */
export function passTogether(tasks: readonly Task[]): void {
  Session.passTogether(tasks.flatMap((task) => task instanceof SequenceTask ? task.live : []));
}

/** Generates one continuation, a token a step. */
class SequenceTask implements Task {
  readonly #run: JobRun;
  readonly #session: Session;
  readonly #sequence: number;
  readonly #tokens: AsyncGenerator<Token, GenerationSummary>;

  constructor(run: JobRun, session: Session, sequence: number, choice: number) {
    this.#run = run;
    this.#session = session;
    this.#sequence = sequence;
    this.#tokens = run.watch(this.#start(choice));
  }

  get isPaused(): boolean {
    return this.#run.isPaused;
  }

  /** Its session, unless nobody waits for its next token. */
  get live(): readonly Session[] {
    return this.#run.isCancelled ? [] : [this.#session];
  }

  async step(): Promise<readonly Task[]> {
    const next = await this.#tokens.next();
    if (!next.done) {
      this.#run.report(this.#sequence, next.value);
      if (next.value.index % CHECKPOINT_TOKENS === 0) await this.#keepState("abort");
      return [this];
    }
    const { finishReason } = next.value;
    await this.#keepState(finishReason);
    this.#run.drop(this.#session);
    this.#run.end(this.#sequence, finishReason);
    return [];
  }

  /** Reports the session's state, as one that ended now for this reason. */
  async #keepState(finishReason: GenerationSummary["finishReason"]): Promise<void> {
    const { job, channel } = this.#run.parts;
    if (job.session === null) return;
    const state = await this.#session.snapshot();
    channel.push({ kind: "state", state, tokens: this.#session.ids.length, finishReason });
  }

  #start(choice: number): AsyncGenerator<Token, GenerationSummary> {
    const { job, encoded: { maxTokens }, makeConstraint, signal } = this.#run.parts;
    const constraint = makeConstraint();
    const { seed } = job.options;
    const resume = job.session?.resume ?? null;
    if (resume !== null) {
      for (const id of resume) constraint?.accept(id);
      return this.#session.resume({ signal, constraint });
    }
    const own = seed === undefined ? {} : { seed: (seed + choice) % (MAX_SEED + 1) };
    return this.#session.generate({ ...job.options, ...own, maxTokens, constraint, signal });
  }
}
