/** @file One conversation: append, generate, resume, fork. */
import type { RewindOptions } from "./checkpoint_ring.ts";
import { ConfigError } from "./errors.ts";
import { EventLoopTurns } from "./event_loop.ts";
import { checkIds } from "./check_ids.ts";
import { generateTokens } from "./generate.ts";
import { Generation, requireResumable, type TokenSource } from "./generation.ts";
import { NO_PROMPT, type PromptTiming } from "./generation_clock.ts";
import {
  type GenerateOptions,
  type GenerationSummary,
  resolveGeneration,
  type Token,
} from "./generation_options.ts";
import type { MovableSequence } from "./movable_sequence.ts";
import type { NetworkHome } from "./network_home.ts";
import { Sequence } from "./sequence.ts";
import { type SessionParts, type SnapshotOptions, snapshotSession } from "./session_snapshot.ts";
import { SessionActivity } from "./session_activity.ts";
import type { ResumeOptions, SignalOptions } from "./signal_options.ts";
import { requireTokenizer, type TextSettings } from "./text_settings.ts";

type Parts = Pick<SessionParts, "prompt" | "generation"> & { readonly sequence: MovableSequence };

/**
 * A sequence of tokens and the state that the model has after them. One call at a time; sessions of one model may take turns freely.
 *
 * Made by {@linkcode Model.createSession} and {@linkcode Model.restoreSession}.
 */
export class Session {
  readonly #home: NetworkHome;
  readonly #text: TextSettings;
  readonly #sequence: MovableSequence;
  #prompt: PromptTiming;
  /** The last generation, unless it was given up. */
  #generation: Generation | null = null;
  readonly #activity = new SessionActivity();

  /** Takes over the parts, which are freed if this fails. */
  constructor(home: NetworkHome, text: TextSettings, { sequence, prompt, generation }: Parts) {
    this.#home = home;
    this.#text = text;
    this.#sequence = sequence;
    this.#prompt = prompt;
    if (generation === null) return;
    const { options, state } = generation;
    try {
      this.#generation = new Generation(text, options, this.#vocabSize, this.ids, state);
    } catch (error) {
      sequence.dispose();
      throw error;
    }
  }

  /** The tokens so far, meta tokens not counted. */
  get ids(): readonly number[] {
    return this.#sequence.current.ids;
  }

  /**
   * Bytes of the buffers that this session keeps in the backend's memory, checkpoints included. What it shares with itself counts once;
   * what it shares with forks, which is growing keys and values until they diverge, counts in each of them.
   */
  get stateBytes(): number {
    return this.#sequence.current.byteLength;
  }

  /** Whether a generation was interrupted, so that {@linkcode Session.resume} can go on. */
  get interrupted(): boolean {
    return this.#unfinished !== null && this.#activity.isIdle;
  }

  /**
   * Appends text or token ids. Any split of the same ids into calls leaves the same state. An interrupted generation is given up.
   *
   * Text at the very beginning gets what the tokenizer puts in front, such as `<s>` and a space; later text gets nothing. When the signal is
   * aborted, its reason is thrown between two chunks; the tokens before stay appended.
   *
   * @throws {ConfigError} for an id outside the vocabulary, more tokens than `maxContext`, or while another call runs
   * @throws {TokenizerError} for text without a tokenizer
   */
  async append(input: string | ArrayLike<number>, { signal }: SignalOptions = {}): Promise<void> {
    const ids = typeof input === "string"
      ? requireTokenizer(this.#text).encode(input, { continuation: this.ids.length > 0 })
      : checkIds(input, this.#vocabSize);
    const before = this.ids.length;
    const start = performance.now();
    using _ = this.#activity.begin("append");
    using turns = new EventLoopTurns();
    this.#generation = null;
    try {
      await this.#sequence.run((sequence) =>
        sequence.append(Array.prototype.slice.call(ids, sequence.ids.length - before), turns, signal)
      );
    } finally {
      const { tokens, milliseconds } = this.#prompt;
      this.#prompt = {
        tokens: tokens + this.ids.length - before,
        milliseconds: milliseconds + performance.now() - start,
      };
    }
  }

