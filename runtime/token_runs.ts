/** @file Which tokens of a sequence were prompted and which generated: the release's window rule tells them apart. */

/** How a token came into a sequence. */
export type TokenKind = "prompted" | "generated";

/** Lengths of runs of prompted and generated tokens, in turn. */
export class TokenRuns {
  /** Even entries count prompted tokens, odd ones generated tokens. */
  readonly #lengths: number[];

  constructor(lengths: readonly number[] = []) {
    this.#lengths = [...lengths];
  }

  /** The run lengths, prompted first. */
  toArray(): number[] {
    return [...this.#lengths];
  }

  /** The same runs, to be continued apart. */
  copy(): TokenRuns {
    return new TokenRuns(this.#lengths);
  }

  /** Appends `count` tokens of one kind. */
  add(kind: TokenKind, count: number): void {
    if (count === 0) return;
    const parity = kind === "prompted" ? 0 : 1;
    if (this.#lengths.length === 0 && parity === 1) this.#lengths.push(0);
    if (this.#lengths.length % 2 === parity) this.#lengths.push(0);
    this.#lengths[this.#lengths.length - 1] += count;
  }

  /** The kinds of tokens `start .. end`. */
  kinds(start: number, end: number): TokenKind[] {
    const kinds: TokenKind[] = [];
    let at = 0;
    this.#lengths.forEach((length, i) => {
      for (let token = Math.max(at, start); token < Math.min(at + length, end); token++) {
        kinds.push(i % 2 === 0 ? "prompted" : "generated");
      }
      at += length;
    });
    return kinds;
  }

  /** Keeps the first `length` tokens. */
  truncate(length: number): void {
    let left = length;
    for (let i = 0; i < this.#lengths.length; i++) {
      this.#lengths[i] = Math.min(this.#lengths[i], left);
      left -= this.#lengths[i];
    }
    while (this.#lengths.at(-1) === 0) this.#lengths.pop();
  }
}
