/** @file The one check of token ids that come from outside. */
import { ConfigError } from "./errors.ts";

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
