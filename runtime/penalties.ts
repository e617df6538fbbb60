/** @file Logit bias and the penalties on tokens that stand in the recent history. */

import type { ResolvedSampling } from "./sampling_options.ts";

/** The last tokens of a session, and how often each stands among them. */
export class RecentTokens {
  /** Tokens by age; those before `#start` have left the window and are cut off now and then. */
  #ids: number[] = [];
  #start = 0;
  readonly #counts = new Map<number, number>();
  readonly #size: number;

  /** An empty window for `size` tokens; 0 forgets at once. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Appends a token; the oldest leaves when the window is full. Constant time, amortised. */
  push(id: number): void {
    if (this.#size === 0) return;
    this.#ids.push(id);
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    if (this.#ids.length - this.#start > this.#size) this.#drop();
  }

  #drop(): void {
    const oldest = this.#ids[this.#start++];
    const count = this.#counts.get(oldest)! - 1;
    if (count === 0) this.#counts.delete(oldest);
    else this.#counts.set(oldest, count);
    if (this.#start > this.#size) {
      this.#ids = this.#ids.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Times that each token in the window stands in it. */
  get counts(): ReadonlyMap<number, number> {
    return this.#counts;
  }

  /** The window's tokens, oldest first. */
  toArray(): number[] {
    return this.#ids.slice(this.#start);
  }
}

/** True when {@link applyPenalties} would change any logit whatever the history is. */
export function hasPenalties(options: ResolvedSampling): boolean {
  return options.repetitionPenalty !== 1 || options.presencePenalty !== 0 || options.frequencyPenalty !== 0;
}

/**
 * Adds the bias, then for each token in the window, whose count is c: divides a positive or multiplies a negative logit
 * by `repetitionPenalty` (Keskar et al., arXiv:1909.05858, in the form of Hugging Face's RepetitionPenaltyLogitsProcessor),
 * then subtracts `presencePenalty + c * frequencyPenalty` (OpenAI's definition).
 *
 * Every product and sum is one of f32, and dividing is multiplying by the rounded inverse: a GPU computes the very same numbers.
 *
 * @param logits `[vocabSize]`, changed in place; ids outside it are passed over
 * @param counts times that each token stands in the window
 */
export function applyPenalties(
  logits: Float32Array,
  counts: ReadonlyMap<number, number>,
  options: ResolvedSampling,
): void {
  for (const [id, bias] of options.logitBias) {
    if (id < logits.length) logits[id] += Math.fround(bias);
  }
  if (!hasPenalties(options)) return;
  const { fround } = Math;
  const repetition = fround(options.repetitionPenalty), inverse = fround(1 / options.repetitionPenalty);
  const presence = fround(options.presencePenalty), frequency = fround(options.frequencyPenalty);
  for (const [id, count] of counts) {
    if (id >= logits.length) continue;
    const logit = logits[id];
    const repeated = fround(logit > 0 ? logit * inverse : logit * repetition);
    logits[id] = repeated - fround(presence + fround(count * frequency));
  }
}
