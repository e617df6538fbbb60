/** @file Text to token ids and back: `@huggingface/tokenizers` encodes, {@link Detokenizer} decodes. */

import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { Detokenizer } from "./detokenizer.ts";
import { TokenizerError } from "./errors.ts";
import { firstTokenIn, withoutTextPrefix } from "./text_prefix.ts";
import { decodeIds } from "./text_stream.ts";
import { readTokenizerJson, type TokenizerJson } from "./tokenizer_json.ts";
import { describeJson, isObject, type JsonObject } from "./tokenizer_parts.ts";

/** The files beside tokenizer.json, parsed, and what the model allows. */
export interface TokenizerSources {
  /** tokenizer_config.json: names of the special tokens, and whether a Llama tokenizer adds them. */
  tokenizerConfig?: object;
  /** generation_config.json or config.json: `bos_token_id` and `eos_token_id`, which go before tokenizer_config.json's. */
  generationConfig?: object;
  /** Rows of logits that the model has; every token id must be below it. */
  modelVocabSize?: number;
}

/** Options of {@link Tokenizer.encode}. */
export interface EncodeOptions {
  /** Add the tokens that the checkpoint wants around a plain text, such as `<s>`. @default {true} */
  addSpecialTokens?: boolean;
  /**
   * The text goes on from an earlier one: nothing is put before it, neither special tokens nor the space that SentencePiece
   * begins texts with. @default {false}
   */
  continuation?: boolean;
}

/** Options of {@link Tokenizer.decode}. */
export interface DecodeOptions {
  /** Leave out control tokens such as `<|endoftext|>`. @default {true} */
  skipSpecialTokens?: boolean;
}

/** Encodes and decodes; made by {@link Tokenizer.fromJson}. */
export class Tokenizer {
  /** Number of ids from 0 to the largest that has a token. */
  readonly vocabSize: number;
  /** Id that begins a text, if the checkpoint names one. */
  readonly bosId: number | undefined;
  /** Ids that end a text; none if the checkpoint names none. */
  readonly eosIds: readonly number[];
  /** What each id adds to a text; what {@link TextStream} works with. */
  readonly detokenizer: Detokenizer;
  readonly #library: LibraryTokenizer;
  /** Encodes continuations; made when the first one comes. */
  #continuing: LibraryTokenizer | undefined;
  readonly #parsed: TokenizerJson;
  /** Ids around a text in place of the post-processor's; see {@link llamaEnds}. */
  readonly #ends: { before: number[]; after: number[] } | undefined;

  private constructor(
    parsed: TokenizerJson,
    detokenizer: Detokenizer,
    library: LibraryTokenizer,
    sources: TokenizerSources,
  ) {
    const config = objectOrEmpty(sources.tokenizerConfig),
      generation = objectOrEmpty(sources.generationConfig);
    this.#parsed = parsed;
    this.#library = library;
    this.vocabSize = parsed.vocabulary.contents.length;
    this.detokenizer = detokenizer;
    this.bosId = this.#idsOf(generation.bos_token_id, config.bos_token, "bos_token")[0];
    this.eosIds = this.#idsOf(generation.eos_token_id, config.eos_token, "eos_token");
    this.#ends = llamaEnds(config, this.bosId, this.eosIds[0]);
  }

  /**
   * Builds a tokenizer.
   *
   * A tokenizer.json from an untrusted source may hold a regular expression that takes exponential time on some text. No
   * check here can rule that out; run such a file in a worker that can be ended.
   *
   * @param tokenizerJson text of tokenizer.json, or its parsed JSON
   * @param sources the files beside it
   * @throws {TokenizerError} when the files are damaged, contradict each other, or need what is not supported
   */
  static fromJson(tokenizerJson: string | object, sources: TokenizerSources = {}): Tokenizer {
    const parsed = readTokenizerJson(tokenizerJson, sources.modelVocabSize);
    const detokenizer = new Detokenizer(parsed.decoder, parsed.vocabulary);
    let library: LibraryTokenizer;
    try {
      library = new LibraryTokenizer(parsed.json, {});
    } catch (cause) {
      throw new TokenizerError(
        `Cannot use tokenizer.json: the tokenizer library says "${
          (cause as Error).message
        }", expected a file it can use`,
        "Take the tokenizer.json that belongs to the checkpoint",
        { cause },
      );
    }
    return new Tokenizer(parsed, detokenizer, library, sources);
  }

