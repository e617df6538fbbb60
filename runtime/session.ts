/** @file One conversation: append, generate, fork. */
import { ConfigError } from "./errors.ts";
import { EventLoopTurns } from "./event_loop.ts";
import { nextLogits } from "./forward.ts";
import {
  type GenerateOptions,
  generateTokens,
  type GenerationSummary,
  requireTokenizer,
  resolveGeneration,
  type TextSettings,
  type Token,
  type TokenSource,
} from "./generate.ts";
import type { Network } from "./network.ts";
import { decodeStep, prefill } from "./prefill.ts";
import type { SequenceState } from "./state.ts";

/** Options of {@linkcode Session.append}. */
export interface AppendOptions {
  /** Stops between chunks and throws its reason; the tokens before stay appended. */
  signal?: AbortSignal;
}

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
  #prompt = { tokens: 0, milliseconds: 0 };
  #busy = false;
  #disposed = false;

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
   * Appends text or token ids. Any split of the same ids into calls leaves the same state.
   *
   * Text at the very beginning gets the special tokens that the tokenizer puts in front; later text gets none.
   *
   * @throws {ConfigError} for an id outside the vocabulary, or while another call runs
   * @throws {TokenizerError} for text that is not well-formed
   */
  async append(input: string | ArrayLike<number>, { signal }: AppendOptions = {}): Promise<void> {
    const ids = typeof input === "string"
      ? requireTokenizer(this.#text).encode(input, { addSpecialTokens: this.#ids.length === 0 })
      : checkIds(input, this.#net.config.vocabSize);
    await this.#exclusively("append", async (turns) => {
      const start = performance.now();
      this.#passPending();
      let done = 0;
      try {
        await prefill(this.#net, this.#state, ids, turns, {
          signal,
          onChunk: (length) => void (done += length),
        });
      } finally {
        this.#ids.push(...Array.prototype.slice.call(ids, 0, done));
        this.#prompt = {
          tokens: this.#prompt.tokens + done,
          milliseconds: this.#prompt.milliseconds + performance.now() - start,
        };
      }
    });
  }

  /**
   * Generates from here, token by token. The generator's return value is the summary.
   *
   * @throws {ConfigError} for bad options, an empty session, or while another call runs
   */
  async *generate(options: GenerateOptions = {}): AsyncGenerator<Token, GenerationSummary> {
    const resolved = resolveGeneration(options, this.#net.config.vocabSize);
    if (this.#ids.length === 0 && !options.signal?.aborted) {
      throw new ConfigError(
        "Cannot generate: the session is empty, expected at least one token",
        "Append a prompt first",
      );
    }
    using turns = this.#begin("generate");
    const prompt = this.#prompt;
    this.#prompt = { tokens: 0, milliseconds: 0 };
    try {
      return yield* generateTokens(this.#source(), this.#text, resolved, prompt, turns);
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Logits of the next token, `[vocabSize]`.
   *
   * @throws {ConfigError} for an empty session, or while another call runs
   */
  nextLogits(): Promise<Float32Array> {
    this.#requireTokens("read logits");
    return this.#exclusively("read logits", () => this.#readLogits());
  }

  /** A session of its own that continues from the same tokens. */
  fork(): Promise<Session> {
    return this.#exclusively("fork", () => {
      this.#passPending();
      return Promise.resolve(new Session(this.#net, this.#text, this.#state.fork(), this.#ids));
    });
  }

  /** Frees the state. Calling it again does nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#disposed) this.#state.dispose();
    this.#disposed = true;
    return Promise.resolve();
  }

  #source(): TokenSource {
    const state = this.#state;
    return {
      vocabSize: this.#net.config.vocabSize,
      history: this.#ids.slice(),
      nextLogits: () => this.#readLogits(),
      accept: (id) => {
        this.#passPending();
        this.#pending = id;
        this.#ids.push(id);
      },
      get stateBytes(): number {
        return state.byteLength;
      },
    };
  }

  #readLogits(): Promise<Float32Array> {
    this.#passPending();
    return this.#net.backend.read(nextLogits(this.#net, this.#state.lastHidden));
  }

  #requireTokens(act: string): void {
    if (this.#ids.length > 0) return;
    throw new ConfigError(
      `Cannot ${act}: the session is empty, expected at least one token`,
      "Append a prompt first",
    );
  }

  #passPending(): void {
    if (this.#pending === null) return;
    decodeStep(this.#net, this.#state, this.#pending);
    this.#pending = null;
  }

  #begin(act: string): EventLoopTurns {
    const problem = this.#disposed ? "is disposed" : this.#busy ? "is in the middle of another call" : null;
    if (problem !== null) {
      throw new ConfigError(
        `Cannot ${act}: the session ${problem}, expected one call at a time on a live session`,
        "Await each call, and leave or finish a generation's loop, before the next; fork() for parallel continuations",
      );
    }
    this.#busy = true;
    return new EventLoopTurns();
  }

  async #exclusively<T>(act: string, work: (turns: EventLoopTurns) => Promise<T>): Promise<T> {
    using turns = this.#begin(act);
    try {
      return await work(turns);
    } finally {
      this.#busy = false;
    }
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
