/** @file What a conformance case is. */
import type { Dtype } from "../../../runtime/tensor.ts";
import type { Bench } from "../bench.ts";
import type { Op } from "../tolerance.ts";

/** One op on one shape. */
export interface Case {
  readonly op: Op;
  /** Storage type of the weight or of the cache. */
  readonly dtype: Dtype;
  /** The sizes, as failures name them. */
  readonly shape: string;
  /** Makes the op's arguments, and runs it. */
  run(bench: Bench): void;
}

/** All from 1 to twice the lanes of a 128-bit vector and one more. */
export const SMALL_SIZES: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Each side of the sizes that kernels work in: blocks of 16 to 256. */
export const EDGE_SIZES: readonly number[] = [
  15,
  16,
  17,
  31,
  32,
  33,
  63,
  64,
  65,
  127,
  128,
  129,
  255,
  256,
  257,
];

/** Text of named sizes. */
export function shapeText(sizes: Readonly<Record<string, number | string | null>>): string {
  return Object.entries(sizes).map(([name, size]) => `${name}=${size}`).join(" ");
}