  /**
   * Token ids of a text. A lone surrogate counts as U+FFFD. The text of a control token, such as "<|endoftext|>", becomes
   * that token, as in Python's `tokenizers`.
   *
   * @throws {TokenizerError} when `text` is no string
   */
  encode(text: string, options: EncodeOptions = {}): number[] {
    if (typeof text !== "string") {
      throw new TokenizerError(
        `Cannot encode text: it is ${describeJson(text)}, expected a string`,
        "Pass a string",
      );
    }
    if (options.continuation) return this.#encodeContinuation(text.toWellFormed());
    const addSpecialTokens = options.addSpecialTokens ?? true;
    const fromTemplate = addSpecialTokens && this.#ends === undefined;
    const { ids } = this.#library.encode(text.toWellFormed(), { add_special_tokens: fromTemplate });
    return addSpecialTokens && this.#ends ? [...this.#ends.before, ...ids, ...this.#ends.after] : ids;
  }

  /**
   * Text of token ids: the bytes of all tokens in a row, as UTF-8 with U+FFFD for what is ill-formed. Spaces are not
   * tidied up. Ids beyond the vocabulary add nothing.
   *
   * @throws {TokenizerError} for an id that is no integer or negative
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    return decodeIds(this.detokenizer, ids, { skipSpecialTokens: options.skipSpecialTokens });
  }

  /** The token as the vocabulary spells it, or undefined for an id without one. */
  idToToken(id: number): string | undefined {
    return this.#parsed.vocabulary.contents[id];
  }

  /** The id of a token as the vocabulary spells it, or undefined. */
  tokenToId(token: string): number | undefined {
    return this.#parsed.ids.get(token);
  }

  /** Up to the first special token nothing goes before the text; behind one it is encoded as always. */
  #encodeContinuation(text: string): number[] {
    const { json, vocabulary } = this.#parsed;
    const plain = { add_special_tokens: false } as const;
    if (this.#continuing === undefined) {
      const without = withoutTextPrefix(json);
      this.#continuing = without === null ? this.#library : new LibraryTokenizer(without, {});
    }
    if (this.#continuing === this.#library) return this.#library.encode(text, plain).ids;
    const end = firstTokenIn(text, Array.from(vocabulary.added, (id) => vocabulary.contents[id]!));
    const head = this.#continuing.encode(text.slice(0, end), plain).ids;
    return end === text.length ? head : [...head, ...this.#library.encode(text.slice(end), plain).ids];
  }

  /** Ids given as a number, a list of numbers, or a token's name; an id out of the vocabulary is an error. */
  #idsOf(given: unknown, token: unknown, name: string): number[] {
    if (given === undefined || given === null) {
      const content = isObject(token) ? token.content : token;
      if (content === undefined || content === null) return [];
      const id = typeof content === "string" ? this.tokenToId(content) : undefined;
      if (id === undefined) throw unusable(name, describeJson(content), "a token of tokenizer.json");
      return [id];
    }
    const ids: unknown[] = Array.isArray(given) ? given : [given];
    for (const id of ids) {
      const fits = typeof id === "number" && this.idToToken(id) !== undefined;
      if (!fits) {
        throw unusable(`${name}_id`, describeJson(id), `an id of tokenizer.json, below ${this.vocabSize}`);
      }
    }
    return ids as number[];
  }
}

/** Llama's tokenizer classes take their ends from two flags instead of the post-processor, as in `transformers`. */
function llamaEnds(
  config: JsonObject,
  bosId: number | undefined,
  eosId: number | undefined,
): { before: number[]; after: number[] } | undefined {
  if (config.tokenizer_class !== "LlamaTokenizer" && config.tokenizer_class !== "LlamaTokenizerFast") {
    return undefined;
  }
  const add = (flag: unknown, id: number | undefined): number[] =>
    flag === true && id !== undefined ? [id] : [];
  return {
    before: add(config.add_bos_token ?? true, bosId),
    after: add(config.add_eos_token ?? false, eosId),
  };
}

function objectOrEmpty(value: object | undefined): JsonObject {
  if (value === undefined) return {};
  if (!isObject(value)) throw unusable("the configuration", describeJson(value), "a JSON object");
  return value;
}

function unusable(what: string, is: string, expected: string): TokenizerError {
  return new TokenizerError(
    `Cannot use the tokenizer's configuration: ${what} is ${is}, expected ${expected}`,
    "Check that tokenizer.json, tokenizer_config.json and generation_config.json belong together",
  );
}
