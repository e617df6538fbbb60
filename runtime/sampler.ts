/**
 * @file From logits to the next token: bias and penalties, then the best token (greedy) or a draw.
 *
 * The draw is Gumbel-max: argmax over the kept ids of z + G(seed, step, id), where z = logit / temperature and G is
 * standard Gumbel noise, picks id i with probability softmax(z)[i] (Maddison, Tarlow, Minka, arXiv:1411.0030, section 2).
 * Unlike inverting a cumulative sum it needs no order among the tokens: a GPU computes it as one argmax, and from the
 * same logits picks the same id as this file does, save for ties at the level of rounding (scores closer than f32's
 * error of two logarithms, or a sum within rounding of topP). z itself is exact: one f32 product with the rounded inverse.
 */

import { ConfigError, KernelError } from "./errors.ts";
import { logSoftmaxTop, type TokenLogprob } from "./logprobs.ts";
import { applyPenalties, RecentTokens } from "./penalties.ts";
import { CounterRandom, MAX_GUMBEL } from "./random.ts";
import type { ResolvedSampling } from "./sampling_options.ts";
import { Truncation } from "./truncation.ts";

/** All that a sampler remembers, as plain data: with the options it determines every later choice. */
export interface SamplerState {
  /** The random numbers' seed. */
  readonly seed: number;
  /** Tokens chosen so far; the random numbers' counter. */
  readonly step: number;
  /** The last tokens, oldest first; at most `penaltyWindow`. */
  readonly recentIds: readonly number[];
}

/** A chosen token. The log-probabilities are there when the options ask for them. */
export interface SampledToken {
  /** Token id. */
  readonly id: number;
  /** Natural log of the token's probability under the raw logits (before bias, penalties and temperature). */
  readonly logprob?: number;
  /** The most probable tokens under the raw logits, best first. */
  readonly topLogprobs?: readonly TokenLogprob[];
}

/**
 * The id of the largest logit, the lowest one among equals.
 *
 * @param logits `[vocabSize]`
 * @throws {KernelError} for NaN or +Infinity
 * @throws {ConfigError} when all logits are -Infinity
 */
export function argmax(logits: Float32Array): number {
  let best = -1, max = -Infinity;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id];
    // One comparison for nearly all: NaN fails it, too.
    if (logit <= max) continue;
    if (logit !== logit) throw notANumber(id, logit);
    best = id;
    max = logit;
  }
  if (max === Infinity) throw notANumber(best, max);
  if (best < 0) {
    throw new ConfigError(
      `Cannot choose a token: all ${logits.length} logits are -Infinity, expected at least one token allowed`,
      "Forbid fewer tokens through logitBias",
    );
  }
  return best;
}

function notANumber(id: number, value: number): KernelError {
  return new KernelError(
    `Cannot choose a token: logit ${id} is ${value}, expected a number`,
    'Check the checkpoint for NaN; if it has none, a kernel is wrong: compare with backend "reference"',
  );
}

/** Chooses tokens one after the other. Holds two buffers of `[vocabSize]` f32; {@link Sampler.state} is the rest. */
export class Sampler {
  /** The options that this sampler follows. */
  readonly options: ResolvedSampling;
  readonly #random: CounterRandom;
  readonly #recent: RecentTokens;
  readonly #truncation: Truncation;
  readonly #scaled: Float32Array;
  readonly #seed: number;
  #step: number;

  /**
   * A sampler at its first step, or going on from a state.
   *
   * @param options checked options
   * @param vocabSize length of the logits to come
   * @param state where to go on; its seed replaces that of the options. Left out: step 0, no history
   */
  constructor(options: ResolvedSampling, vocabSize: number, state?: SamplerState) {
    this.options = options;
    this.#seed = state?.seed ?? options.seed;
    this.#step = state?.step ?? 0;
    this.#random = new CounterRandom(this.#seed);
    this.#recent = new RecentTokens(options.penaltyWindow);
    this.#truncation = new Truncation(vocabSize);
    this.#scaled = new Float32Array(vocabSize);
    if (state !== undefined) this.observe(state.recentIds);
  }

  /** What has to be kept to go on later, a copy. */
  get state(): SamplerState {
    return { seed: this.#seed, step: this.#step, recentIds: this.#recent.toArray() };
  }

  /** Tokens chosen so far. */
  get step(): number {
    return this.#step;
  }

  /** Enters tokens that were not chosen here (a prompt) into the history. */
  observe(ids: Iterable<number>): void {
    for (const id of ids) this.#recent.push(id);
  }

  /** Enters the token chosen at this step, by {@link Sampler.pick} or by a GPU, and goes to the next step. */
  accept(id: number): void {
    this.#recent.push(id);
    this.#step++;
  }

  /** {@link Sampler.pick}, then {@link Sampler.accept}. */
  sample(logits: Float32Array): SampledToken {
    const token = this.pick(logits);
    this.accept(token.id);
    return token;
  }

  /**
   * The token of this step; asking again gives the same one.
   *
   * @param logits `[vocabSize]` raw logits, not changed; -Infinity is allowed
   * @throws {KernelError} for NaN or +Infinity among the logits
   * @throws {ConfigError} when no token is allowed
   */
  pick(logits: Float32Array): SampledToken {
    const { temperature } = this.options;
    const scaled = this.#scaled.length === logits.length
      ? this.#scaled
      : this.#scaled.subarray(0, logits.length);
    scaled.set(logits);
    applyPenalties(scaled, this.#recent.counts, this.options);
    const id = temperature === 0 ? argmax(scaled) : this.#draw(scaled, temperature);
    return this.report(logits, id);
  }

  /** The chosen token with what the options ask to know of it, from the raw logits, `[vocabSize]`. */
  report(logits: Float32Array, id: number): SampledToken {
    const { logprobs } = this.options;
    if (logprobs === undefined) return { id };
    const { logprob, top } = logSoftmaxTop(logits, id, logprobs);
    return { id, logprob, topLogprobs: top };
  }

  /**
   * Gumbel-max over what truncation keeps, without looking at ids that cannot win.
   *
   * Let m be the best id and s = z[m] + G(m). m is always kept, so the winner's score is at least s. Any id's noise is at
   * most MAX_GUMBEL, so an id with z < s - MAX_GUMBEL scores below s and cannot win, kept or not: truncation need not
   * order such ids, and the scan passes over them. The bound tightens as better scores are found, and with each id's own
   * random bits before any logarithm is taken.
   */
  #draw(z: Float32Array, temperature: number): number {
    const inverse = Math.fround(1 / temperature);
    for (let id = 0; id < z.length; id++) z[id] *= inverse;
    let bestId = argmax(z);
    const max = z[bestId];
    let best = max + this.#random.gumbel(this.#step, bestId);
    const threshold = this.#truncation.threshold(z, max, Math.min(max, best - MAX_GUMBEL), this.options);
    for (let id = 0; id < z.length; id++) {
      const value = z[id];
      if (!(value >= threshold) || value + MAX_GUMBEL < best) continue;
      if (value + this.#random.gumbelBound(this.#step, id) < best) continue;
      const score = value + this.#random.gumbel(this.#step, id);
      if (score > best || (score === best && id < bestId)) {
        best = score;
        bestId = id;
      }
    }
    return bestId;
  }
}
