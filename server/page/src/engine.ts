/** @file The texts that the page shows, as sessions of one model that take turns, token by token. */
import { CHUNK_SIZES } from "../../../runtime/chunk_sizes.ts";
import type { GenerationSummary, Token } from "../../../runtime/generation_options.ts";
import type { Model } from "../../../runtime/model.ts";
import type { Session } from "../../../runtime/session.ts";
import { layerStateBytes } from "../../../runtime/state_layout.ts";
import type { TokenObservation, TokenObserver } from "../../../runtime/token_observer.ts";
import { describeFailure } from "./failure.ts";
import type { ColumnEvent, ColumnId, RunRequest, Settings, WorkerEvent } from "./messages.ts";

/** Milliseconds between two pictures of the layers. */
const PICTURE_INTERVAL_MS = 120;

/** Milliseconds after which a slow text looks whether it is to stop. */
const LONGEST_WAIT_MS = 50;

const LAYOUT = {
  chunkSize: CHUNK_SIZES.cpu,
  kvDtype: "f32",
  maxContext: null,
  globalWindow: null,
} as const;

/** A text and what goes on with it. */
interface Column {
  readonly id: ColumnId;
  readonly run: number;
  readonly session: Session;
  /** Tokens that it began with. */
  readonly promptTokens: number;
  /** Ends what runs. */
  readonly stop: AbortController;
  tokens: AsyncGenerator<Token, GenerationSummary> | null;
  /** When its layers were last shown. */
  shownAt: number;
  /** Least milliseconds between two tokens. */
  interval: number;
  /** When its next token may come. */
  dueAt: number;
}

/** Writes texts with a model and tells of every token. */
export class PageEngine {
  readonly #model: Model;
  readonly #observer: TokenObserver;
  readonly #emit: (event: WorkerEvent) => void;
  readonly #columns = new Map<ColumnId, Column>();
  #isLooping = false;

  /** @param observer the one that the model was loaded with */
  constructor(model: Model, observer: TokenObserver, emit: (event: WorkerEvent) => void) {
    this.#model = model;
    this.#observer = observer;
    this.#emit = emit;
  }

  /** Begins a column anew with a prompt, and goes on from there. */
  async write(request: RunRequest, prompt: string): Promise<void> {
    await this.close(request.column);
    await this.#begin(request, this.#model.encode(prompt));
  }

  /** Goes on with a column. */
  continue(request: RunRequest): void {
    const { session, promptTokens } = this.#columns.get(request.column)!;
    this.#start(this.#open(request, session, promptTokens), request.settings);
  }

  /** Puts a copy of a column, as it was after `keep` generated tokens, in another's place and goes on with it. */
  async fork(request: RunRequest, from: ColumnId, keep: number): Promise<void> {
    await this.close(request.column);
    const { session, promptTokens } = this.#columns.get(from)!;
    const ids = session.ids.slice(0, promptTokens + keep);
    if (ids.length < session.ids.length) return await this.#begin(request, ids);
    this.#start(this.#open(request, await session.fork(), promptTokens), request.settings);
  }

  /** Ends what a column generates; what it has stays. */
  stop(id: ColumnId): void {
    this.#columns.get(id)?.stop.abort();
  }

  /** Frees a column. */
  async close(id: ColumnId): Promise<void> {
    const column = this.#columns.get(id);
    this.#columns.delete(id);
    await column?.tokens?.return(undefined as never);
    await column?.session[Symbol.asyncDispose]();
  }

  #open({ column: id, run }: RunRequest, session: Session, promptTokens: number): Column {
    const stop = new AbortController();
    const timing = { shownAt: -Infinity, interval: 0, dueAt: 0 };
    const column: Column = { id, run, session, promptTokens, stop, tokens: null, ...timing };
    this.#columns.set(id, column);
    return column;
  }

  /** Appends ids to a new session, the last one on its own, so that the picture is of that one, and goes on from there. */
  async #begin(request: RunRequest, ids: readonly number[]): Promise<void> {
    const column = this.#open(request, await this.#model.createSession(), ids.length);
    const { session, stop: { signal } } = column;
    try {
      await session.append(ids.slice(0, -1), { signal });
      const observed = this.#observer.next();
      await session.append(ids.slice(-1), { signal });
      this.#show(column, await observed);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    this.#start(column, request.settings);
  }

  #start(column: Column, { pace, ...settings }: Settings): void {
    column.interval = pace === null ? 0 : 1000 / pace;
    column.tokens = column.session.generate({ ...settings, signal: column.stop.signal });
    if (!this.#isLooping) void this.#loop();
  }

  /** Gives every column that runs a token when it is due, over and over. */
  async #loop(): Promise<void> {
    this.#isLooping = true;
    for (;;) {
      const running = [...this.#columns.values()].filter(({ tokens }) => tokens !== null);
      if (running.length === 0) break;
      const wait = Math.min(...running.map(({ dueAt }) => dueAt)) - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(wait, LONGEST_WAIT_MS)));
      for (const column of running) {
        if (column.dueAt <= performance.now() || column.stop.signal.aborted) await this.#tryStep(column);
      }
    }
    this.#isLooping = false;
  }

  async #tryStep(column: Column): Promise<void> {
    try {
      if (column.tokens !== null) await this.#step(column, column.tokens);
    } catch (error) {
      column.tokens = null;
      this.#tell(column, { kind: "failed", ...describeFailure(error) });
    }
  }

  async #step(column: Column, tokens: NonNullable<Column["tokens"]>): Promise<void> {
    column.dueAt = performance.now() + column.interval;
    const isDue = performance.now() - column.shownAt >= PICTURE_INTERVAL_MS;
    const observed = isDue ? this.#observer.next() : null;
    const { done, value } = await tokens.next();
    // The first token after a prompt follows from the prompt's own pass; then there is nothing new to see.
    if (observed !== null && !this.#observer.isWaiting) this.#show(column, await observed);
    if (!done) {
      this.#tell(column, { kind: "text", text: value.text });
    } else {
      column.tokens = null;
      this.#tell(column, { kind: "ended", summary: value });
    }
  }

  #show(column: Column, { layers }: TokenObservation): void {
    column.shownAt = performance.now();
    const tokens = column.session.ids.length;
    const bytes = layerStateBytes(this.#model.config, LAYOUT, tokens);
    const pictures = layers.map((layer, i) => ({ ...layer, ...bytes[i] }));
    this.#tell(column, { kind: "layers", tokens, layers: pictures });
  }

  #tell({ id, run }: Column, event: ColumnEvent): void {
    this.#emit({ kind: "column", column: id, run, event });
  }
}
