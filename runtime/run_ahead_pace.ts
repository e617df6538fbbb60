/** @file How many tokens to let run ahead, so that text still arrives often enough to look fluent. */

/** Milliseconds that a batch should take: text then arrives at least every 30. */
const BATCH_MS = 25;

/** Learns from the batches so far. Times are linear in the length, plus a constant, so scaling a batch never overshoots. */
export class RunAheadPace {
  #length = 2;

  /** Tokens of the next batch; the caller begins every generation with a batch of one, so that its first token comes at once. */
  get length(): number {
    return this.#length;
  }

  /** Takes note of a batch of `length` tokens that took so many milliseconds; at most doubles the length. */
  record(length: number, milliseconds: number): void {
    const fitting = Math.floor(length * BATCH_MS / Math.max(milliseconds, 0.001));
    this.#length = Math.max(1, Math.min(fitting, 2 * length));
  }
}
