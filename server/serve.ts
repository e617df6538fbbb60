/** @file A handler on a socket of Deno's, until someone asks for the end. */
import { ConfigError } from "../runtime/errors.ts";
import type { Handler } from "./handler.ts";

/** Where to serve, and until when. */
export interface ServeOptions {
  /** 0 takes any that is free. @default {8000} */
  port?: number;
  /** The address to listen on; only this machine reaches the default. @default {"127.0.0.1"} */
  hostname?: string;
  /** Ends the server when aborted. */
  signal: AbortSignal;
  /** Called when the server listens. */
  onListen?: (url: string) => void;
}

/** Milliseconds that the last bytes of responses get after the last request was answered. */
const SHUTDOWN_MS = 500;

/**
 * Serves until the signal is aborted, then drains the handler: requests are refused, open ones end and keep their sessions. All of that
 * takes less than 5 seconds.
 *
 * @throws {ConfigError} where the address cannot be listened at
 */
export async function serve(handler: Handler, options: ServeOptions): Promise<void> {
  const { signal } = options;
  const server = listen(handler, options);
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  await Promise.race([aborted, server.finished]);
  await handler.drain();
  const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
  const timer = setTimeout(giveUp, SHUTDOWN_MS);
  await Promise.race([server.shutdown(), late]);
  clearTimeout(timer);
}

function listen(handler: Handler, options: ServeOptions): Deno.HttpServer {
  const { port = 8000, hostname = "127.0.0.1", onListen = () => {} } = options;
  try {
    return Deno.serve({
      port,
      hostname,
      onListen: ({ hostname, port }) =>
        onListen(`http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`),
    }, (request) => handler(request));
  } catch (cause) {
    throw new ConfigError(
      `Cannot listen at ${hostname}, port ${port}: ${
        (cause as Error).message
      }, expected a free port of this machine`,
      "Use another --port or --host, or allow it with --allow-net",
      { cause },
    );
  }
}
