/** @file The threads of an instance: how many take part in a pass, and from which size of op on. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import type { Weight } from "../../backend.ts";
import type { Helper } from "./helper.ts";
import type { LinearMemory } from "./memory.ts";
import { PRODUCT_ROWS } from "./product_timer.ts";
import { type Sharing, type ThreadTuning, tuneThreads } from "./thread_count.ts";

/** Multiply-adds from which on ops are shared until that has been measured: some ten times what sharing costs. */
const UNMEASURED_LEAST_WORK = 500_000;

/** Largest matrix that is measured, in multiply-adds of a row: a vocabulary's would take too long. */
const MOST_MEASURED_WORK = 16e6;

/** Threads that share the ops of one instance. */
export class ThreadPool {
  readonly #kernels: WasmExports;
  readonly #helpers: Helper[];
  readonly #isFixed: boolean;
  readonly #isMeasured: boolean;
  #tuning: ThreadTuning;
  #current: Sharing;
  #reason: string;

  /**
   * All helpers take part until {@linkcode settle} has measured what they are worth.
   *
   * @param leastWork multiply-adds from which on ops are shared, where that is settled already
   * @param isFixed whether the number of threads is settled already
   */
  constructor(
    kernels: WasmExports,
    helpers: Helper[],
    { leastWork, isFixed }: { leastWork?: number; isFixed: boolean },
  ) {
    const threads = helpers.length + 1;
    this.#kernels = kernels;
    this.#helpers = helpers;
    this.#isFixed = isFixed;
    this.#isMeasured = leastWork !== undefined;
    this.#current = { threads, leastWork: leastWork ?? UNMEASURED_LEAST_WORK, speedup: 1 };
    this.#tuning = { decode: this.#current, prompt: this.#current };
    this.#reason = `${threads} threads`;
    this.#configure();
  }

  /** Threads that compute a token, the caller's own included. */
  get threads(): number {
    return this.#tuning.decode.threads;
  }

  /** What was measured, as a part of a sentence. */
  get reason(): string {
    return this.#reason;
  }

  /** Measures how many threads a token and a prompt are worth, on the weights that are there, and ends the others. */
  settle(memory: LinearMemory, weights: readonly Weight[]): void {
    if (this.#isMeasured) return;
    const matrices = weights.filter(({ shape: [rows, columns] }) => rows * columns <= MOST_MEASURED_WORK);
    if (matrices.length === 0) return;
    this.use(tuneThreads(this.#kernels, memory, matrices, this.#helpers.length + 1, this.#isFixed));
  }

  /** Goes by what was measured from now on. */
  use(tuning: ThreadTuning): void {
    const { decode, prompt } = this.#tuning = tuning;
    this.#current = decode;
    this.#configure();
    const most = Math.max(decode.threads, prompt.threads);
    this.#helpers.splice(most - 1).forEach((helper) => helper.terminate());
    const gain = ({ speedup }: Sharing): string => `${speedup.toFixed(2)} times as fast as one in a test`;
    const token = decode.threads === 1
      ? "one thread, because more were no faster in a test"
      : `${decode.threads} threads, ${gain(decode)}`;
    this.#reason = prompt.threads === decode.threads
      ? token
      : `${token}; for prompts ${prompt.threads}, ${gain(prompt)}`;
  }

  /** Says that a pass of so many rows begins. */
  beginPass(rows: number): void {
    const sharing = rows < PRODUCT_ROWS ? this.#tuning.decode : this.#tuning.prompt;
    if (sharing === this.#current) return;
    this.#current = sharing;
    this.#configure();
  }

  /** Ends the helpers. */
  close(): void {
    this.#kernels.pool_stop();
    this.#helpers.forEach((helper) => helper.terminate());
  }

  #configure(): void {
    this.#kernels.pool_configure(this.#current.threads - 1, this.#current.leastWork);
  }
}
