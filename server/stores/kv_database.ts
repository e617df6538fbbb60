/** @file What the store needs of Deno KV: `Deno.openKv()` gives it, and so does whatever behaves alike. */

/** A key: parts from the general to the particular. */
export type KvKey = readonly (string | number | bigint | boolean | Uint8Array | symbol)[];

/** A key's value and version; both are null where there is none. */
export interface KvEntry<T> {
  /** The key that was asked for. */
  readonly key: KvKey;
  /** What is stored. */
  readonly value: T | null;
  /** Of the transaction that stored it; later ones sort after earlier ones. */
  readonly versionstamp: string | null;
}

/** An entry of a list. */
export interface KvListed<T> extends KvEntry<T> {
  /** What is stored. */
  readonly value: T;
  /** Of the transaction that stored it. */
  readonly versionstamp: string;
}

/** Changes that happen all at once, or, where a check fails, not at all. */
export interface KvTransaction {
  /** Requires that a key is as it was; null: that it is not there. */
  check(...checks: { key: KvKey; versionstamp: string | null }[]): KvTransaction;
  /** Sets a value, for so many milliseconds if given. */
  set(key: KvKey, value: unknown, options?: { expireIn?: number }): KvTransaction;
  /** Deletes a value. */
  delete(key: KvKey): KvTransaction;
  /** Makes the changes; the versionstamp is that of every value set. */
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>;
}

/** A key-value database. */
export interface KvDatabase {
  /** Reads one value. */
  get<T>(key: KvKey): Promise<KvEntry<T>>;
  /** Reads the values whose keys begin with a prefix, in the order of their keys. */
  list<T>(selector: { prefix: KvKey }, options?: { batchSize?: number }): AsyncIterable<KvListed<T>>;
  /** Begins a transaction. */
  atomic(): KvTransaction;
}
