/** @file Log-probabilities of tokens under the model's own distribution. */

/** e^-50 of the best token's weight: all tokens below it together are within f64's rounding (see truncation.ts). */
const NEGLIGIBLE_GAP = 50;

/** A token and the natural logarithm of its probability. */
export interface TokenLogprob {
  /** Token id. */
  readonly id: number;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
}

/**
 * Log-softmax of raw logits at the chosen token and at the `count` best ones, as OpenAI's API reports them: before bias,
 * penalties and temperature, so they say what the model thinks, not how it was sampled.
 *
 * @param logits `[vocabSize]`, without NaN or +Infinity; not changed
 * @param chosen id of the sampled token
 * @param count number of alternatives; fewer come back when the vocabulary is smaller
 * @returns `top` by falling probability, lower ids first among equals
 */
export function logSoftmaxTop(
  logits: Float32Array,
  chosen: number,
  count: number,
): { logprob: number; top: TokenLogprob[] } {
  const best = bestIds(logits, Math.max(1, count));
  const max = logits[best[0]];
  let sum = 0;
  for (let id = 0; id < logits.length; id++) {
    const gap = logits[id] - max;
    if (gap > -NEGLIGIBLE_GAP) sum += Math.exp(gap);
  }
  const logSum = max + Math.log(sum);
  const top = best.slice(0, count).map((id) => ({ id, logprob: logits[id] - logSum }));
  return { logprob: logits[chosen] - logSum, top };
}

/** The `count` ids with the largest logits, largest first, lower ids first among equals. */
function bestIds(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id];
    if (best.length === count && !(logit > logits[best[count - 1]])) continue;
    if (best.length === count) best.pop();
    let place = best.length;
    while (place > 0 && logits[best[place - 1]] < logit) place--;
    best.splice(place, 0, id);
  }
  return best;
}