  /**
   * Generates from here, token by token. The generator's return value is the summary. Leaving the loop interrupts the generation:
   * the session has every token that was emitted, and {@linkcode Session.resume} can go on.
   *
   * @throws {ConfigError} for bad options, an empty session, or while another call runs
   */
  async *generate(options: GenerateOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const resolved = resolveGeneration(options, this.#vocabSize);
    if (!options.signal?.aborted) this.#requireTokens("generate");
    return yield* this.#run(
      () => new Generation(this.#text, resolved, this.#vocabSize, this.ids),
      options.signal,
    );
  }

  /**
   * Goes on with an interrupted generation as if it had not been interrupted: same options, same random numbers, counting on.
   *
   * @throws {ConfigError} where there is none, where it had a constraint that is not given again, or while another call runs
   */
  async *resume({ signal, constraint }: ResumeOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const generation = requireResumable(this.#unfinished, constraint);
    return yield* this.#run(() => generation, signal);
  }

  /**
   * Passes the last generated token of each session through the network in one pass over the weights; what each computes next is then
   * there already, the same bit by bit. For who takes turns among generations of one model, between their tokens. A session
   * whose generation is over is left as it is.
   *
   * @throws {ConfigError} where one is of another model, disposed, in an append or a rewind, or full; nothing has changed then
   */
  static passTogether(sessions: readonly Session[]): void {
    sessions.forEach((session) => session.#activity.requireSettled("pass tokens together"));
    const going = sessions.filter((session) => session.#unfinished !== null && session.#sequence.isHere);
    Sequence.passTogether(going.map((session) => session.#sequence.current));
  }

  /**
   * Logits of the next token, `[vocabSize]`.
   *
   * @throws {ConfigError} for an empty session, or while another call runs
   */
  async nextLogits(): Promise<Float32Array> {
    this.#requireTokens("read logits");
    this.#activity.requireIdle("read logits");
    return await this.#sequence.run((sequence) => sequence.readLogits());
  }

  /**
   * A session of its own that continues from the same tokens, also between two tokens of a generation, which stays with this one.
   *
   * @throws {ConfigError} for a disposed session, or while an append or a rewind runs
   */
  async fork({ rewind = null }: { rewind?: RewindOptions | null } = {}): Promise<Session> {
    this.#activity.requireSettled("fork");
    const parts = { sequence: await this.#sequence.fork(rewind), prompt: NO_PROMPT, generation: null };
    return new Session(this.#home, this.#text, parts);
  }

  /**
   * Takes back the last `count` tokens, prompted or generated. An interrupted generation is given up.
   *
   * @throws {ConfigError} where the session keeps no checkpoint that old, or while another call runs; nothing has changed then
   */
  async rewind(count: number): Promise<void> {
    if (!Number.isInteger(count) || count < 0 || count > this.ids.length) {
      throw new ConfigError(
        `Cannot rewind ${String(count)} tokens: expected an integer from 0 to ${this.ids.length}`,
        "Rewind no more tokens than the session has",
      );
    }
    using _ = this.#activity.begin("rewind");
    await this.#sequence.rewind(count);
    this.#generation = null;
  }

  /**
   * The session as bytes, also between two tokens of a generation: {@linkcode Model.restoreSession} of the same model continues bit by
   * bit on the same kind of backend, random numbers and held-back text included. It is of the moment of the call.
   *
   * @throws {ConfigError} for a disposed session, or while an append or a rewind runs
   */
  async snapshot(options: SnapshotOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.#activity.requireSettled("take a snapshot");
    return await this.#sequence.run((sequence) => {
      const generation = this.#unfinished &&
        { options: this.#unfinished.options, state: this.#unfinished.state };
      return snapshotSession({ sequence, prompt: this.#prompt, generation }, options);
    });
  }

  /** Frees the state. Calling it again does nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#activity.dispose()) this.#sequence.dispose();
    return Promise.resolve();
  }

  async *#run(start: () => Generation, signal?: AbortSignal): AsyncGenerator<Token, GenerationSummary> {
    using _ = this.#activity.begin("generate");
    using turns = new EventLoopTurns();
    const generation = this.#generation = start();
    const prompt = this.#prompt;
    this.#prompt = NO_PROMPT;
    using _rest = { [Symbol.dispose]: () => this.#sequence.rest() };
    const changes = this.#sequence.changesFromHere();
    const ending = yield* generateTokens(generation, this.#source(), prompt, turns, signal);
    return { ...ending, ...changes(), stateBytes: this.stateBytes, seed: generation.state.sampler.seed };
  }

  #source(): TokenSource {
    return {
      vocabSize: this.#vocabSize,
      nextLogits: () => this.#onSequence((sequence) => sequence.readLogits()),
      choose: (sampler, most) => this.#onSequence((sequence) => sequence.choose(sampler, most)),
      accept: (id) => this.#sequence.current.accept(id),
    };
  }

  #onSequence<T>(step: (sequence: Sequence) => Promise<T>): Promise<T> {
    return this.#sequence.run((sequence) => {
      this.#activity.requireLive("generate");
      return step(sequence);
    });
  }

  get #vocabSize(): number {
    return this.#home.net.config.vocabSize;
  }

  #requireTokens(act: string): void {
    if (this.ids.length > 0) return;
    throw new ConfigError(
      `Cannot ${act}: the session is empty, expected at least one token`,
      "Append a prompt first",
    );
  }

  /** The interrupted or running generation. */
  get #unfinished(): Generation | null {
    return this.#generation?.isFinished ? null : this.#generation;
  }
}
