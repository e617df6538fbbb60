/**
 * @file Top-k, top-p and min-p as one threshold on the scaled logits. Each is defined by a value, not by a place in a
 * sorted order, so the set that stays does not depend on how ties are ordered, and a GPU can find it without sorting:
 *
 * - top-k keeps every z >= the k-th largest z;
 * - top-p keeps every p >= t, for the largest t with mass({p >= t}) >= topP, among what top-k kept (Holtzman et al.,
 *   arXiv:1904.09751);
 * - min-p keeps every p >= minP * max(p) (Nguyen et al., arXiv:2407.01082).
 */

import type { ResolvedSampling } from "./sampling_options.ts";

/**
 * Tokens this far below the best are left out of probability sums. All of them together weigh at most
 * vocabSize * e^-50 of the best token's weight: less than 2^-53, f64's rounding, up to 570,000 tokens.
 */
const NEGLIGIBLE_GAP = 50;

/** Values are first sorted into this many equal intervals; only the interval of the threshold is then sorted itself. */
const INTERVALS = 256;

/** Finds thresholds in time linear in the vocabulary; holds buffers that every call reuses. */
export class Truncation {
  /** The values at or above the caller's floor, in the order of their ids. */
  readonly #values: Float32Array;
  readonly #nearby: Float32Array;
  readonly #weights = new Float64Array(INTERVALS);
  #count = 0;
  #max = 0;
  #intervalsPerUnit = 0;

  /** Buffers for logits of at most `vocabSize` tokens. */
  constructor(vocabSize: number) {
    this.#values = new Float32Array(vocabSize);
    this.#nearby = new Float32Array(vocabSize);
  }

  /**
   * The smallest scaled logit that top-k, top-p and min-p all keep, or `floor` when that is larger.
   *
   * Only values from `floor` up are looked at closely. That is exact: a threshold at or above `floor` is one of them, and
   * when it is not, all of them stay.
   *
   * @param z scaled logits (logit / temperature), `[vocabSize]`, not changed
   * @param max the largest of them
   * @param floor the caller has no use for values below this; at most `max`
   */
  threshold(z: Float32Array, max: number, floor: number, options: ResolvedSampling): number {
    const { topK, topP, minP } = options;
    let threshold = floor;
    if (minP > 0) threshold = Math.max(threshold, Math.fround(max + Math.fround(Math.log(minP))));
    if (topK === 0 && topP === 1) return threshold;
    this.#collect(z, max, floor);
    if (topK > this.#count && topP < 1) {
      floor = max - NEGLIGIBLE_GAP; // top-p needs the mass of all that top-k keeps
      this.#collect(z, max, floor);
    }
    const cut = topK > 0 && topK <= this.#count;
    if (cut) {
      this.#weighByCount();
      const kth = this.#crossing(topK, one);
      threshold = Math.max(threshold, kth);
      this.#collect(z, max, kth);
    }
    if (topP < 1) threshold = Math.max(threshold, this.#topP(z, topP, cut ? this.#count : z.length, floor));
    return threshold;
  }

  /**
   * @param count values that top-p chooses among: those collected, and others below `floor`. Their unknown mass is at most
   * that of as many values at `floor`; it is summed only when it could move the threshold.
   */
  #topP(z: Float32Array, topP: number, count: number, floor: number): number {
    const mass = this.#weighByMass();
    const value = this.#crossing(topP * mass, this.#mass);
    const unknown = (count - this.#count) * Math.exp(floor - this.#max);
    if (mass + unknown === mass) return value;
    if (this.#crossing(topP * (mass + unknown), this.#mass) === value) return value;
    return this.#crossing(topP * totalMass(z, this.#max), this.#mass);
  }

  readonly #mass = (value: number): number => Math.exp(value - this.#max);

  #collect(z: Float32Array, max: number, floor: number): void {
    const values = this.#values;
    let count = 0, min = max;
    for (let id = 0; id < z.length; id++) {
      const value = z[id];
      if (!(value >= floor)) continue;
      values[count++] = value;
      if (value < min) min = value;
    }
    this.#count = count;
    this.#max = max;
    this.#intervalsPerUnit = max > min ? (INTERVALS - 1) / (max - min) : 0;
  }

  /** Interval of a value, counted from the largest down. */
  #interval(value: number): number {
    return Math.trunc((this.#max - value) * this.#intervalsPerUnit);
  }

  #weighByCount(): void {
    this.#weights.fill(0);
    for (let i = 0; i < this.#count; i++) this.#weights[this.#interval(this.#values[i])]++;
  }

  #weighByMass(): number {
    this.#weights.fill(0);
    let sum = 0;
    for (let i = 0; i < this.#count; i++) {
      const mass = Math.exp(this.#values[i] - this.#max);
      this.#weights[this.#interval(this.#values[i])] += mass;
      sum += mass;
    }
    return sum;
  }

  /** The value at which the weights, summed from the largest value down, reach `target`; -Infinity if they do not. */
  #crossing(target: number, weight: (value: number) => number): number {
    let sum = 0, interval = 0;
    while (interval < INTERVALS && sum + this.#weights[interval] < target) sum += this.#weights[interval++];
    if (interval === INTERVALS) return -Infinity;
    let count = 0;
    for (let i = 0; i < this.#count; i++) {
      if (this.#interval(this.#values[i]) === interval) this.#nearby[count++] = this.#values[i];
    }
    const nearby = this.#nearby.subarray(0, count).sort();
    for (let i = count - 1; i > 0; i--) {
      sum += weight(nearby[i]);
      if (sum >= target) return nearby[i];
    }
    return nearby[0];
  }
}

function one(): number {
  return 1;
}

function totalMass(z: Float32Array, max: number): number {
  let total = 0;
  for (let id = 0; id < z.length; id++) {
    const gap = z[id] - max;
    if (gap > -NEGLIGIBLE_GAP) total += Math.exp(gap);
  }
  return total;
}
