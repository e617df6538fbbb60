/**
 * @file Token ids to text, piece by piece: the pieces joined are exactly the text of all ids together, and none ends
 * within a code point, nor within a user-perceived character (grapheme cluster, Unicode Annex 29) as far as that can be
 * told without waiting for every next token.
 */

import type { Detokenizer } from "./detokenizer.ts";

/** What {@link TextStream} does beyond the defaults. */
export interface TextStreamOptions {
  /** Control tokens add no text. @default {true} */
  skipSpecialTokens?: boolean;
  /** The ids continue a text: a leading space that the tokenizer adds to a text's beginning is kept. @default {false} */
  continuation?: boolean;
  /**
   * `"open"` waits for the next token only where clusters commonly go on: after emoji, joiners, single flag letters,
   * combining marks, letters of scripts written with vowel signs (Arabic, Hebrew, Indic, Thai, ...), Hangul jamo, CR. A
   * mark after a Latin letter, then, comes as a piece of its own. `"whole"` always keeps the last cluster back until the
   * next token is there, so pieces lag one cluster behind their tokens. @default {"open"}
   */
  graphemes?: "open" | "whole";
}

/** A stream's memory as plain data. */
export interface TextStreamState {
  /** Text of a cluster that may go on. */
  readonly held: string;
  /** 0 to 3 bytes of a code point that is not complete. */
  readonly bytes: readonly number[];
  /** Characters that may still be removed from the text's beginning. */
  readonly strip: number;
}

/**
 * Longest text held back, in UTF-16 units; then it goes out even within a cluster. The longest emoji in use (a kiss, two
 * skin tones) has 15. With up to 3 bytes of a code point on top, no token waits for more than 99 tokens with text.
 */
export const MAX_HELD_UNITS = 32;

/** Scripts whose letters carry signs that follow as code points of their own. */
const SCRIPTS =
  "Hebr Arab Syrc Thaa Nkoo Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Thai Laoo Tibt Mymr Khmr";

/**
 * A character after which a cluster commonly goes on. Tested on the last character alone, with `^`: V8 15 finds no match
 * for `[...]$` when the class has characters beyond U+FFFF (`/[\u{1f600}]$/u.test("\u{1f600}")` is false in Deno 2.9.6).
 */
const OPEN_END = new RegExp(
  "^[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\p{Regional_Indicator}\\p{M}\\u200d\\r\\u{e0020}-\\u{e007f}" +
    "\\u1100-\\u11ff\\ua960-\\ua97f\\ud7b0-\\ud7ff\\u0600-\\u0605\\u06dd\\u070f" +
    SCRIPTS.split(" ").map((script) => `\\p{Script=${script}}`).join("") + "]$",
  "u",
);
/** A flag: complete, save for marks on it, which nobody uses. */
const FLAG = /^\p{Regional_Indicator}{2}$/u;
/** A cluster always ends after a control character, but CR may be followed by LF. */
const CONTROL = /^[^\P{Cc}\r]$/u;

/** Feeds on ids, gives text. Constant time per id, amortised; remembers at most {@link MAX_HELD_UNITS} and 3 bytes. */
export class TextStream {
  readonly #detokenizer: Detokenizer;
  readonly #skipSpecialTokens: boolean;
  readonly #whole: boolean;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Made for the first cluster that may go on: making one takes some milliseconds, and most text needs none. */
  #segmenter: Intl.Segmenter | undefined;
  #held: string;
  #bytes: Uint8Array;
  #strip: number;

  /**
   * A stream at the beginning of its ids, or going on from a state.
   *
   * @param detokenizer what the ids mean
   * @param options see {@link TextStreamOptions}
   * @param state where to go on
   */
  constructor(detokenizer: Detokenizer, options: TextStreamOptions = {}, state?: TextStreamState) {
    this.#detokenizer = detokenizer;
    this.#skipSpecialTokens = options.skipSpecialTokens ?? true;
    this.#whole = options.graphemes === "whole";
    this.#held = state?.held ?? "";
    this.#bytes = Uint8Array.from(state?.bytes ?? []);
    this.#strip = state?.strip ?? (options.continuation ? 0 : detokenizer.leading.count);
  }

