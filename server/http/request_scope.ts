/** @file The lifetime of one request: who may end it, and what is to be done when it is over. */
import { ApiError } from "../api_error.ts";

/** The requests that are being answered. */
export class ActiveRequests {
  readonly #scopes = new Set<RequestScope>();
  #onIdle: (() => void) | null = null;

  /** Number of them. */
  get size(): number {
    return this.#scopes.size;
  }

  /** Opens a scope that lives until it is disposed. */
  open(timeoutMs: number): RequestScope {
    const scope = new RequestScope(timeoutMs, () => {
      this.#scopes.delete(scope);
      if (this.#scopes.size === 0) this.#onIdle?.();
    });
    this.#scopes.add(scope);
    return scope;
  }

  /** Ends all of them. */
  abort(reason: ApiError): void {
    for (const scope of this.#scopes) scope.abort(reason);
  }

  /** Waits until there is none, but no longer than this. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#scopes.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#onIdle = resolve;
    await promise;
    clearTimeout(timer);
  }
}

/** One request's lifetime. */
export class RequestScope implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: number | ReturnType<typeof setTimeout>;
  readonly #onDispose: (() => void)[];

  /** @param onDispose called when it is over */
  constructor(timeoutMs: number, onDispose: () => void) {
    this.#onDispose = [onDispose];
    this.#timer = setTimeout(() => this.abort(tooLong(timeoutMs)), timeoutMs);
  }

  /** Aborted when the client is gone, time is up, or the server ends; the reason is an {@linkcode ApiError}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the request. */
  abort(reason: ApiError): void {
    this.#controller.abort(reason);
  }

  /** Ends the request because the client is gone. */
  leave(): void {
    this.abort(clientLeft());
  }

  /**
   * Ends the request when its signal says that the client is gone. For responses that do not stream: who reads a stream tells by
   * cancelling it, and Deno warns about each server that looks at the signal.
   */
  watch({ signal }: Request): void {
    const leave = (): void => this.leave();
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
    this.own({ [Symbol.dispose]: () => signal.removeEventListener("abort", leave) });
  }

  /** Disposes of something when the request is over. */
  own(resource: Disposable): void {
    this.#onDispose.unshift(() => resource[Symbol.dispose]());
  }

  /** The request is over. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const each of this.#onDispose.splice(0)) each();
  }
}

/** Nobody reads it; 499 is what proxies write into their logs. */
function clientLeft(): ApiError {
  return new ApiError("The client closed the connection", {
    ...{ status: 499, type: "invalid_request_error", code: "client_closed_request" },
  });
}

function tooLong(timeoutMs: number): ApiError {
  return new ApiError(`The request took more than ${timeoutMs} ms, expected to end by then`, {
    ...{ status: 408, type: "timeout_error", code: "request_timeout" },
  });
}
