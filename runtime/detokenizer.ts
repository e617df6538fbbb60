/**
 * @file What each token id adds to the text, as bytes. Text is the bytes of all ids in a row, read as UTF-8 with U+FFFD
 * for every maximal ill-formed part (Unicode 17, section 3.9); so any cut of the ids gives the same text, and no id has to
 * be looked at twice.
 */

import { byteLevelAlphabet } from "./byte_level.ts";
import { TokenizerError } from "./errors.ts";

/** A decoder step as tokenizer.json has it. */
export interface DecoderConfig {
  /** Kind of step. */
  readonly type: string;
  /** What the kind needs. */
  readonly [key: string]: unknown;
}

/** The tokens behind the ids. */
export interface Vocabulary {
  /** Tokens by id; undefined for an id without one. */
  readonly contents: readonly (string | undefined)[];
  /** Ids of `added_tokens`, whose contents are text as it is. */
  readonly added: ReadonlySet<number>;
  /** Ids of control tokens such as an end-of-text mark, which are no part of the text. */
  readonly special: ReadonlySet<number>;
}

/** Leading characters that the decoder removes from a whole text: up to `count` times `byte`. */
export interface LeadingStrip {
  /** The byte to remove. */
  readonly byte: number;
  /** How many at most. */
  readonly count: number;
}

/** How a token's content becomes bytes, read from the decoder of tokenizer.json. */
interface DecoderPlan {
  byteLevel: boolean;
  byteFallback: boolean;
  replacements: { from: string; to: string }[];
  leading: LeadingStrip;
}

const NO_BYTES = new Uint8Array(0);

/** Turns token ids into bytes. */
export class Detokenizer {
  /** What to remove from the beginning of a text. */
  readonly leading: LeadingStrip;
  readonly #vocabulary: Vocabulary;
  readonly #plan: DecoderPlan;
  readonly #byteOf: ReadonlyMap<string, number>;
  readonly #bytes: (Uint8Array | undefined)[];
  readonly #encoder = new TextEncoder();

  /**
   * Reads the decoder; the tokens are converted when they are first asked for.
   *
   * @param decoder the `decoder` of tokenizer.json
   * @param vocabulary the tokens
   * @throws {TokenizerError} for a decoder whose text is not the tokens' bytes in a row
   */
  constructor(decoder: DecoderConfig | null, vocabulary: Vocabulary) {
    this.#plan = planDecoder(decoder);
    this.#vocabulary = vocabulary;
    this.#bytes = new Array(vocabulary.contents.length);
    this.#byteOf = new Map(byteLevelAlphabet().map((character, byte) => [character, byte]));
    this.leading = this.#plan.leading;
  }

  /** True for control tokens, which are no text. */
  isSpecial(id: number): boolean {
    return this.#vocabulary.special.has(id);
  }

  /**
   * Bytes that an id adds to the text. An id without a token adds none: models have more rows of logits than tokens.
   *
   * @throws {TokenizerError} for an id that is no integer or negative
   */
  bytes(id: number): Uint8Array {
    if (!Number.isInteger(id) || id < 0) {
      throw new TokenizerError(
        `Cannot decode token id ${id}: it is no token id, expected an integer from 0 to ${
          this.#vocabulary.contents.length - 1
        }`,
        "Pass ids as the tokenizer or the model gave them",
      );
    }
    const content = this.#vocabulary.contents[id];
    if (content === undefined) return NO_BYTES;
    return this.#bytes[id] ??= this.#convert(content, this.#vocabulary.added.has(id));
  }

  #convert(content: string, added: boolean): Uint8Array {
    if (this.#plan.byteLevel) {
      return (added ? undefined : this.#fromAlphabet(content)) ?? this.#encoder.encode(content);
    }
    const text = this.#plan.replacements.reduce(
      (text, { from, to }) => text.replaceAll(from, () => to),
      content,
    );
    const byte = this.#plan.byteFallback && /^<0x([0-9A-Fa-f]{2})>$/.exec(text);
    return byte ? Uint8Array.of(parseInt(byte[1], 16)) : this.#encoder.encode(text);
  }

  /** Bytes of a token spelled in {@link byteLevelAlphabet}; undefined if it has other characters. */
  #fromAlphabet(content: string): Uint8Array | undefined {
    const bytes = Array.from(content, (character) => this.#byteOf.get(character));
    return bytes.some((byte) => byte === undefined) ? undefined : Uint8Array.from(bytes as number[]);
  }
}

/**
 * Understands `ByteLevel`, and sequences of `Replace`, `ByteFallback`, `Fuse` and `Strip` in that order: all that BPE
 * vocabularies of the GPT-2 and Llama kinds use. Other decoders look at neighbours or positions and are refused.
 */
function planDecoder(decoder: DecoderConfig | null): DecoderPlan {
  const plan: DecoderPlan = {
    byteLevel: false,
    byteFallback: false,
    replacements: [],
    leading: { byte: 0, count: 0 },
  };
  const steps = decoder?.type === "Sequence"
    ? decoder.decoders as DecoderConfig[]
    : decoder === null
    ? []
    : [decoder];
  let order = -1, fused = false;
  for (const step of steps) {
    const place = ["Replace", "ByteFallback", "Fuse", "Strip"].indexOf(step.type);
    if (step.type === "ByteLevel" && steps.length === 1) plan.byteLevel = true;
    else if (place < order || place < 0) throw unsupported(`step "${step.type}" of ${steps.length}`);
    else if (step.type === "Replace") plan.replacements.push(replacement(step));
    else if (step.type === "ByteFallback") plan.byteFallback = true;
    else if (step.type === "Fuse") fused = true;
    else plan.leading = leadingStrip(step, fused);
    order = place;
  }
  if (steps.length === 0) throw unsupported("no step");
  return plan;
}

function replacement(step: DecoderConfig): { from: string; to: string } {
  const from = (step.pattern as { String?: unknown } | undefined)?.String, to = step.content;
  if (typeof from !== "string" || from === "" || typeof to !== "string") {
    throw unsupported('a "Replace" step without a pattern of type String');
  }
  return { from, to };
}

function leadingStrip({ content, start, stop }: DecoderConfig, fused: boolean): LeadingStrip {
  const isAscii = typeof content === "string" && content.length === 1 && content.charCodeAt(0) < 128;
  const isCount = Number.isInteger(start) && (start as number) >= 0 && (start as number) <= 16;
  if (!fused || !isAscii || !isCount || (stop ?? 0) !== 0) {
    throw unsupported('a "Strip" step of another kind');
  }
  return { byte: content.charCodeAt(0), count: start as number };
}

function unsupported(what: string): TokenizerError {
  return new TokenizerError(
    `Cannot use the decoder of tokenizer.json: it has ${what}, expected "ByteLevel", or a sequence of "Replace", ` +
      '"ByteFallback", "Fuse" and "Strip" of leading characters',
    "Use a byte-level or Llama-style BPE tokenizer.json",
  );
}
