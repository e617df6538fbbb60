/** @file Counts and rates of a generation. */
import type { GenerationSummary } from "./generation_options.ts";

/** How the prompt of a generation went. */
export interface PromptTiming {
  readonly tokens: number;
  readonly milliseconds: number;
}

/** No prompt since the last generation. */
export const NO_PROMPT: PromptTiming = { tokens: 0, milliseconds: 0 };

/** The part of a summary that is counted and timed. */
export type GenerationFigures = Pick<
  GenerationSummary,
  | "promptTokens"
  | "generatedTokens"
  | "timeToFirstTokenMs"
  | "prefillTokensPerSecond"
  | "decodeTokensPerSecond"
>;

/** Times a generation from its construction on. */
export class GenerationClock {
  readonly #prompt: PromptTiming;
  readonly #start = performance.now();
  #first = 0;
  #latest = 0;
  #tokens = 0;

  constructor(prompt: PromptTiming) {
    this.#prompt = prompt;
  }

  /** Counts one token. */
  count(): void {
    this.#latest = performance.now();
    if (this.#tokens++ === 0) this.#first = this.#latest;
  }

  /** The figures so far. */
  get figures(): GenerationFigures {
    const { tokens, milliseconds } = this.#prompt;
    return {
      promptTokens: tokens,
      generatedTokens: this.#tokens,
      timeToFirstTokenMs: this.#tokens === 0 ? null : milliseconds + this.#first - this.#start,
      prefillTokensPerSecond: rate(tokens, milliseconds),
      decodeTokensPerSecond: rate(this.#tokens - 1, this.#latest - this.#first),
    };
  }
}

function rate(count: number, milliseconds: number): number | null {
  return count > 0 && milliseconds > 0 ? (1000 * count) / milliseconds : null;
}
