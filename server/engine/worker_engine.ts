/**
 * @file An engine in a worker: the thread that serves stays free while the model computes. Deno's WebGPU blocks its thread while it waits
 * for the GPU, and WebAssembly while it computes.
 */
import { ApiError } from "../api_error.ts";
import type { Engine, EngineEvent, EngineFacts, EngineLoad, Job } from "./engine.ts";
import { EventChannel } from "./event_channel.ts";
import type { EngineLimits } from "./local_engine.ts";
import { type FromWorker, type ToWorker, unpackError, type WorkerLoadOptions } from "./worker_protocol.ts";

/** A model and its engine in a worker. */
export class WorkerEngine implements Engine {
  #facts: EngineFacts;
  readonly #worker: Worker;
  readonly #channels = new Map<number, EventChannel<EngineEvent>>();
  #load: EngineLoad = { active: 0, queued: 0, stateBytes: 0 };
  #failure: ApiError | null = null;
  #onClosed: () => void = () => {};
  #jobs = 0;

  private constructor(worker: Worker, facts: EngineFacts) {
    this.#worker = worker;
    this.#facts = facts;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault(); // else it ends the process
      this.#fail(broken(event.message));
    };
  }

  /**
   * Starts a worker and loads a model there.
   *
   * @param source a folder, a packed file or a URL; left out: the default model
   * @throws {ApiError} where the model cannot be loaded; its cause tells where
   */
  static async start(
    source?: string,
    load: WorkerLoadOptions = {},
    limits: EngineLimits = {},
  ): Promise<WorkerEngine> {
    const worker = new Worker(new URL("./engine_worker.ts", import.meta.url), { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<EngineFacts>();
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "ready") resolve(data.facts);
      else if (data.type === "error") reject(unpackError(data.error));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(broken(event.message));
    };
    worker.postMessage(
      { type: "open", settings: { source: source ?? null, load, limits } } satisfies ToWorker,
    );
    try {
      return new WorkerEngine(worker, await promise);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** See {@linkcode Engine.facts}. */
  get facts(): EngineFacts {
    return this.#facts;
  }

  /** See {@linkcode Engine.load}. */
  get load(): EngineLoad {
    return this.#load;
  }

  /** See {@linkcode Engine.run}. */
  async run(job: Job, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    if (this.#failure !== null) throw this.#failure;
    const id = this.#jobs++;
    const abort = (): void => this.#send({ type: "abort", id });
    const channel = new EventChannel<EngineEvent>({
      capacity: Infinity, // the worker sends no more than its credit
      onLeave: abort,
      onClose: () => {
        signal.removeEventListener("abort", abort);
        this.#channels.delete(id);
      },
    });
    this.#channels.set(id, channel);
    this.#send({ type: "run", id, job });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
    // The first event says that the job was accepted, or an error why not.
    const events = this.#credited(id, channel);
    const first = await events.next();
    return first.done ? events : prepend(first.value, events);
  }

  /** Ends all jobs, frees the model and ends the worker. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onClosed = resolve;
      this.#send({ type: "close" });
      await promise;
    }
    this.#fail(broken("it was closed"));
    this.#worker.terminate();
  }

  async *#credited(id: number, channel: EventChannel<EngineEvent>): AsyncGenerator<EngineEvent, void> {
    for await (const event of channel) {
      this.#send({ type: "credit", id, events: 1 });
      yield event;
    }
  }

  #receive(message: FromWorker): void {
    if (message.type === "closed") return this.#onClosed();
    if (message.type === "ready") return void (this.#facts = message.facts);
    this.#load = message.load;
    const channel = this.#channels.get(message.id);
    if (message.type === "event") channel?.push(message.event);
    else if (message.type === "end") channel?.close();
    else channel?.fail(unpackError(message.error));
  }

  #fail(failure: ApiError): void {
    this.#failure ??= failure;
    for (const channel of this.#channels.values()) channel.fail(failure);
    this.#onClosed();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

async function* prepend(
  first: EngineEvent,
  rest: AsyncGenerator<EngineEvent, void>,
): AsyncGenerator<EngineEvent, void> {
  yield first;
  yield* rest;
}

function broken(reason: string): ApiError {
  return new ApiError(`The engine's worker has ended: ${reason}`, {
    ...{ status: 500, type: "server_error", code: "internal_error" },
  });
}
