/** A server on the loopback address, and what tests ask of one. */
import OpenAI from "openai";
import type { Model } from "../../runtime/model.ts";
import { createHandler, type Handler } from "../../server/handler.ts";
import type { HandlerOptions } from "../../server/options.ts";

/** Serves until it is disposed; then it is drained, and its socket closed. */
export class TestServer implements AsyncDisposable {
  readonly handler: Handler;
  /** Errors that were no client's fault. */
  readonly faults: unknown[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(model: Model, options: HandlerOptions = {}) {
    this.handler = createHandler(model, { onError: (error) => this.faults.push(error), ...options });
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, this.handler);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The official client, which does not try again by itself. */
  client(apiKey = "unused"): OpenAI {
    return new OpenAI({ baseURL: `${this.url}/v1`, apiKey, maxRetries: 0 });
  }

  /** Sends JSON. */
  post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    const headers = { "content-type": "application/json", ...init.headers };
    return fetch(`${this.url}${path}`, { method: "POST", body: JSON.stringify(body), ...init, headers });
  }

  /** Asks the handler without a socket between: a stream that nobody reads pauses at once, however fast the model is. */
  direct(path: string, body: object): Promise<Response> {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    return this.handler(new Request(`http://x${path}`, init));
  }

  /** What /health says. */
  async health(): Promise<{ status: string; active: number; queued: number; stateBytes: number }> {
    return await (await fetch(`${this.url}/health`)).json();
  }

  /** One number of /metrics. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split("\n").find((line) => line.startsWith(`${name} `));
    return Number(line?.split(" ").at(-1));
  }

  /** Waits until nothing generates any more. */
  async idle(): Promise<void> {
    while ((await this.health()).active > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handler.drain(0);
    await this.#server.shutdown();
  }
}

/** A server-sent event. */
export interface ServerEvent {
  readonly id: string | null;
  readonly data: string;
}

/** The events of a response, as they come. */
export async function* eventsOf(response: Response): AsyncGenerator<ServerEvent, void> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string): string | null =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
      yield { id: field("id"), data: field("data") ?? "" };
    }
  }
}
