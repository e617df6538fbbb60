/** @file How token ids become text, for a model that may have no tokenizer at all. */
import { TokenizerError } from "./errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** How token ids become text, and which of them end it. */
export interface TextSettings {
  /** Null: the checkpoint has none; ids go in and come out, text is empty. */
  readonly tokenizer: Tokenizer | null;
  readonly eosTokenIds: readonly number[];
}

/**
 * The tokenizer.
 *
 * @throws {TokenizerError} where the checkpoint has none
 */
export function requireTokenizer({ tokenizer }: TextSettings): Tokenizer {
  if (tokenizer !== null) return tokenizer;
  throw new TokenizerError(
    "Cannot use text: the checkpoint has no tokenizer.json, expected one beside config.json",
    "Add the tokenizer.json of this model, or give token ids",
  );
}
