/** @file How many threads pay, and from which size of op on: measured on a product that fits a core's cache. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import type { LinearMemory } from "./memory.ts";
import { weightPointer, WeightStore } from "./weights.ts";

/** What was measured. */
export interface ThreadTuning {
  /** Threads to use, the caller's own included. */
  readonly threads: number;
  /** Multiply-adds below which an op is not worth sharing. */
  readonly leastWork: number;
  /** How many times as fast `threads` are as one, on the measured product. */
  readonly speedup: number;
}

/** Rows and columns of the measured product, and of one so small that it costs nothing but being shared. */
const LARGE = 1024;
const SMALL = 64;

/** Milliseconds of calls before the first sample: until then engines optimise the kernels, in each thread by itself. */
const WARM_UP = 10;

/** Samples of each number of threads; the fastest counts, so that what else the machine does matters little. */
const SAMPLES = 12;

/** Calls that make a sample, for clocks of 5 us. */
const LARGE_CALLS = 4;
const SMALL_CALLS = 64;

/** More threads have to be faster by this factor, or fewer are used. */
const LEAST_GAIN = 1.1;

/** How many times as long as sharing an op takes has to be what it saves. */
const MARGIN = 2;

/**
 * Measures 1, 2, 4, ... `threads` threads and leaves the pool set to the best of them.
 *
 * @param isFixed use all `threads`; only `leastWork` is chosen
 */
export function tuneThreads(
  kernels: WasmExports,
  memory: LinearMemory,
  threads: number,
  isFixed: boolean,
): ThreadTuning {
  const large = new Product(kernels, memory, LARGE, LARGE_CALLS);
  const small = new Product(kernels, memory, SMALL, SMALL_CALLS);
  const counts = [1, ...isFixed ? [] : powersOfTwo(threads), threads];
  const times = large.fastest(counts);
  const best = isFixed ? threads : leastOf(counts, times);
  const speedup = times.get(1)! / times.get(best)!;
  const leastWork = best === 1 ? Infinity : sharedFrom(small, best, LARGE ** 2 / times.get(1)!, speedup);
  large.free();
  small.free();
  kernels.pool_configure(best - 1, leastWork);
  return { threads: best, leastWork, speedup };
}

/** 2, 4, 8, ... below `limit`. */
function powersOfTwo(limit: number): number[] {
  const powers: number[] = [];
  for (let power = 2; power < limit; power *= 2) powers.push(power);
  return powers;
}

/** The fewest threads that more do not beat by {@linkcode LEAST_GAIN}. */
function leastOf(counts: readonly number[], times: ReadonlyMap<number, number>): number {
  let best = counts[0];
  for (const count of counts) if (times.get(count)! * LEAST_GAIN < times.get(best)!) best = count;
  return best;
}

/** Multiply-adds, done at `rate` a millisecond, from which on sharing an op saves {@linkcode MARGIN} times what it costs. */
function sharedFrom(small: Product, threads: number, rate: number, speedup: number): number {
  const times = small.fastest([1, threads]);
  const cost = Math.max(times.get(threads)! - times.get(1)!, 0);
  return MARGIN * rate * cost / (1 - 1 / Math.max(speedup, LEAST_GAIN));
}

/** A product of a row with a square matrix. */
class Product {
  readonly #kernels: WasmExports;
  readonly #calls: number;
  readonly #run: () => void;
  readonly free: () => void;

  constructor(kernels: WasmExports, memory: LinearMemory, size: number, calls: number) {
    this.#kernels = kernels;
    this.#calls = calls;
    const weights = new WeightStore(kernels, memory);
    const matrix = weights.upload("matrix", "q8_0", [size, size], new Uint8Array(size * size / 32 * 34));
    const [x, out] = [1, 2].map(() => memory.allocate("measurement", size * 4));
    const scratch = memory.allocate("measurement", kernels.activation_bytes(1, size, 2));
    kernels.quantize_activations(x.pointer, size, 1, size, 2, scratch.pointer);
    const at = [weightPointer(matrix), x.pointer, scratch.pointer, out.pointer];
    this.#run = () => kernels.linear(at[0], at[1], size, at[2], 2, 1, at[3], size, false);
    this.free = () => {
      weights.release(matrix);
      [x, out, scratch].forEach((region) => memory.free(region));
    };
  }

  /** Milliseconds of the fastest call with each number of threads. */
  fastest(counts: readonly number[]): ReadonlyMap<number, number> {
    const times = new Map(counts.map((count) => [count, Infinity]));
    for (const count of counts) {
      const start = performance.now();
      while (performance.now() - start < WARM_UP) this.#sample(count);
    }
    for (let sample = 0; sample < SAMPLES; sample++) {
      for (const count of counts) times.set(count, Math.min(times.get(count)!, this.#sample(count)));
    }
    return times;
  }

  /** Milliseconds of a call. The first one, which may have to wake threads, does not count. */
  #sample(count: number): number {
    this.#kernels.pool_configure(count - 1, 0);
    this.#run();
    const start = performance.now();
    for (let call = 0; call < this.#calls; call++) this.#run();
    return (performance.now() - start) / this.#calls;
  }
}
