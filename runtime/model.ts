/** @file A loaded model: text in, text out. */
import type { BackendReport } from "./backend_report.ts";
import type { RewindOptions } from "./checkpoint_ring.ts";
import { checkIds } from "./check_ids.ts";
import type { ChatMessage, ChatTemplate } from "./chat.ts";
import { collectLogits } from "./collect_logits.ts";
import type { HymbaConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { EventLoopTurns } from "./event_loop.ts";
import type { GenerateOptions, GenerationSummary, Token } from "./generation_options.ts";
import { KeptStates } from "./kept_states.ts";
import { beginState } from "./meta_state.ts";
import { MovableSequence } from "./movable_sequence.ts";
import type { NetworkHome } from "./network_home.ts";
import { Prefix } from "./prefix.ts";
import { Session } from "./session.ts";
import type { LogitsOptions, PrefixOptions, SessionOptions } from "./session_options.ts";
import { emptyParts, restoreSession, type SessionParts } from "./session_snapshot.ts";
import { declareMemory } from "./state_layout.ts";
import { requireTokenizer, type TextSettings } from "./text_settings.ts";
import type { DecodeOptions, EncodeOptions } from "./tokenizer.ts";

/** What a {@linkcode Model} is made of. */
export interface ModelParts {
  readonly home: NetworkHome;
  readonly text: TextSettings;
  readonly chatTemplate: ChatTemplate | null;
}

/** A Hymba language model, loaded and ready. Made by {@linkcode loadModel}. */
export class Model {
  readonly #parts: ModelParts;

  /** Takes over the network's home. */
  constructor(parts: ModelParts) {
    this.#parts = parts;
  }

  /** Which backend runs, and why that one; another one after a GPU was lost. */
  get backend(): BackendReport {
    return this.#parts.home.report;
  }

  /** The architecture. */
  get config(): HymbaConfig {
    return this.#parts.home.net.config;
  }

  /** How messages become a prompt; null where the checkpoint does not say. */
  get chatTemplate(): ChatTemplate | null {
    return this.#parts.chatTemplate;
  }

  /**
   * Token ids of a text, as prompts are made of them.
   *
   * @throws {TokenizerError} where the checkpoint has no tokenizer
   */
  encode(text: string, options?: EncodeOptions): number[] {
    return requireTokenizer(this.#parts.text).encode(text, options);
  }

  /**
   * Text of token ids.
   *
   * @throws {TokenizerError} where the checkpoint has no tokenizer, or for an id that is no integer or negative
   */
  decode(ids: Iterable<number>, options?: DecodeOptions): string {
    return requireTokenizer(this.#parts.text).decode(ids, options);
  }

  /** Bytes that a token adds to the text, not always whole characters; none for control tokens. Throws as decode does. */
  tokenBytes(id: number): Uint8Array {
    const { detokenizer } = requireTokenizer(this.#parts.text);
    return detokenizer.isSpecial(id) ? new Uint8Array(0) : detokenizer.bytes(id);
  }

  /** Tokens that end a generation. */
  get eosTokenIds(): readonly number[] {
    return this.#parts.text.eosTokenIds;
  }

  /**
   * A new, empty session: the meta tokens' state, or a compiled prefix, and nothing else.
   *
   * @throws {ConfigError} for a bad option
   */
  async createSession({ rewind, prefix, ...memory }: SessionOptions = {}): Promise<Session> {
    const { home } = this.#parts;
    if (prefix !== undefined) return await prefix.createSession(rewind ?? null, memory);
    const state = beginState(home.metaState, declareMemory(home.metaState.layout, memory));
    return this.#open(emptyParts(home.net, state, rewind ?? null));
  }

  /**
   * Passes a text that many sessions begin with through the network once. Sessions made from the prefix share its growing caches
   * until they diverge.
   */
  async compilePrefix(input: string | ArrayLike<number>, options: PrefixOptions = {}): Promise<Prefix> {
    const { signal, ...memory } = options;
    return await Prefix.compile(await this.createSession(memory), input, signal);
  }

  /** A prefix that {@linkcode Prefix.save} wrote, of this model. */
  async loadPrefix(bytes: Uint8Array): Promise<Prefix> {
    return new Prefix(await this.restoreSession(bytes));
  }

  /**
   * Continues what {@linkcode Session.snapshot} wrote, with this model on any backend: bit by bit where the backend is of the same kind.
   *
   * @throws {WeightsError} where the snapshot is truncated, damaged, newer or of another model
   */
  async restoreSession(
    bytes: Uint8Array,
    { rewind = null }: { rewind?: RewindOptions | null } = {},
  ): Promise<Session> {
    return this.#open(await restoreSession(this.#parts.home.net, bytes, rewind));
  }

  /**
   * Continues a prompt, token by token. An empty prompt stands for the model's beginning-of-text token.
   *
   * Aborting the signal ends it at any moment, with finish reason "abort". Leaving the loop frees everything.
   *
   * @example
   * ```ts
   * import { loadModel } from "@hymba/runtime";
   *
   * await using model = await loadModel();
   * for await (const token of model.generate("Once upon a time", { maxTokens: 8 })) console.log(token.text);
   * ```
   */
  async *generate(
    prompt: string | ArrayLike<number>,
    options: GenerateOptions = {},
  ): AsyncGenerator<Token, GenerationSummary> {
    await using session = await this.createSession();
    try {
      await session.append(this.#promptIds(prompt), options);
    } catch (error) {
      if (!options.signal?.aborted || error !== options.signal.reason) throw error;
    }
    return yield* session.generate(options);
  }

  /**
   * Answers a conversation: the checkpoint's chat template turns the messages into a prompt.
   *
   * @throws {ConfigError} where the checkpoint has no chat template
   * @throws {TokenizerError} where the messages do not fit it
   */
  async *chat(
    messages: readonly ChatMessage[],
    options: GenerateOptions = {},
  ): AsyncGenerator<Token, GenerationSummary> {
    const { chatTemplate, text } = this.#parts;
    if (chatTemplate === null) {
      throw new ConfigError(
        "Cannot chat: the checkpoint has no chat template, expected one in tokenizer_config.json",
        "Use generate() with a prompt as the model's documentation gives it",
      );
    }
    const prompt = chatTemplate.render(messages, { addGenerationPrompt: true });
    return yield* this.generate(requireTokenizer(text).encode(prompt, { addSpecialTokens: false }), options);
  }

  /**
   * Next-token logits after every token, `[ids.length + steps.length, vocabSize]` row by row: `ids` pass as a prompt, `steps` one by
   * one as generated tokens do. The two differ where the checkpoint's window rule does.
   *
   * @throws {ConfigError} for an id outside the vocabulary
   */
  async logits(
    ids: ArrayLike<number>,
    { steps = [], signal, ...memory }: LogitsOptions = {},
  ): Promise<Float32Array> {
    const { vocabSize } = this.config;
    const input = { ids: checkIds(ids, vocabSize), steps: checkIds(steps, vocabSize) };
    using turns = new EventLoopTurns();
    return await this.#parts.home.run(async (net, metaState) => {
      const state = beginState(metaState, declareMemory(metaState.layout, memory));
      try {
        return await collectLogits(net, state, input, turns, signal);
      } finally {
        state.dispose();
      }
    });
  }

  /** Frees the weights and everything else in the backend's memory. Sessions of this model die with it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.home.dispose();
  }

  #open({ sequence, kept, ...parts }: SessionParts): Session {
    const { home, text } = this.#parts;
    const states = new KeptStates(kept === null || home.keepEvery === null ? [] : [kept]);
    return new Session(home, text, { ...parts, sequence: new MovableSequence(home, sequence, states) });
  }

  #promptIds(prompt: string | ArrayLike<number>): string | ArrayLike<number> {
    if (prompt.length > 0) return prompt;
    const { bosTokenId } = this.config;
    if (bosTokenId !== null) return [bosTokenId];
    throw new ConfigError(
      "Cannot generate: the prompt is empty, expected at least one token",
      "Give a prompt",
    );
  }
}
