/** @file The space that some tokenizers put before every text, and tokenizers without it for text that goes on from another. */
import { isObject, type JsonObject } from "./tokenizer_parts.ts";

/** A checked tokenizer.json that puts nothing before a text; null where it does not do so anyway. */
export function withoutTextPrefix(json: JsonObject): JsonObject | null {
  const normalizer = withoutPrefix(json.normalizer), preTokenizer = withoutPrefix(json.pre_tokenizer);
  if (normalizer === json.normalizer && preTokenizer === json.pre_tokenizer) return null;
  return { ...json, normalizer, pre_tokenizer: preTokenizer };
}

/** A part without the steps or options that put something in front; itself where it has none. */
function withoutPrefix(part: unknown): unknown {
  if (!isObject(part)) return part;
  for (const members of ["normalizers", "pretokenizers"]) {
    const steps = part[members];
    if (!Array.isArray(steps)) continue;
    const kept = steps.map(withoutPrefix).filter((step) => step !== null);
    const same = kept.length === steps.length && kept.every((step, i) => step === steps[i]);
    return same ? part : { ...part, [members]: kept };
  }
  switch (part.type) {
    case "Prepend":
      return null;
    case "Metaspace":
      return part.prepend_scheme === "never" ? part : { ...part, prepend_scheme: "never" };
    case "ByteLevel":
      return part.add_prefix_space ? { ...part, add_prefix_space: false } : part;
    default:
      return part;
  }
}

/** Where the first of `tokens` begins in a text; its length where none occurs. What follows a token is a text of its own. */
export function firstTokenIn(text: string, tokens: readonly string[]): number {
  return tokens.reduce((first, token) => {
    const at = text.indexOf(token);
    return at < 0 ? first : Math.min(first, at);
  }, text.length);
}
