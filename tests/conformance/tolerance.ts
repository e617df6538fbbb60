/** @file How far an op may be from the reference: data, one entry for each case that needs more than the default, with its reason. */
import type { Backend } from "../../runtime/backend.ts";
import { type Dtype, QUANTIZED_DTYPES } from "../../runtime/tensor.ts";

/** The ops. */
export type Op = {
  [Key in keyof Backend]: Backend[Key] extends (args: infer Args) => void
    ? Args extends { readonly out: unknown } | { readonly queries: unknown } ? Key : never
    : never;
}[keyof Backend];

/** Limits on the differences to the reference. */
export interface Tolerance {
  /** Sum of squared differences over sum of squares. */
  readonly nmse: number;
  /** Largest difference over the largest magnitude. */
  readonly maxError: number;
}

interface Loosened extends Tolerance {
  readonly op: Op;
  /** Storage type of the weight or of the cache. */
  readonly dtype: Dtype;
  /** Start of the candidates' names. */
  readonly backend: string;
  readonly reason: string;
}

/** f32 arithmetic: some roundings of 6e-8 each. */
const DEFAULT: Tolerance = { nmse: 1e-12, maxError: 2e-6 };

const LOOSENED: readonly Loosened[] = [
  ...(["linear", "gatedLinear"] as const).flatMap((op) =>
    QUANTIZED_DTYPES.map((dtype) => ({
      op,
      dtype,
      backend: "",
      nmse: 1e-9,
      maxError: 5e-5,
      reason:
        "in q16, an activation near a tie rounds either way in float32: one step is 1/32639 of its block's largest",
    }))
  ),
  {
    op: "ropeAppend",
    dtype: "f16",
    backend: "",
    nmse: 2.5e-7,
    maxError: 5e-4,
    reason: "the reference keeps float64 in f16 tensors; f16 rounds by up to 2^-11 of a number",
  },
];

/** The limits for an op, with weights or a cache of `dtype`, on a candidate. */
export function toleranceOf(op: Op, dtype: Dtype, candidate: string): Tolerance {
  const matches = (each: Loosened): boolean =>
    each.op === op && each.dtype === dtype && candidate.startsWith(each.backend);
  return LOOSENED.find(matches) ?? DEFAULT;
}
