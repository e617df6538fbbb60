/** @file How many threads pay, and from which size of op on: measured on products with the matrices that are there. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import type { Weight } from "../../backend.ts";
import type { LinearMemory } from "./memory.ts";
import { PRODUCT_ROWS, ProductTimer } from "./product_timer.ts";
import { WeightStore } from "./weights.ts";

/** How an op of one kind of pass is shared. */
export interface Sharing {
  /** Threads to use, the caller's own included. */
  readonly threads: number;
  /** Multiply-adds below which an op is not worth sharing. */
  readonly leastWork: number;
  /** How many times as fast `threads` are as one, on the measured products. */
  readonly speedup: number;
}

/** What was measured: for a token on its own, and for the many rows of a prompt. */
export interface ThreadTuning {
  readonly decode: Sharing;
  readonly prompt: Sharing;
}

/**
 * As many cores as this may all decode, of more only half. A token is some two hundred short ops, and each waits for its slowest thread, which
 * the engine's own threads hold up where every core has a helper: that does not show in a few products (docs/threads.md).
 */
const ALL_CORES_UP_TO = 4;

/** Milliseconds of calls before the first sample: until then engines optimise the kernels, and helpers start. */
const WARM_UP = 8;

/** Rounds, in each of which all numbers of threads take their turn: fewer where the time is over, but enough for a median. */
const MOST_ROUNDS = 11;
const FEWEST_ROUNDS = 3;
const MOST_MILLISECONDS = 25;

/** More threads have to be faster by this factor, or fewer are used. */
const LEAST_GAIN = 1.1;

/** How many times as long as sharing an op takes has to be what it saves. */
const MARGIN = 2;

/** Columns and rows of a matrix so small that a product with it costs nothing but being shared, and its calls for a sample. */
const SMALL = 64;
const SMALL_CALLS = 64;

/**
 * Measures 1, 2, 4, ... `threads` threads, for one row and for many; half as many for one row where there are many cores.
 *
 * @param matrices quantised ones that are in the memory, at least one
 * @param isFixed use all `threads`; only `leastWork` is chosen
 */
export function tuneThreads(
  kernels: WasmExports,
  memory: LinearMemory,
  matrices: readonly Weight[],
  threads: number,
  isFixed: boolean,
): ThreadTuning {
  const countsUpTo = (most: number): number[] => [...new Set([1, ...isFixed ? [] : powersOfTwo(most), most])];
  const decoding = isFixed ? threads : mostForTokens(threads);
  const store = new WeightStore(kernels, memory);
  const tiny = store.upload("matrix", "q8_0", [SMALL, SMALL], new Uint8Array(SMALL * SMALL / 32 * 34));
  const timer = new ProductTimer(kernels, memory, matrices);
  const small = new ProductTimer(kernels, memory, [tiny], SMALL_CALLS * SMALL * SMALL);
  try {
    const [decode, prompt] = [{ rows: 1, most: decoding }, { rows: PRODUCT_ROWS, most: threads }].map(
      ({ rows, most }) => {
        const counts = countsUpTo(most);
        const times = medians(counts, (count) => timer.sample(count, rows));
        const best = isFixed ? threads : leastOf(counts, times);
        const speedup = times.get(1)! / times.get(best)!;
        if (best === 1) return { threads: 1, leastWork: Infinity, speedup };
        const shared = medians([1, best], (count) => small.sample(count, 1));
        const cost = SMALL ** 2 * Math.max(shared.get(best)! - shared.get(1)!, 0);
        return { threads: best, leastWork: sharedFrom(cost, 1 / times.get(1)!, speedup), speedup };
      },
    );
    return { decode, prompt };
  } finally {
    timer.free();
    small.free();
    store.release(tiny);
  }
}

/** How many of `threads` may share the ops of a single token. */
export function mostForTokens(threads: number): number {
  return Math.min(threads, Math.max(ALL_CORES_UP_TO, threads >> 1));
}

/** 2, 4, 8, ... below `limit`. */
function powersOfTwo(limit: number): number[] {
  const powers: number[] = [];
  for (let power = 2; power < limit; power *= 2) powers.push(power);
  return powers;
}

/** The median time with each number of threads. They take turns, so that what else the machine does meets all of them alike. */
function medians(
  counts: readonly number[],
  sample: (count: number) => number,
): ReadonlyMap<number, number> {
  const times = new Map(counts.map((count) => [count, [] as number[]]));
  let start = performance.now();
  while (performance.now() - start < WARM_UP) sample(counts.at(-1)!);
  start = performance.now();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() - start > MOST_MILLISECONDS) break;
    for (const count of counts) times.get(count)!.push(sample(count));
  }
  const median = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1];
  return new Map(counts.map((count) => [count, median(times.get(count)!)]));
}

/** The fewest threads that more do not beat by {@linkcode LEAST_GAIN}. */
function leastOf(counts: readonly number[], times: ReadonlyMap<number, number>): number {
  let best = counts[0];
  for (const count of counts) if (times.get(count)! * LEAST_GAIN < times.get(best)!) best = count;
  return best;
}

/** Multiply-adds, done at `rate` a millisecond, from which on sharing an op saves {@linkcode MARGIN} times its `cost` in milliseconds. */
function sharedFrom(cost: number, rate: number, speedup: number): number {
  return MARGIN * rate * cost / (1 - 1 / Math.max(speedup, LEAST_GAIN));
}
