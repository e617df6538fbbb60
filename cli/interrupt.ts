/** @file Ctrl-C: the first one ends the work cleanly, the second one kills. */
import process from "node:process";
import { QuietExit } from "./exit.ts";

/** While it lives, the first SIGINT aborts {@linkcode Interrupt.signal} instead of killing the process. */
export class Interrupt {
  readonly #controller = new AbortController();
  /** Removed when called, so that a second signal meets the system's default. */
  readonly #listener = (): void => {
    process.off("SIGINT", this.#listener);
    this.#controller.abort(new QuietExit(130));
  };

  constructor() {
    process.on("SIGINT", this.#listener);
  }

  /** Aborted by the first SIGINT, its reason a {@linkcode QuietExit} with code 130. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets SIGINT kill again. */
  [Symbol.dispose](): void {
    process.off("SIGINT", this.#listener);
  }
}
