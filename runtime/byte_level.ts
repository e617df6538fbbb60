/** @file Byte-level vocabularies: the alphabet that spells bytes, and the split that goes with it. */

import type { JsonObject } from "./tokenizer_parts.ts";

/**
 * The characters that stand for the bytes 0..255 in byte-level vocabularies: printable Latin-1 stands for itself, the
 * other bytes are numbered from U+0100 up (`bytes_to_unicode` of GPT-2, Radford et al. 2019).
 */
export function byteLevelAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/** True when a checked pre-tokenizer spells text in the byte-level alphabet. */
export function usesByteLevel(part: JsonObject | null): boolean {
  if (part === null) return false;
  return part.type === "ByteLevel" ||
    (part.type === "Sequence" && (part.pretokenizers as JsonObject[]).some(usesByteLevel));
}

/** The split that `ByteLevel` does with `use_regex` (GPT-2, Radford et al. 2019), in Oniguruma's syntax. */
const BYTE_LEVEL_SPLIT = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Spells out `ByteLevel`'s own split as a `Split` step: the library runs its own one with JavaScript's `\s`, which has
 * U+FEFF and lacks U+0085, but translates the pattern of a `Split` to Unicode's White_Space, as the Python package has it.
 */
export function withUnicodeSpaces(part: JsonObject | null): JsonObject | null {
  if (part === null) return null;
  if (part.type === "Sequence") {
    return { ...part, pretokenizers: (part.pretokenizers as JsonObject[]).map(withUnicodeSpaces) };
  }
  if (part.type !== "ByteLevel" || part.use_regex === false || part.add_prefix_space === true) return part;
  const split = { type: "Split", pattern: { Regex: BYTE_LEVEL_SPLIT }, behavior: "Isolated", invert: false };
  return { type: "Sequence", pretokenizers: [split, { ...part, use_regex: false }] };
}
