/** @file What a session is doing: one call at a time, and none after its end. */
import { ConfigError } from "./errors.ts";

/** A call that takes longer than a turn of the event loop. */
export type Activity = "append" | "generate" | "rewind";

/** Lets one call run at a time. */
export class SessionActivity {
  #current: Activity | "dispose" | null = null;

  /** Whether no call runs; false once disposed. */
  get isIdle(): boolean {
    return this.#current === null;
  }

  /**
   * Begins a call; disposing of the result ends it.
   *
   * @throws {ConfigError} for a disposed session, or while another call runs
   */
  begin(activity: Activity): Disposable {
    this.requireIdle(activity);
    this.#current = activity;
    return {
      [Symbol.dispose]: () => {
        if (this.#current === activity) this.#current = null;
      },
    };
  }

  /** Ends everything; true the first time. */
  dispose(): boolean {
    const first = this.#current !== "dispose";
    this.#current = "dispose";
    return first;
  }

  /** @throws {ConfigError} for a disposed session */
  requireLive(act: string): void {
    if (this.#current !== "dispose") return;
    throw new ConfigError(
      `Cannot ${act}: the session is disposed, expected a live one`,
      "Dispose a session last",
    );
  }

  /** @throws {ConfigError} for a disposed session, or while a call runs */
  requireIdle(act: string): void {
    this.requireLive(act);
    if (this.#current === null) return;
    throw new ConfigError(
      `Cannot ${act}: the session is in the middle of another call (${this.#current}), expected one call at a time`,
      "Await each call, and leave or finish a generation's loop, before the next; fork() for parallel continuations",
    );
  }

  /**
   * Requires that nothing is halfway: between calls, or between two tokens of a generation.
   *
   * @throws {ConfigError} for a disposed session, or while an append or a rewind runs
   */
  requireSettled(act: string): void {
    if (this.#current !== "generate") this.requireIdle(act);
  }
}
