/** @file Sessions in this process's memory: for tests, and for servers that need not survive. */
import {
  checkSessionId,
  type DeleteOptions,
  expiryOf,
  isExpired,
  requireVersion,
  type SaveOptions,
  type SessionStore,
  type StoredSession,
} from "./session_store.ts";

export type { DeleteOptions, SaveOptions, SessionStore, StoredSession } from "./session_store.ts";

/** A {@linkcode SessionStore} that ends with the process. */
export class MemorySessionStore implements SessionStore {
  readonly #entries = new Map<string, StoredSession>();
  readonly #now: () => number;

  /** An empty store; `now` is the clock, in milliseconds since 1970. */
  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now;
  }

  /** Sessions that take room, expired ones that no sweep has removed included. */
  get size(): number {
    return this.#entries.size;
  }

  /** See {@linkcode SessionStore.load}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async load(id: string): Promise<StoredSession | null> {
    checkSessionId(id);
    const entry = this.#live(id);
    return entry && { ...entry, bytes: entry.bytes.slice() };
  }

  /** See {@linkcode SessionStore.save}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async save(id: string, bytes: Uint8Array, { expectedVersion, ttlMs }: SaveOptions): Promise<string> {
    checkSessionId(id);
    const expiresAt = expiryOf(ttlMs, this.#now());
    requireVersion("save", id, this.#live(id)?.version ?? null, expectedVersion);
    const version = crypto.randomUUID();
    this.#entries.set(id, { bytes: new Uint8Array(bytes), version, expiresAt });
    return version;
  }

  /** See {@linkcode SessionStore.delete}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async delete(id: string, { expectedVersion }: DeleteOptions = {}): Promise<void> {
    checkSessionId(id);
    const stored = this.#live(id)?.version ?? null;
    if (expectedVersion !== undefined) requireVersion("delete", id, stored, expectedVersion);
    this.#entries.delete(id);
  }

  /** See {@linkcode SessionStore.sweep}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async sweep(): Promise<number> {
    const before = this.#entries.size;
    for (const id of this.#entries.keys()) if (this.#live(id) === null) this.#entries.delete(id);
    return before - this.#entries.size;
  }

  #live(id: string): StoredSession | null {
    const entry = this.#entries.get(id);
    return entry === undefined || isExpired(entry.expiresAt, this.#now()) ? null : entry;
  }
}
