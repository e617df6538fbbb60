/** @file What a generation asks of something that limits its text, such as a grammar. */

/** Limits which tokens may come next. Holds for one generation. */
export interface TokenConstraint {
  /** True once nothing may follow; the generation then ends, as at an end-of-text token. */
  readonly isFinished: boolean;
  /** Sets the logits of the tokens that may not come next to -Infinity, `[vocabSize]`. */
  constrain(logits: Float32Array): void;
  /** Takes note of the token that was chosen. */
  accept(id: number): void;
}
