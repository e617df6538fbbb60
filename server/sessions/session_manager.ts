/** @file Sessions by id: one request at a time on each, kept in a store between requests. */
import { VersionConflictError, WeightsError } from "../../runtime/errors.ts";
import { ApiError } from "../api_error.ts";
import type { SessionStore, StoredSession } from "../stores/session_store.ts";
import { decodeRecord, encodeRecord, type SessionRecord } from "./session_record.ts";

/** Expired sessions are looked for at most so often. */
const SWEEP_INTERVAL_MS = 60_000;

/** A session that a request works on. Nobody else does until it is disposed. */
export interface OpenSession extends Disposable {
  readonly record: SessionRecord;
  /** Aborted when another request takes the session over. */
  readonly signal: AbortSignal;
  /**
   * Keeps the session's new state.
   *
   * @throws {ApiError} where another server changed it in between
   */
  save(record: SessionRecord): Promise<void>;
}

interface Holder {
  readonly controller: AbortController;
  readonly released: Promise<void>;
}

/** The sessions of one model. */
export class SessionManager {
  readonly #store: SessionStore;
  readonly #model: string;
  readonly #ttlMs: number;
  #lastSweep = performance.now();
  readonly #holders = new Map<string, Holder>();

  /**
   * @param model the model's name in the API
   * @param ttlMs milliseconds after which an untouched session is forgotten
   */
  constructor(store: SessionStore, model: string, ttlMs: number) {
    this.#store = store;
    this.#model = model;
    this.#ttlMs = ttlMs;
  }

  /** A new session: empty, or with all that `parent`, a session or a snapshot, has. */
  async create(parent: string | null): Promise<SessionRecord> {
    const from = parent === null ? null : (await this.#load(parent)).record;
    return await this.#add(newRecord("session", this.#model, from));
  }

  /** An unchanging copy of a session. */
  async snapshot(id: string): Promise<SessionRecord> {
    const { record } = await this.#load(id);
    return await this.#add(newRecord("snapshot", this.#model, record));
  }

  /** A session's record. */
  async get(id: string): Promise<SessionRecord> {
    return (await this.#load(id)).record;
  }

  /** Forgets a session. */
  async delete(id: string): Promise<void> {
    await this.#load(id);
    await this.#store.delete(id);
  }

  /**
   * Opens a session to work on.
   *
   * @param takeOver end another request that works on it, which then keeps its state as far as it came
   * @throws {ApiError} where there is none, it is a snapshot, or another request works on it
   */
  async open(id: string, takeOver = false): Promise<OpenSession> {
    for (let holder = this.#holders.get(id); holder !== undefined; holder = this.#holders.get(id)) {
      if (!takeOver) throw conflict(`Session "${id}" is in the middle of another request`, "session_busy");
      holder.controller.abort(
        conflict(`Session "${id}" was taken over by another request`, "session_taken_over"),
      );
      await holder.released;
    }
    const { promise: released, resolve } = Promise.withResolvers<void>();
    const controller = new AbortController();
    this.#holders.set(id, { controller, released });
    const release = (): void => {
      this.#holders.delete(id);
      resolve();
    };
    try {
      const loaded = await this.#load(id);
      if (loaded.record.kind === "snapshot") {
        throw conflict(`"${id}" is a snapshot, fork it`, "session_is_snapshot");
      }
      return this.#opened(loaded, controller.signal, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  #opened(
    { record, version }: { record: SessionRecord; version: string },
    signal: AbortSignal,
    release: () => void,
  ): OpenSession {
    let expectedVersion = version;
    const save = async (changed: SessionRecord): Promise<void> => {
      expectedVersion = await this.#save(changed, expectedVersion);
    };
    return { record, signal, save, [Symbol.dispose]: release };
  }

  async #load(id: string): Promise<{ record: SessionRecord; version: string }> {
    const stored = /^(?:sess|snap)_[0-9a-f]{32}$/.test(id) ? await this.#stored(id) : null;
    if (stored !== null) return { record: decodeRecord(stored.bytes), version: stored.version };
    throw new ApiError(`There is no session "${id.slice(0, 64)}", expected the id of one`, {
      ...{ status: 404, type: "invalid_request_error", code: "session_not_found", param: "session" },
    });
  }

  async #stored(id: string): Promise<StoredSession | null> {
    try {
      return await this.#store.load(id);
    } catch (error) {
      throw error instanceof WeightsError ? conflict(error.message, "session_incompatible") : error;
    }
  }

  async #save(record: SessionRecord, expectedVersion: string | null): Promise<string> {
    try {
      return await this.#store.save(record.id, encodeRecord(record), { expectedVersion, ttlMs: this.#ttlMs });
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
      throw conflict(`Session "${record.id}" was changed by another server in between`, "session_conflict");
    }
  }

  /** Stores a new record, and now and then gives back the room of expired ones. */
  async #add(record: SessionRecord): Promise<SessionRecord> {
    await this.#save(record, null);
    if (performance.now() - this.#lastSweep > SWEEP_INTERVAL_MS) {
      this.#lastSweep = performance.now();
      await this.#store.sweep();
    }
    return record;
  }
}

function newRecord(kind: SessionRecord["kind"], model: string, from: SessionRecord | null): SessionRecord {
  const id = `${kind === "session" ? "sess" : "snap"}_${randomHex()}`;
  const created = Math.floor(Date.now() / 1000);
  const empty = { model, tokens: 0, chat: null, turn: null, state: null };
  return { ...(from ?? empty), id, kind, created, parent: from?.id ?? null };
}

function conflict(message: string, code: string): ApiError {
  return new ApiError(message, { status: 409, type: "invalid_request_error", code, param: "session" });
}

/** 128 random bits: an id cannot be guessed. */
function randomHex(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
