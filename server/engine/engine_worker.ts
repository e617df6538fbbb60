/** @file The computing side of an engine in a worker: a model and its engine, driven by messages. */
import type { DownloadOptions } from "../../runtime/cache/download_options.ts";
import { loadModel } from "../../runtime/load_model.ts";
import type { BackendReport } from "../../runtime/backend_report.ts";
import type { Model } from "../../runtime/model.ts";
import type { EngineEvent, EngineLoad, Job } from "./engine.ts";
import { LocalEngine } from "./local_engine.ts";
import {
  CREDIT,
  type FromWorker,
  packError,
  type ToWorker,
  type WorkerDownloadOptions,
  type WorkerSettings,
} from "./worker_protocol.ts";

/** What a worker's global scope has; the types of a window's are others. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  close(): void;
}

interface Run {
  readonly controller: AbortController;
  credit: number;
  /** Called when there is credit again. */
  wake: () => void;
}

const IDLE: EngineLoad = { active: 0, queued: 0, stateBytes: 0 };

/** Answers the messages of one scope. */
class EngineWorker {
  readonly #scope: WorkerScope;
  readonly #runs = new Map<number, Run>();
  #model: Model | null = null;
  #engine: LocalEngine | null = null;
  /** The backend that was told of last. */
  #told: BackendReport | null = null;

  constructor(scope: WorkerScope) {
    this.#scope = scope;
    scope.onmessage = ({ data }) => void this.#answer(data);
  }

  async #answer(message: ToWorker): Promise<void> {
    switch (message.type) {
      case "open":
        return await this.#open(message.settings);
      case "run":
        return await this.#run(message.id, message.job);
      case "credit": {
        const run = this.#runs.get(message.id);
        if (run === undefined) return;
        run.credit += message.events;
        return run.wake();
      }
      case "abort":
        return this.#abort(message.id);
      case "close":
        return await this.#close();
      default:
        message satisfies never;
    }
  }

  #abort(id: number): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    run.controller.abort();
    run.credit = Infinity; // what is left is little, and the reader may be gone
    run.wake();
  }

  async #open({ source, load, limits }: WorkerSettings): Promise<void> {
    try {
      const download = load.download && await openDownload(load.download);
      this.#model = await loadModel(source ?? undefined, { ...load, download });
      this.#engine = new LocalEngine(this.#model, limits);
      this.#tellFacts(this.#engine);
    } catch (error) {
      this.#scope.postMessage({ type: "error", id: -1, error: packError(error), load: IDLE });
    }
  }

  /** Tells the facts where they are new. */
  #tellFacts({ facts }: LocalEngine): void {
    if (facts.backend === this.#told) return;
    this.#told = facts.backend;
    this.#scope.postMessage({ type: "ready", facts });
  }

  async #run(id: number, job: Job): Promise<void> {
    const engine = this.#engine!;
    const run: Run = { controller: new AbortController(), credit: CREDIT, wake: () => {} };
    this.#runs.set(id, run);
    try {
      for await (const event of await engine.run(job, run.controller.signal)) {
        while (run.credit === 0) await new Promise<void>((resolve) => run.wake = resolve);
        run.credit--;
        this.#tellFacts(engine);
        this.#scope.postMessage({ type: "event", id, event, load: engine.load }, transferOf(event));
      }
      this.#tellFacts(engine);
      this.#scope.postMessage({ type: "end", id, load: engine.load });
    } catch (error) {
      this.#scope.postMessage({ type: "error", id, error: packError(error), load: engine.load });
    } finally {
      this.#runs.delete(id);
    }
  }

  async #close(): Promise<void> {
    await this.#engine?.[Symbol.asyncDispose]();
    await this.#model?.[Symbol.asyncDispose]();
    this.#scope.postMessage({ type: "closed" });
    this.#scope.close();
  }
}

/** What was cloned, with the cache that it names. */
async function openDownload({ cacheFolder, ...rest }: WorkerDownloadOptions): Promise<DownloadOptions> {
  if (cacheFolder === undefined) return rest;
  const { FolderModelCache } = await import("../../runtime/cache/folder_cache.ts");
  return { ...rest, cache: await FolderModelCache.open(cacheFolder) };
}

/** A state is handed over instead of copied: nobody here needs it any more. */
function transferOf(event: EngineEvent): Transferable[] {
  return event.kind === "state" ? [event.state.buffer] : [];
}

new EngineWorker(globalThis as unknown as WorkerScope);
