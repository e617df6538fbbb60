/** @file Events from one side to the other, with a mark from which on the writer is to wait. */

/** How a channel behaves. */
export interface EventChannelOptions {
  /** Events that may wait for the reader. */
  readonly capacity: number;
  /** Called when there is room again. */
  readonly onDrain?: () => void;
  /** Called when the reader leaves before the end. */
  readonly onLeave?: () => void;
  /** Called when the writer has ended it, before the reader gets there. */
  readonly onClose?: () => void;
}

/** A queue with one reader. Writing never fails; who writes looks at {@linkcode EventChannel.isFull} before. */
export class EventChannel<T> implements AsyncIterable<T> {
  readonly #options: EventChannelOptions;
  readonly #events: T[] = [];
  #error: { readonly reason: unknown } | null = null;
  #isClosed = false;
  #isLeft = false;
  #wake: (() => void) | null = null;

  constructor(options: EventChannelOptions) {
    this.#options = options;
  }

  /** Whether the reader is behind. */
  get isFull(): boolean {
    return !this.#isLeft && this.#events.length >= this.#options.capacity;
  }

  /** Adds an event; when the reader has left, it is dropped. */
  push(event: T): void {
    if (this.#isLeft) return;
    this.#events.push(event);
    this.#notify();
  }

  /** Ends it: the reader gets what is there, and then the end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClose?.();
    this.#notify();
  }

  /** Ends it with an error, behind what is there. */
  fail(reason: unknown): void {
    this.#error ??= { reason };
    this.close();
  }

  /** The events, in order; for one reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    let ended = false;
    try {
      for (;;) {
        while (this.#events.length > 0) {
          const wasFull = this.isFull;
          const event = this.#events.shift()!;
          if (wasFull && !this.isFull) this.#options.onDrain?.();
          yield event;
        }
        ended = this.#isClosed;
        if (ended) break;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      if (this.#error !== null) throw this.#error.reason;
    } finally {
      if (!ended) this.#leave();
    }
  }

  #leave(): void {
    this.#isLeft = true;
    this.#events.length = 0;
    this.#options.onLeave?.();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
