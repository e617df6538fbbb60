/** @file Server-sent events (HTML Standard, section 9.2) as a response. */

/** One event; `id` lets a client say later how far it came. */
export interface StreamEvent {
  readonly id?: number;
  readonly data: string;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/**
 * A response that sends events as they come. It asks for the next event when the connection has taken the last one, so a slow reader
 * slows the events down and nothing piles up. When the signal is aborted, the few events that are left are handed over at once,
 * whether someone reads or not, so that what the events hold is let go.
 *
 * @param events must not throw, and must end soon after the signal is aborted
 * @param onLeave called when the client is gone; the events are then read to their end, and dropped
 */
export function eventStreamResponse(
  events: AsyncGenerator<StreamEvent, void>,
  signal: AbortSignal,
  onLeave: () => void,
): Response {
  const encoder = new TextEncoder();
  let isOpen = true;
  const advance = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<boolean> => {
    const next = await events.next();
    if (isOpen && next.done) controller.close();
    else if (isOpen && !next.done) controller.enqueue(encoder.encode(toText(next.value)));
    isOpen &&= !next.done;
    return !next.done;
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const hurry = async (): Promise<void> => {
        while (await advance(controller));
      };
      if (signal.aborted) void hurry();
      else signal.addEventListener("abort", () => void hurry());
    },
    async pull(controller) {
      await advance(controller);
    },
    async cancel() {
      isOpen = false;
      onLeave();
      while (!(await events.next()).done);
    },
  }, { highWaterMark: 1 });
  return new Response(body, { headers: HEADERS });
}

function toText({ id, data }: StreamEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}
