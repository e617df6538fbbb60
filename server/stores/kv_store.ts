/** @file Sessions in Deno KV: a local file, Deno Deploy's database, or a `denokv` server. */
import { VersionConflictError } from "../../runtime/errors.ts";
import { excerpt } from "../../runtime/formats/excerpt.ts";
import { collected, DONE, KvBlobs, type NewBlob } from "./kv_blobs.ts";
import type { KvDatabase, KvEntry, KvKey } from "./kv_database.ts";
import { PatientKv } from "./patient_kv.ts";
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
import { type Checksum, checksumOf, verifyChecksum } from "./stored_bytes.ts";

export type { DeleteOptions, SaveOptions, SessionStore, StoredSession } from "./session_store.ts";
export type { KvDatabase, KvEntry, KvKey, KvListed, KvTransaction } from "./kv_database.ts";

/** How to keep sessions in a database. */
export interface KvStoreOptions {
  /** What all keys begin with. @default {["hymba", "sessions"]} */
  prefix?: KvKey;
  /** The clock, in milliseconds since 1970. @default {Date.now} */
  now?: () => number;
}

/** What a session's manifest says: which blob holds its bytes. The manifest's versionstamp is the session's version. */
interface Manifest extends Checksum {
  readonly blob: string;
  readonly expiresAt: number | null;
}

/** A writer that has not come to its end after this time is taken for dead. */
const WRITER_LIFETIME_MS = 60 * 60 * 1000;
/** Times that a load begins anew because saves took away what it was reading. */
const MAX_LOADS = 10;

/**
 * A {@linkcode SessionStore} in Deno KV.
 *
 * A save writes its bytes in chunks under a new name, then sets the session's manifest to that name, in one transaction that fails where
 * the manifest is not the expected one any more: readers see the old bytes or the new ones. The chunks before are deleted by the next save,
 * or by a sweep; those of a writer that died, too.
 *
 * @example
 * ```ts ignore
 * const store = new KvSessionStore(await Deno.openKv());
 * ```
 */
export class KvSessionStore implements SessionStore {
  readonly #kv: KvDatabase;
  readonly #prefix: KvKey;
  readonly #now: () => number;
  readonly #blobs: KvBlobs;

  /** A store in an open database, which stays the caller's to close. */
  constructor(kv: KvDatabase, { prefix = ["hymba", "sessions"], now = Date.now }: KvStoreOptions = {}) {
    this.#kv = new PatientKv(kv);
    this.#prefix = prefix;
    this.#now = now;
    this.#blobs = new KvBlobs(this.#kv, prefix, now);
  }

