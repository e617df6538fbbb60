/** The generation that processes go on with, one after the other. */

/** A prompt for the default model. */
export const CHAIN_PROMPT = "Once upon a time, there was a little girl named Lily. One day";

/** Tokens of a chain. */
export const CHAIN_LENGTH = 120;

/** Options with a bit of everything that a snapshot has to carry. */
export function chainOptions(seed: number) {
  return {
    temperature: 1,
    topP: 0.95,
    repetitionPenalty: 1.1,
    penaltyWindow: 32,
    logitBias: { 0: -Infinity }, // never the end of the text
    maxTokens: CHAIN_LENGTH,
    stop: [" the end of all stories"],
    seed,
  };
}
