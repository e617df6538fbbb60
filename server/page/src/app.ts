/** @file The page: its parts, and the worker that writes. */
import { type ColumnAct, ColumnView } from "./column_view.ts";
import { Composer } from "./composer.ts";
import { find } from "./elements.ts";
import { formatBytes } from "./formats.ts";
import { LayerTable } from "./layer_table.ts";
import type {
  BackendName,
  ColumnEvent,
  ColumnId,
  ModelFacts,
  PageRequest,
  RunRequest,
  WorkerEvent,
} from "./messages.ts";

type Pictures = Extract<ColumnEvent, { kind: "layers" }>;

/** Everything on the page. */
export class App {
  readonly #weights: string;
  readonly #startWorker: () => Worker;
  readonly #composer: Composer;
  readonly #table: LayerTable;
  readonly #columns = new Map<ColumnId, ColumnView>();
  readonly #pictures = new Map<ColumnId, Pictures>();
  /** The column whose layers are shown. */
  #shown: ColumnId = "a";
  #worker: Worker | null = null;
  #runs = 0;

  /**
   * Takes over the document.
   *
   * @param weights address of the model
   */
  constructor(weights: string, startWorker: () => Worker) {
    this.#weights = weights;
    this.#startWorker = startWorker;
    this.#table = new LayerTable(find(document, "#layers", HTMLElement));
    this.#composer = new Composer(find(document, "#composer", HTMLFormElement), {
      onWrite: () => this.#write(),
      onBackend: (backend) => this.load(backend),
    });
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") {
        this.#columns.forEach((column) => this.#post({ kind: "stop", column: column.id }));
      }
    });
  }

  /** Loads the model in a new worker; texts of the one before stay to be read, but end. */
  load(backend: BackendName = this.#composer.backend): void {
    this.#worker?.terminate();
    this.#composer.isReady = false;
    this.#columns.forEach((column) => column.element.remove());
    this.#columns.clear();
    this.#fail(null);
    const worker = this.#worker = this.#startWorker();
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerEvent>) => this.#onEvent(data));
    worker.addEventListener("error", ({ message }) => this.#fail(`The worker failed: ${message}`));
    this.#post({ kind: "load", weights: this.#weights, backend });
  }

  #post(request: PageRequest): void {
    this.#worker!.postMessage(request);
  }

  #onEvent(event: WorkerEvent): void {
    switch (event.kind) {
      case "loading":
        return this.#showLoading(event.loadedBytes, event.totalBytes);
      case "ready":
        return this.#showReady(event.facts);
      case "unloadable":
        this.#slot("name").textContent = "No model";
        return this.#fail(`${event.message}. ${event.remedy}.`);
      case "column": {
        const column = this.#columns.get(event.column);
        if (column?.run === event.run) this.#onColumnEvent(column, event.event);
        return;
      }
      default:
        event satisfies never;
    }
  }

  #onColumnEvent(column: ColumnView, event: ColumnEvent): void {
    switch (event.kind) {
      case "text":
        return column.add(event.text);
      case "layers":
        this.#pictures.set(column.id, event);
        return this.#showLayersOf(this.#shown);
      case "ended":
        return column.end(event.summary);
      case "failed":
        column.fail();
        return this.#fail(`${event.message}. ${event.remedy}.`);
      default:
        event satisfies never;
    }
  }

  #write(): void {
    const { text, stop } = this.#composer.prompt;
    if (this.#columns.has("b")) this.#close();
    const begins = { prompt: text === "<|endoftext|>" ? "" : text, stop, pieces: [] };
    const run = this.#open(new ColumnView("a", begins, this.#onAct));
    this.#post({ kind: "write", ...run, prompt: text });
  }

  readonly #onAct = (act: ColumnAct, id: ColumnId): void => {
    const column = this.#columns.get(id)!;
    switch (act) {
      case "stop":
        return this.#post({ kind: "stop", column: id });
      case "continue":
        return this.#post({ kind: "continue", ...this.#begin(column) });
      case "fork": {
        const { forkPoint } = column;
        const run = this.#open(new ColumnView("b", forkPoint, this.#onAct));
        return this.#post({ kind: "fork", ...run, from: id, keep: forkPoint.pieces.length });
      }
      case "close":
        return this.#close();
      default:
        act satisfies never;
    }
  };

  /** Begins a run of a column with the form's settings. */
  #begin(column: ColumnView): RunRequest {
    const run = ++this.#runs;
    column.start(run);
    return { column: column.id, run, settings: this.#composer.settings(column) };
  }

  /** Puts a column on the page, in place of the one before it, shows its layers, and begins its first run. */
  #open(column: ColumnView): RunRequest {
    this.#columns.get(column.id)?.element.remove();
    this.#columns.set(column.id, column);
    this.#pictures.delete(column.id);
    const columns = find(document, "#columns", HTMLElement);
    if (column.id === "a") columns.prepend(column.element);
    else columns.append(column.element);
    for (const type of ["focusin", "pointerdown"]) {
      column.element.addEventListener(type, () => this.#showLayersOf(column.id));
    }
    this.#showLayersOf(column.id);
    return this.#begin(column);
  }

  #close(): void {
    this.#columns.get("b")!.element.remove();
    this.#columns.delete("b");
    this.#post({ kind: "close", column: "b" });
    this.#showLayersOf("a");
  }

  #showLayersOf(id: ColumnId): void {
    this.#shown = id;
    this.#columns.forEach(({ element }, each) =>
      element.classList.toggle("shown", each === id && this.#columns.size > 1)
    );
    const pictures = this.#pictures.get(id);
    if (pictures) this.#table.show(pictures.layers, pictures.tokens);
  }

  #showLoading(loadedBytes: number, totalBytes: number): void {
    const progress = find(document, '#engine [data-slot="progress"]', HTMLProgressElement);
    progress.hidden = false;
    progress.value = loadedBytes / totalBytes;
    this.#slot("name").textContent = "Loading the model";
    this.#slot("why").textContent = `${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}`;
  }

  #showReady(facts: ModelFacts): void {
    find(document, '#engine [data-slot="progress"]', HTMLProgressElement).hidden = true;
    this.#slot("name").textContent = describeBackend(facts);
    this.#slot("why").textContent = `Why: ${facts.backend.reason}. Ready after ${
      (facts.loadMs / 1000).toFixed(1)
    } s${crossOriginIsolated ? "" : "; not isolated, so no shared memory"}.`;
    this.#table.begin(facts);
    this.#composer.isReady = true;
  }

  #fail(message: string | null): void {
    const failure = find(document, "#failure", HTMLElement);
    failure.hidden = message === null;
    failure.textContent = message;
  }

  #slot(name: string): HTMLElement {
    return find(document, `#engine [data-slot="${name}"]`, HTMLElement);
  }
}

function describeBackend({ backend: { kind, simd, threads = 1, adapter } }: ModelFacts): string {
  const names = { webgpu: "WebGPU", wasm: "WebAssembly", reference: "Plain TypeScript" };
  const simdNames = { relaxed: "relaxed SIMD", simd128: "128-bit SIMD" };
  const gpu = adapter && (adapter.description || adapter.architecture || adapter.vendor);
  const details = [
    ...simd ? [simdNames[simd]] : [],
    ...threads > 1 ? [`${threads} threads`] : [],
    ...gpu ? [gpu] : [],
  ];
  return [names[kind], ...details].join(" · ");
}
