/** @file Times work on a GPU by the difference between much and little of it, so that fixed costs cancel. */
import type { WebGpuBackend } from "../../runtime/backends/webgpu.ts";
import type { Tensor } from "../../runtime/tensor.ts";

const WAKING_MILLISECONDS = 100;

/** Times in milliseconds for one unit of work. */
export interface Timing {
  /** From the first call to the last result on the host. */
  readonly total: number;
  /** Of it, JavaScript's share: until the last command is submitted. */
  readonly encode: number;
}

/** Measures on one backend. */
export class Stopwatch {
  readonly #backend: WebGpuBackend;
  readonly #probe: Tensor;

  constructor(backend: WebGpuBackend) {
    this.#backend = backend;
    this.#probe = backend.allocate([1], "f32");
  }

  /** Waits for everything submitted. */
  async settle(): Promise<void> {
    await this.#backend.read(this.#probe);
  }

  /**
   * Median over `rounds` of the time per unit.
   *
   * @param work does `units` units of work, without waiting
   * @param units enough of them that a round takes some milliseconds
   */
  async measure(work: (units: number) => void, units: number, rounds = 5): Promise<Timing> {
    await this.#wakeUp(work, units);
    const samples: Timing[] = [];
    for (let round = 0; round < rounds; round++) {
      const few = await this.#time(work, units);
      const many = await this.#time(work, 3 * units);
      samples.push({
        total: (many.total - few.total) / (2 * units),
        encode: (many.encode - few.encode) / (2 * units),
      });
    }
    const median = (of: (sample: Timing) => number): number =>
      samples.map(of).sort((a, b) => a - b)[rounds >> 1];
    return { total: median(({ total }) => total), encode: median(({ encode }) => encode) };
  }

  /** A card at rest has its clock low, and everything takes several times as long until it has worked for a while. */
  async #wakeUp(work: (units: number) => void, units: number): Promise<void> {
    const start = performance.now();
    do {
      work(units);
      await this.settle();
    } while (performance.now() - start < WAKING_MILLISECONDS);
  }

  async #time(work: (units: number) => void, units: number): Promise<Timing> {
    const start = performance.now();
    work(units);
    this.#backend.flush();
    const encode = performance.now() - start;
    await this.settle();
    return { total: performance.now() - start, encode };
  }
}
