/** @file Lines typed on a terminal, with editing and history. The prompt goes to standard error. */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";

/** Where a chat's messages come from. */
export interface LineSource extends Disposable {
  /** The next line; null at the end of input. */
  next(): Promise<string | null>;
}

/** A terminal as a {@linkcode LineSource}. While it is open it takes Ctrl-C and calls `onInterrupt` instead. */
export class LineEditor implements LineSource {
  readonly #terminal: Interface;
  readonly #typed: string[] = [];
  #waiting: ((line: string | null) => void) | null = null;
  #closed = false;

  constructor(prompt: string, onInterrupt: () => void) {
    this.#terminal = createInterface({ input: process.stdin, output: process.stderr, prompt });
    this.#terminal.on("line", (line) => this.#take(line));
    this.#terminal.on("SIGINT", onInterrupt);
    this.#terminal.on("close", () => {
      this.#closed = true;
      this.#take(null);
    });
  }

  next(): Promise<string | null> {
    const typed = this.#typed.shift();
    if (typed !== undefined) return Promise.resolve(typed);
    if (this.#closed) return Promise.resolve(null);
    this.#terminal.prompt();
    return new Promise((resolve) => this.#waiting = resolve);
  }

  /** Gives the terminal back. */
  [Symbol.dispose](): void {
    this.#terminal.close();
  }

  #take(line: string | null): void {
    if (this.#waiting !== null) this.#waiting(line);
    else if (line !== null) this.#typed.push(line);
    this.#waiting = null;
  }
}