  /** See {@linkcode SessionStore.load}. */
  async load(id: string): Promise<StoredSession | null> {
    checkSessionId(id);
    for (let attempt = 0; attempt < MAX_LOADS; attempt++) {
      const { value: manifest, versionstamp } = await this.#manifest(id);
      if (manifest === null || isExpired(manifest.expiresAt, this.#now())) return null;
      const bytes = await this.#blobs.read(id, manifest.blob, manifest.byteLength);
      // Missing chunks are damage only if the manifest still refers to them.
      const gone = bytes.length < manifest.byteLength &&
        (await this.#manifest(id)).versionstamp !== versionstamp;
      if (gone) continue;
      await verifyChecksum(id, bytes, manifest);
      return { bytes, version: versionstamp!, expiresAt: manifest.expiresAt };
    }
    throw new VersionConflictError(
      `Cannot load session ${
        excerpt(id)
      }: it was replaced ${MAX_LOADS} times while it was read, expected a pause`,
      "Save the session less often, or load it again later",
    );
  }

  /** See {@linkcode SessionStore.save}. */
  async save(id: string, bytes: Uint8Array, { expectedVersion, ttlMs }: SaveOptions): Promise<string> {
    checkSessionId(id);
    const expiresAt = expiryOf(ttlMs, this.#now());
    const before = await this.#manifest(id);
    requireVersion("save", id, this.#versionOf(before), expectedVersion);
    await this.#collect(id, (base) => isSuperseded(base, before.versionstamp));
    const checksum = await checksumOf(bytes);
    const blob = await this.#blobs.write(id, bytes, before.versionstamp, ttlMs);
    const manifest = { blob: blob.name, expiresAt, ...checksum };
    try {
      return await this.#switch(id, before, expectedVersion, manifest, blob, ttlMs);
    } catch (error) {
      if (error instanceof VersionConflictError) await this.#blobs.drop(id, blob.name, blob.chunks);
      throw error;
    }
  }

  /** See {@linkcode SessionStore.delete}. */
  async delete(id: string, { expectedVersion }: DeleteOptions = {}): Promise<void> {
    checkSessionId(id);
    let deleted: string | null = null;
    while (deleted === null) {
      const entry = await this.#manifest(id);
      const stored = this.#versionOf(entry);
      if (expectedVersion !== undefined) requireVersion("delete", id, stored, expectedVersion);
      if (entry.value === null) return;
      deleted = await this.#deleteManifest(id, entry);
    }
    const at = deleted;
    await this.#collect(id, (base) => base !== null && base < at);
  }

  /** See {@linkcode SessionStore.sweep}. */
  async sweep(): Promise<number> {
    let removed = 0;
    const prefix = [...this.#prefix, "manifest"];
    for await (const entry of this.#kv.list<Manifest>({ prefix })) {
      const isOver = isExpired(entry.value.expiresAt, this.#now());
      if (isOver && await this.#deleteManifest(String(entry.key.at(-1)), entry) !== null) removed++;
    }
    for await (const { id, name, record } of this.#blobs.loose()) {
      const isDead = record.since + WRITER_LIFETIME_MS <= this.#now();
      if (!isDead && !isSuperseded(record.base, (await this.#manifest(id)).versionstamp)) continue;
      await this.#blobs.drop(id, name, record.chunks);
      removed++;
    }
    return removed;
  }

  #manifest(id: string): Promise<KvEntry<Manifest>> {
    return this.#kv.get<Manifest>([...this.#prefix, "manifest", id]);
  }

  /** The version that callers know; an expired manifest counts as none. */
  #versionOf({ value, versionstamp }: KvEntry<Manifest>): string | null {
    return value === null || isExpired(value.expiresAt, this.#now()) ? null : versionstamp;
  }

  /** Makes a written blob the session's. Tries again where the manifest changed but not its meaning: it had expired, and is now gone. */
  async #switch(
    id: string,
    before: KvEntry<Manifest>,
    expectedVersion: string | null,
    manifest: Manifest,
    blob: NewBlob,
    ttlMs?: number,
  ): Promise<string> {
    const transaction = this.#blobs.adopt(this.#kv.atomic(), id, blob)
      .check({ key: before.key, versionstamp: before.versionstamp })
      .set(before.key, manifest, ttlMs === undefined ? undefined : { expireIn: ttlMs });
    if (before.value !== null) {
      this.#blobs.release(transaction, id, before.value.blob, before.value.byteLength);
    }
    const result = await transaction.commit();
    if (result.ok) return result.versionstamp;
    const now = await this.#manifest(id);
    requireVersion("save", id, this.#versionOf(now), expectedVersion);
    if (now.versionstamp !== before.versionstamp) {
      return await this.#switch(id, now, expectedVersion, manifest, blob, ttlMs);
    }
    throw collected(id);
  }

  /** Deletes a manifest and gives the version of that change; null where the manifest is another by now. */
  async #deleteManifest(id: string, { key, value, versionstamp }: KvEntry<Manifest>): Promise<string | null> {
    const transaction = this.#kv.atomic().check({ key, versionstamp }).delete(key);
    if (value !== null) this.#blobs.release(transaction, id, value.blob, value.byteLength);
    const result = await transaction.commit();
    return result.ok ? result.versionstamp : null;
  }

  /** Deletes the loose blobs of a session that no writer can make its own any more, going by the version each one began at. */
  async #collect(id: string, isDoomed: (base: string | null) => boolean): Promise<void> {
    for await (const { name, record } of this.#blobs.loose(id)) {
      if (record.base === DONE || isDoomed(record.base)) await this.#blobs.drop(id, name, record.chunks);
    }
  }
}

/** Whether a writer that began at version `base` is bound to fail: versionstamps grow, and sort as texts. */
function isSuperseded(base: string | null, current: string | null): boolean {
  return base === DONE || (current !== null && (base === null || base < current));
}
