/** @file Ctrl-C: the first one ends the work cleanly, the second one kills. */
import process from "node:process";
import { QuietExit } from "./exit.ts";

/** A signal that asks for the end. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** While it lives, the first SIGINT aborts {@linkcode Interrupt.signal} instead of killing the process. */
export class Interrupt {
  readonly #names: readonly EndSignal[];
  readonly #controller = new AbortController();
  /** Removed when called, so that a second signal meets the system's default. */
  readonly #listener = (): void => {
    this[Symbol.dispose]();
    this.#controller.abort(new QuietExit(130));
  };

  /** @param names the signals that count */
  constructor(names: readonly EndSignal[] = ["SIGINT"]) {
    this.#names = names;
    for (const name of names) process.on(name, this.#listener);
  }

  /** Aborted by the first SIGINT, its reason a {@linkcode QuietExit} with code 130. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets the signals kill again. */
  [Symbol.dispose](): void {
    for (const name of this.#names) process.off(name, this.#listener);
  }
}
