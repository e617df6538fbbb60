/** @file How far a long job is: a bar on a terminal, a line for each tenth elsewhere. On standard error. */
import process from "node:process";
import ProgressBar from "progress";
import { formatBytes } from "./sizes.ts";
import { errorIsTerminal } from "./terminal.ts";

/** A job under way. Disposing it removes the bar. */
export interface Progress extends Disposable {
  /** Says that `done` of `total` bytes are done. */
  update(done: number, total: number): void;
}

/** Jobs shorter than this need no bar. */
const BAR_DELAY_MS = 300;

/** Opens the display of a job; `label` is what is being done, as in "loading". */
export function openProgress(label: string): Progress {
  return errorIsTerminal() ? new Bar(label) : new Lines(label);
}

class Bar implements Progress {
  readonly #label: string;
  readonly #start = performance.now();
  #bar: ProgressBar | null = null;

  constructor(label: string) {
    this.#label = label;
  }

  update(done: number, total: number): void {
    if (this.#bar === null && performance.now() - this.#start < BAR_DELAY_MS) return;
    this.#bar ??= new ProgressBar(`${this.#label} [:bar] :percent of ${formatBytes(total)}, :etas left `, {
      total,
      width: 30,
      clear: true,
      stream: process.stderr,
    });
    this.#bar.update(total === 0 ? 1 : done / total);
  }

  [Symbol.dispose](): void {
    if (this.#bar !== null && !this.#bar.complete) this.#bar.terminate();
  }
}

class Lines implements Progress {
  readonly #label: string;
  #tenths = 0;

  constructor(label: string) {
    this.#label = label;
  }

  update(done: number, total: number): void {
    const tenths = total === 0 ? 10 : Math.floor((10 * done) / total);
    if (tenths === this.#tenths) return;
    this.#tenths = tenths;
    process.stderr.write(`${this.#label}: ${10 * tenths} % of ${formatBytes(total)}\n`);
  }

  [Symbol.dispose](): void {}
}
