import { fail } from "@std/assert";

/** Fails with the first logit whose error exceeds `tolerance` times the largest wanted logit. */
export function assertLogitsClose(
  logits: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
  vocabSize: number,
): void {
  const scale = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < wanted.length; i++) {
    if (Math.abs(logits[i] - wanted[i]) <= tolerance * scale) continue;
    fail(
      `row ${Math.floor(i / vocabSize)}, id ${i % vocabSize}: got ${logits[i]}, wanted ${
        wanted[i]
      }, scale ${scale}`,
    );
  }
}
