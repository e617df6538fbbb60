/** @file Which tokens of a sequence were prompted and which generated: the release's window rule tells them apart. */

/** How a token came into a sequence. */
export type TokenKind = "prompted" | "generated";

/** Tokens of one kind in a row. */
export interface TokenRun {
  readonly kind: TokenKind;
  readonly length: number;
}

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

  /** The runs of tokens `start .. end`, in order, none of them empty. */
  slice(start: number, end: number): TokenRun[] {
    const runs: TokenRun[] = [];
    let at = 0;
    this.#lengths.forEach((length, i) => {
      const inside = Math.min(at + length, end) - Math.max(at, start);
      if (inside > 0) runs.push({ kind: i % 2 === 0 ? "prompted" : "generated", length: inside });
      at += length;
    });
    return runs;
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
