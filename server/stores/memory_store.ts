/** @file Sessions in this process's memory: for tests, and for servers that need not survive. */
import { ConfigError } from "../../runtime/errors.ts";
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

/** How much a store keeps, and its clock. */
export interface MemoryStoreOptions {
  /** Most bytes of all sessions together. @default {134217728}, 128 MiB */
  maxBytes?: number;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/**
 * A {@linkcode SessionStore} that ends with the process. When it is full, the sessions that were used longest ago make room: who asks
 * for one of them is told that there is none.
 */
export class MemorySessionStore implements SessionStore {
  /** The one that was used longest ago comes first. */
  readonly #entries = new Map<string, StoredSession>();
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  /** An empty store. */
  constructor({ maxBytes = 2 ** 27, now = Date.now }: MemoryStoreOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** Bytes of all sessions together. */
  get byteLength(): number {
    return this.#bytes;
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
    if (entry === null) return null;
    this.#entries.delete(id);
    this.#entries.set(id, entry); // it is the last used now
    return { ...entry, bytes: entry.bytes.slice() };
  }

  /** See {@linkcode SessionStore.save}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async save(id: string, bytes: Uint8Array, { expectedVersion, ttlMs }: SaveOptions): Promise<string> {
    checkSessionId(id);
    const expiresAt = expiryOf(ttlMs, this.#now());
    requireVersion("save", id, this.#live(id)?.version ?? null, expectedVersion);
    this.#requireFit(id, bytes.length);
    const version = crypto.randomUUID();
    this.#remove(id);
    this.#entries.set(id, { bytes: new Uint8Array(bytes), version, expiresAt });
    this.#bytes += bytes.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest);
    }
    return version;
  }

  /** See {@linkcode SessionStore.delete}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async delete(id: string, { expectedVersion }: DeleteOptions = {}): Promise<void> {
    checkSessionId(id);
    const stored = this.#live(id)?.version ?? null;
    if (expectedVersion !== undefined) requireVersion("delete", id, stored, expectedVersion);
    this.#remove(id);
  }

  /** See {@linkcode SessionStore.sweep}. */
  // deno-lint-ignore require-await -- a failure is to reject
  async sweep(): Promise<number> {
    const before = this.#entries.size;
    for (const id of this.#entries.keys()) if (this.#live(id) === null) this.#remove(id);
    return before - this.#entries.size;
  }

  #remove(id: string): void {
    this.#bytes -= this.#entries.get(id)?.bytes.length ?? 0;
    this.#entries.delete(id);
  }

  #requireFit(id: string, bytes: number): void {
    if (bytes <= this.#maxBytes) return;
    throw new ConfigError(
      `Cannot save session "${id}": it has ${bytes} bytes, expected at most the store's ${this.#maxBytes}`,
      "Create the store with a larger maxBytes",
    );
  }

  #live(id: string): StoredSession | null {
    const entry = this.#entries.get(id);
    return entry === undefined || isExpired(entry.expiresAt, this.#now()) ? null : entry;
  }
}
