/** @file The page's worker: loads the model and writes with it, so that the page stays responsive. */
import { loadModel, type LoadOptions } from "../../../runtime/load_model.ts";
import type { Model } from "../../../runtime/model.ts";
import { TokenObserver } from "../../../runtime/token_observer.ts";
import { PageEngine } from "./engine.ts";
import { describeFailure } from "./failure.ts";
import type { BackendName, ModelFacts, PageRequest, WorkerEvent } from "./messages.ts";
import { readWeights } from "./weights.ts";

/** More than the default model has work for. */
const MOST_THREADS = 8;

type LoadRequest = Extract<PageRequest, { kind: "load" }>;

/** Answers the page's requests, one after the other; only `stop` does not wait. */
class WorkerMain {
  #engine: PageEngine | null = null;
  #requests: Promise<void> = Promise.resolve();

  handle(request: PageRequest): void {
    if (request.kind === "stop") {
      this.#engine?.stop(request.column);
      return;
    }
    this.#requests = this.#requests.then(() => this.#answer(request)).catch((error) => {
      const failure = describeFailure(error);
      if (request.kind === "load") emit({ kind: "unloadable", ...failure });
      else if (request.kind !== "close") {
        const { column, run } = request;
        emit({ kind: "column", column, run, event: { kind: "failed", ...failure } });
      }
    });
  }

  async #answer(request: Exclude<PageRequest, { kind: "stop" }>): Promise<void> {
    if (request.kind === "load") {
      this.#engine = await load(request);
      return;
    }
    const engine = this.#engine;
    if (engine === null) return; // the load failed, and said so
    switch (request.kind) {
      case "write":
        return await engine.write(request, request.prompt);
      case "continue":
        return engine.continue(request);
      case "fork":
        return await engine.fork(request, request.from, request.keep);
      case "close":
        return await engine.close(request.column);
      default:
        request satisfies never;
    }
  }
}

async function load({ weights, backend }: LoadRequest): Promise<PageEngine> {
  const start = performance.now();
  const observer = new TokenObserver();
  const bytes = await readWeights(new URL(weights), (progress) => emit({ kind: "loading", ...progress }));
  const model = await loadModel(bytes, { ...backendOptions(backend), observer });
  await model.logits([0]); // a GPU works behind; ready is when it has computed something
  emit({ kind: "ready", facts: factsOf(model, performance.now() - start) });
  return new PageEngine(model, observer, emit);
}

/** Whoever asks for WebGPU by name gets it, emulated or not; threads, too, where the page may share memory. */
function backendOptions(name: BackendName): Pick<LoadOptions, "backend" | "threads"> {
  switch (name) {
    case "webgpu":
      return { backend: { kind: "webgpu", allowSoftware: true } };
    case "wasm-threads":
      return { backend: "wasm", threads: Math.min(MOST_THREADS, navigator.hardwareConcurrency) };
    default:
      return { backend: name };
  }
}

function factsOf({ backend, config }: Model, loadMs: number): ModelFacts {
  const { layers, numMetaTokens, windowSize, numKvHeads, headDim, vHeadDim } = config;
  const kvBytes = 4 * numKvHeads * (headDim + vHeadDim);
  const growing = layers.filter(({ attention, kvOwner }, layer) =>
    attention === "global" && kvOwner === layer
  );
  return {
    ...{ backend, layers, numMetaTokens, windowSize, loadMs },
    growingBytesPerToken: growing.length * kvBytes,
    transformerBytesPerToken: layers.length * kvBytes,
  };
}

function emit(event: WorkerEvent): void {
  postMessage(event);
}

const main = new WorkerMain();
addEventListener("message", ({ data }: MessageEvent<PageRequest>) => main.handle(data));
