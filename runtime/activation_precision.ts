/** @file How finely activations are rounded where they meet quantised weights. */

/**
 * How fine the activations are that meet quantised weights. `q16`: 32639 = 127 * 256 + 127 steps, two signed bytes; its rounding is
 * as small as float32's own in a deep network, so backends agree. `q8`: 127 steps, one byte, as ggml does: less arithmetic, but one
 * activation that rounds the other way on another backend changes later logits by some tenths.
 */
export type ActivationPrecision = "q16" | "q8";

/** Steps on either side of 0; Q of `LinearArgs` (backend.ts). */
export const ACTIVATION_STEPS: Readonly<Record<ActivationPrecision, number>> = { q16: 32639, q8: 127 };
