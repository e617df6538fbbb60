/** @file One conversation: append, generate, resume, fork. */
import { ConfigError } from "./errors.ts";
import { EventLoopTurns } from "./event_loop.ts";
import { nextLogits } from "./forward.ts";
import { Generation, type TokenSource } from "./generation.ts";
import { GenerationClock, type PromptTiming } from "./generation_clock.ts";
import {
  type FinishReason,
  type GenerateOptions,
  type GenerationSummary,
  resolveGeneration,
  type Token,
} from "./generation_options.ts";
import type { Network } from "./network.ts";
import { decodeStep, prefill } from "./prefill.ts";
import type { SequenceState } from "./state.ts";
import { requireTokenizer, type TextSettings } from "./text_settings.ts";

/** Options of {@linkcode Session.append} and {@linkcode Session.resume}. */
export interface SignalOptions {
  /** Ends the call when aborted. */
  signal?: AbortSignal;
}

const NO_PROMPT: PromptTiming = { tokens: 0, milliseconds: 0 };

/**
 * A sequence of tokens and the state that the model has after them. One call at a time; sessions of one model may take turns freely.
 *
 * Made by {@linkcode Model.createSession}.
 */
export class Session {
  readonly #net: Network;
  readonly #text: TextSettings;
  readonly #state: SequenceState;
  readonly #ids: number[];
  /** A token already emitted whose pass through the network is still due. */
  #pending: number | null = null;
  #prompt = NO_PROMPT;
  /** The generation that runs or was interrupted; null once it has ended of itself. */
  #generation: Generation | null = null;
  #activity: "append" | "generate" | "dispose" | null = null;

  /** Takes over the state. `ids` are the tokens already in it, meta tokens not counted. */
  constructor(net: Network, text: TextSettings, state: SequenceState, ids: readonly number[] = []) {
    this.#net = net;
    this.#text = text;
    this.#state = state;
    this.#ids = [...ids];
  }

  /** The tokens so far, meta tokens not counted. */
  get ids(): readonly number[] {
    return this.#ids;
  }

  /** Bytes of state that this session holds in the backend's memory. */
  get stateBytes(): number {
    return this.#state.byteLength;
  }

