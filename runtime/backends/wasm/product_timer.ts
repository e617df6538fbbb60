/** @file What products with a model's matrices take: with one after the other, so that each comes from where a token's weights come from. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import type { Weight } from "../../backend.ts";
import type { LinearMemory, Region } from "./memory.ts";
import { weightPointer } from "./weights.ts";

/** Rows of a product that stands for a prompt's: enough for arithmetic, and not memory, to be the limit. */
export const PRODUCT_ROWS = 16;

/** Multiply-adds of a row that make a sample. */
const SAMPLE_WORK = 2e6;

/** Bytes of an activation. */
const PLANES = 2;

/** Times products; its matrices have to stay until it is freed. */
export class ProductTimer {
  readonly #kernels: WasmExports;
  readonly #memory: LinearMemory;
  readonly #matrices: readonly Weight[];
  readonly #work: number;
  readonly #x: Region;
  readonly #out: Region;
  readonly #scratch: Region;
  /** The matrix whose turn it is. */
  #next = 0;

  /** @param work multiply-adds of a row that make a sample, at least */
  constructor(
    kernels: WasmExports,
    memory: LinearMemory,
    matrices: readonly Weight[],
    work: number = SAMPLE_WORK,
  ) {
    const most = (of: (matrix: Weight) => number): number => Math.max(...matrices.map(of));
    const [rows, columns] = [most(({ shape }) => shape[0]), most(({ shape }) => shape[1])];
    this.#kernels = kernels;
    this.#memory = memory;
    this.#matrices = matrices;
    this.#work = work;
    this.#x = memory.allocate("measurement", 4 * PRODUCT_ROWS * columns);
    this.#out = memory.allocate("measurement", 4 * PRODUCT_ROWS * rows);
    const scratchBytes = kernels.activation_bytes(PRODUCT_ROWS, columns, PLANES);
    this.#scratch = memory.allocate("measurement", scratchBytes);
  }

  /** Milliseconds of a multiply-add of a row, in products of `rows` rows on so many threads. */
  sample(threads: number, rows: number): number {
    this.#kernels.pool_configure(threads - 1, 0);
    this.#product(rows); // may have to wake threads
    const start = performance.now();
    let work = 0;
    while (work < this.#work) work += this.#product(rows);
    return (performance.now() - start) / work;
  }

  /** Frees what was allocated for the measurement. */
  free(): void {
    for (const region of [this.#x, this.#out, this.#scratch]) this.#memory.free(region);
  }

  /** A product with the next matrix. Returns its multiply-adds for a row. */
  #product(l: number): number {
    const matrix = this.#matrices[this.#next++ % this.#matrices.length];
    const [rows, columns] = matrix.shape;
    const [x, scratch, out] = [this.#x.pointer, this.#scratch.pointer, this.#out.pointer];
    this.#kernels.quantize_activations(x, columns, l, columns, PLANES, scratch);
    this.#kernels.linear(weightPointer(matrix), x, columns, scratch, PLANES, l, out, rows, false);
    return rows * columns;
  }
}
