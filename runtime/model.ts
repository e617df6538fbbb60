/** @file A loaded model: text in, text out. */
import type { RewindOptions } from "./checkpoint_ring.ts";
import { checkIds } from "./check_ids.ts";
import type { ChatMessage, ChatTemplate } from "./chat.ts";
import type { HymbaConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { EventLoopTurns } from "./event_loop.ts";
import { logitsOfPass } from "./forward.ts";
import type { GenerateOptions, GenerationSummary, Token } from "./generation_options.ts";
import type { Network } from "./network.ts";
import type { BackendReport } from "./open_backend.ts";
import { decodeStep, prefill } from "./prefill.ts";
import { Prefix } from "./prefix.ts";
import { Session } from "./session.ts";
import type { LogitsOptions, PrefixOptions, SessionOptions } from "./session_options.ts";
import { emptyParts, restoreSession } from "./session_snapshot.ts";
import { SequenceState } from "./state.ts";
import { declareMemory, type KvDtype, type MemoryOptions } from "./state_layout.ts";
import { requireTokenizer, type TextSettings } from "./text_settings.ts";
import type { DecodeOptions, EncodeOptions } from "./tokenizer.ts";
import { freeWorkspace } from "./workspace.ts";

/** What a {@linkcode Model} is made of. */
export interface ModelParts {
  readonly net: Network;
  readonly text: TextSettings;
  readonly chatTemplate: ChatTemplate | null;
  readonly report: BackendReport;
  readonly kvDtype: KvDtype;
}

/** A Hymba language model, loaded and ready. Made by {@linkcode loadModel}. */
export class Model {
  readonly #parts: ModelParts;
  /** The state after the meta tokens: a constant, copied into every new session (arXiv:2411.13676, section 2.3). */
  readonly #metaState: SequenceState;

  private constructor(parts: ModelParts, metaState: SequenceState) {
    this.#parts = parts;
    this.#metaState = metaState;
  }

  /** Passes the meta tokens through the network once and keeps the state. */
  static async create(parts: ModelParts): Promise<Model> {
    const { net, kvDtype } = parts;
    const layout = { chunkSize: net.chunkSize, kvDtype, maxContext: null, globalWindow: null };
    const state = new SequenceState(net.backend, net.config, layout);
    const table = net.weights.metaTokens;
    if (table !== null) {
      using turns = new EventLoopTurns();
      const ids = Array.from({ length: net.config.numMetaTokens }, (_, i) => i);
      await prefill(net, state, ids, turns, { table });
    }
    return new Model(parts, state);
  }

  /** Which backend runs, and why that one. */
  get backend(): BackendReport {
    return this.#parts.report;
  }

  /** The architecture. */
  get config(): HymbaConfig {
    return this.#parts.net.config;
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
    const { net, text } = this.#parts;
    if (prefix !== undefined) return await prefix.createSession(rewind ?? null, memory);
    return new Session(net, text, emptyParts(net, this.#begin(memory), rewind ?? null));
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
    const { net, text } = this.#parts;
    return new Session(net, text, await restoreSession(net, bytes, rewind));
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
    const { net } = this.#parts;
    const { vocabSize } = net.config;
    const l = checkIds(ids, vocabSize).length + checkIds(steps, vocabSize).length;
    const out = new Float32Array(l * vocabSize);
    const state = this.#begin(memory);
    using turns = new EventLoopTurns();
    let done = 0;
    const onChunk = async (length: number): Promise<void> => {
      out.set(await net.backend.read(logitsOfPass(net, length)), done * vocabSize);
      done += length;
    };
    try {
      await prefill(net, state, ids, turns, { signal, onChunk });
      for (const id of Array.from(steps)) {
        signal?.throwIfAborted();
        decodeStep(net, state, id);
        await onChunk(1);
        await turns.turn();
      }
    } finally {
      state.dispose();
    }
    return out;
  }

  /** Frees the weights and everything else in the backend's memory. Sessions of this model die with it. */
  [Symbol.asyncDispose](): Promise<void> {
    const { backend, workspace } = this.#parts.net;
    this.#metaState.dispose();
    freeWorkspace(backend, workspace);
    backend.dispose();
    return Promise.resolve();
  }

  /** The state after the meta tokens, with memory as declared. */
  #begin(memory: MemoryOptions): SequenceState {
    const plain = memory.maxContext === undefined && memory.globalWindow === undefined;
    return plain
      ? this.#metaState.fork()
      : this.#metaState.forkAs(declareMemory(this.#metaState.layout, memory));
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