  /** What has to be kept to go on later, a copy. */
  get state(): TextStreamState {
    return { held: this.#held, bytes: [...this.#bytes], strip: this.#strip };
  }

  /**
   * Takes the next id and gives the text that is now certain, often "" within a character.
   *
   * @throws {TokenizerError} for an id that is no integer or negative
   */
  push(id: number): string {
    const added = this.#detokenizer.bytes(id);
    if (added.length === 0 || (this.#skipSpecialTokens && this.#detokenizer.isSpecial(id))) return "";
    const bytes = join(this.#bytes, this.#withoutLeading(added));
    const complete = bytes.length - incompleteTail(bytes);
    this.#bytes = bytes.subarray(complete);
    return this.#release(this.#held + this.#decoder.decode(bytes.subarray(0, complete)));
  }

  /** Gives what is left at the end of the ids: a held cluster, and U+FFFD for a code point that was never completed. */
  flush(): string {
    const text = this.#held + this.#decoder.decode(this.#bytes);
    this.#held = "";
    this.#bytes = new Uint8Array(0);
    return text;
  }

  #withoutLeading(bytes: Uint8Array): Uint8Array {
    let start = 0;
    while (this.#strip > 0 && start < bytes.length) {
      if (bytes[start] === this.#detokenizer.leading.byte) {
        this.#strip--;
        start++;
      } else this.#strip = 0;
    }
    return bytes.subarray(start);
  }

  #release(text: string): string {
    let end = text.length;
    const character = lastCharacter(text);
    if (this.#whole ? !CONTROL.test(character) : OPEN_END.test(character)) {
      this.#segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
      const last = this.#segmenter.segment(text).containing(end - 1);
      const flag = !this.#whole && FLAG.test(last?.segment ?? "");
      if (last !== undefined && !flag && last.segment.length <= MAX_HELD_UNITS) end = last.index;
    }
    this.#held = text.slice(end);
    return text.slice(0, end);
  }
}

function lastCharacter(text: string): string {
  const pair = text.length > 1 ? text.slice(-2) : text;
  return pair.length === 2 && pair.codePointAt(0)! > 0xffff ? pair : pair.slice(-1);
}

/** The text of all ids at once: what the pieces of a {@link TextStream} join to. */
export function decodeIds(
  detokenizer: Detokenizer,
  ids: Iterable<number>,
  options: TextStreamOptions = {},
): string {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const id of ids) {
    if ((options.skipSpecialTokens ?? true) && detokenizer.isSpecial(id)) continue;
    const bytes = detokenizer.bytes(id);
    parts.push(bytes);
    length += bytes.length;
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  const { byte, count } = detokenizer.leading;
  let start = 0;
  while (!options.continuation && start < count && all[start] === byte) start++;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(all.subarray(start));
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/**
 * Length, 0 to 3, of the beginning of a code point at the end of `bytes` that more bytes could complete. Only well-formed
 * beginnings count (Unicode 17, table 3-7): anything else is U+FFFD already, whatever comes.
 */
function incompleteTail(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const lead = bytes[bytes.length - length];
    if (lead >= 0x80 && lead < 0xc0) continue; // a continuation byte: the lead stands further left
    const size = lead >= 0xc2 && lead < 0xe0
      ? 2
      : lead >= 0xe0 && lead < 0xf0
      ? 3
      : lead >= 0xf0 && lead < 0xf5
      ? 4
      : 1;
    if (size <= length) return 0;
    return length === 1 || secondByteFits(lead, bytes[bytes.length - length + 1]) ? length : 0;
  }
  return 0;
}

function secondByteFits(lead: number, second: number): boolean {
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high;
}