  /**
   * Appends text or token ids. Any split of the same ids into calls leaves the same state. An interrupted generation is given up.
   *
   * Text at the very beginning gets the special tokens that the tokenizer puts in front; later text gets none. When the signal is
   * aborted, its reason is thrown between two chunks; the tokens before stay appended.
   *
   * @throws {ConfigError} for an id outside the vocabulary, or while another call runs
   * @throws {TokenizerError} for text without a tokenizer
   */
  async append(input: string | ArrayLike<number>, { signal }: SignalOptions = {}): Promise<void> {
    const ids = typeof input === "string"
      ? requireTokenizer(this.#text).encode(input, { addSpecialTokens: this.#ids.length === 0 })
      : checkIds(input, this.#net.config.vocabSize);
    this.#begin("append");
    using turns = new EventLoopTurns();
    const start = performance.now();
    let done = 0;
    try {
      this.#generation = null;
      this.#passPending();
      const onChunk = (length: number): void => void (done += length);
      await prefill(this.#net, this.#state, ids, turns, { signal, onChunk });
    } finally {
      for (let i = 0; i < done; i++) this.#ids.push(ids[i]);
      const milliseconds = this.#prompt.milliseconds + performance.now() - start;
      this.#prompt = { tokens: this.#prompt.tokens + done, milliseconds };
      this.#activity = null;
    }
  }

  /**
   * Generates from here, token by token. The generator's return value is the summary. Leaving the loop interrupts the generation:
   * the session has every token that was emitted, and {@linkcode Session.resume} can go on.
   *
   * @throws {ConfigError} for bad options, an empty session, or while another call runs
   */
  async *generate(options: GenerateOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const { vocabSize } = this.#net.config;
    const resolved = resolveGeneration(options, vocabSize);
    if (!options.signal?.aborted) this.#requireTokens("generate");
    return yield* this.#run(() => new Generation(this.#text, resolved, vocabSize, this.#ids), options.signal);
  }

  /**
   * Goes on with an interrupted generation as if it had not been interrupted: same options, same random numbers, counting on.
   *
   * @throws {ConfigError} where there is none, or while another call runs
   */
  async *resume({ signal }: SignalOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const generation = this.#generation;
    if (generation === null) {
      throw new ConfigError(
        "Cannot resume: no generation was interrupted, expected one",
        "Call generate() instead",
      );
    }
    return yield* this.#run(() => generation, signal);
  }

  /**
   * Logits of the next token, `[vocabSize]`.
   *
   * @throws {ConfigError} for an empty session, or while another call runs
   */
  nextLogits(): Promise<Float32Array> {
    this.#requireTokens("read logits");
    this.#requireIdle("read logits");
    return this.#readLogits();
  }

  /** A session of its own that continues from the same tokens; an interrupted generation stays with this one. */
  fork(): Promise<Session> {
    this.#requireLive("fork");
    const copy = new Session(this.#net, this.#text, this.#state.fork(), this.#ids);
    copy.#pending = this.#pending;
    return Promise.resolve(copy);
  }

  /** Frees the state. Calling it again does nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#activity !== "dispose") this.#state.dispose();
    this.#activity = "dispose";
    return Promise.resolve();
  }

  async *#run(start: () => Generation, signal?: AbortSignal): AsyncGenerator<Token, GenerationSummary> {
    this.#begin("generate");
    using turns = new EventLoopTurns();
    try {
      const generation = this.#generation = start();
      const clock = new GenerationClock(this.#prompt);
      this.#prompt = NO_PROMPT;
      const summary = (finishReason: FinishReason): GenerationSummary => {
        const { seed } = generation.state.sampler;
        return { finishReason, ...clock.figures, stateBytes: this.stateBytes, seed };
      };
      const source = this.#source();
      while (!signal?.aborted) {
        this.#requireLive("generate");
        const { token, finished } = await generation.step(source);
        clock.count();
        if (finished !== null) this.#generation = null;
        yield token;
        if (finished !== null) {
          const { reason, stop } = finished;
          return { ...summary(reason), ...(stop === undefined ? {} : { stop }) };
        }
        await turns.turn();
      }
      return summary("abort");
    } finally {
      if (this.#activity === "generate") this.#activity = null;
    }
  }

  #source(): TokenSource {
    return {
      vocabSize: this.#net.config.vocabSize,
      nextLogits: () => this.#readLogits(),
      accept: (id) => {
        this.#pending = id;
        this.#ids.push(id);
      },
    };
  }

  #readLogits(): Promise<Float32Array> {
    this.#passPending();
    return this.#net.backend.read(nextLogits(this.#net, this.#state.lastHidden));
  }

  #passPending(): void {
    if (this.#pending === null) return;
    decodeStep(this.#net, this.#state, this.#pending);
    this.#pending = null;
  }

  #begin(activity: "append" | "generate"): void {
    this.#requireIdle(activity);
    this.#activity = activity;
  }

  #requireTokens(act: string): void {
    if (this.#ids.length > 0) return;
    throw new ConfigError(
      `Cannot ${act}: the session is empty, expected at least one token`,
      "Append a prompt first",
    );
  }

  #requireLive(act: string): void {
    if (this.#activity !== "dispose") return;
    throw new ConfigError(
      `Cannot ${act}: the session is disposed, expected a live one`,
      "Dispose a session last",
    );
  }

  #requireIdle(act: string): void {
    this.#requireLive(act);
    if (this.#activity === null) return;
    throw new ConfigError(
      `Cannot ${act}: the session is in the middle of another call (${this.#activity}), expected one call at a time`,
      "Await each call, and leave or finish a generation's loop, before the next; fork() for parallel continuations",
    );
  }
}

/**
 * Token ids as given, if every one is in the vocabulary.
 *
 * @throws {ConfigError} naming the first that is not
 */
export function checkIds(ids: ArrayLike<number>, vocabSize: number): ArrayLike<number> {
  for (let i = 0; i < ids.length; i++) {
    if (Number.isInteger(ids[i]) && ids[i] >= 0 && ids[i] < vocabSize) continue;
    throw new ConfigError(
      `Cannot use token id ${String(ids[i])} at ${i}: expected an integer from 0 to ${vocabSize - 1}`,
      "Use ids from this model's tokenizer",
    );
  }
  return ids;
}
