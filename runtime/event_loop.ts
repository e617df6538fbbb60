/** @file Lets timers, signals and other requests run while a generation keeps the thread busy. */

/** Milliseconds of work after which a turn of the event loop is due. */
const TURN_INTERVAL_MS = 4;

/** Gives the event loop a turn now and then: awaiting finished promises alone would starve timers and abort signals. */
export class EventLoopTurns {
  readonly #channel = typeof MessageChannel === "undefined" ? null : new MessageChannel();
  #last = performance.now();

  /** Waits for one turn of the event loop if the last one is longer ago than a few milliseconds. */
  async turn(): Promise<void> {
    if (performance.now() - this.#last < TURN_INTERVAL_MS) return;
    await new Promise<void>((resolve) => {
      if (this.#channel === null) {
        setTimeout(resolve, 0);
        return;
      }
      this.#channel.port1.onmessage = () => resolve();
      this.#channel.port2.postMessage(0);
    });
    this.#last = performance.now();
  }

  /** Releases the channel, which would keep the process alive. */
  [Symbol.dispose](): void {
    this.#channel?.port1.close();
    this.#channel?.port2.close();
  }
}
