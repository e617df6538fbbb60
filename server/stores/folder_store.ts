/** @file Sessions as files of a folder. Needs permission to read and write it. */
import { WeightsError } from "../../runtime/errors.ts";
import { readStoredBytes, readStoredHead, type StoredHead, writeStored } from "./stored_file.ts";
import { FolderLocks } from "./folder_locks.ts";
import { checksumOf, damaged, sha256Hex } from "./stored_bytes.ts";
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

const FILE_SUFFIX = ".session";
const PART_SUFFIX = ".part";
const LOCK_SUFFIX = ".lock";
/** Locks that all ids share; each costs an empty file, and may take one of the process's threads while it is waited for. */
const LOCKS = 64;

/**
 * A {@linkcode SessionStore} in a folder, for any number of processes of one machine.
 *
 * A file is named after the SHA-256 of its id, so that no id leads out of the folder or differs from another by case alone. A save writes a
 * file of its own beside the old one, flushes it to the disk and takes the old one's place in one step (rename); a process that dies in
 * between leaves the old session and a part that the next save overwrites. Saves of one id take turns by a lock on a file.
 */
export class FolderSessionStore implements SessionStore {
  readonly #folder: string;
  readonly #locks: FolderLocks;
  readonly #now: () => number;

  private constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#locks = new FolderLocks(folder);
    this.#now = now;
  }

  /** A store in a folder, which is made if need be; `now` is the clock, in milliseconds since 1970. */
  static async open(
    folder: string | URL,
    { now = Date.now }: { now?: () => number } = {},
  ): Promise<FolderSessionStore> {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    return new FolderSessionStore(await Deno.realPath(folder), now);
  }

  /** See {@linkcode SessionStore.load}. */
  async load(id: string): Promise<StoredSession | null> {
    checkSessionId(id);
    using file = await openIfThere(this.#path(await hashOf(id), FILE_SUFFIX));
    if (file === null) return null;
    const head = await readOwnHead(file, id);
    if (isExpired(head.expiresAt, this.#now())) return null;
    const bytes = await readStoredBytes(file, head);
    return { bytes, version: head.version, expiresAt: head.expiresAt };
  }

  /** See {@linkcode SessionStore.save}. */
  async save(id: string, bytes: Uint8Array, { expectedVersion, ttlMs }: SaveOptions): Promise<string> {
    checkSessionId(id);
    const expiresAt = expiryOf(ttlMs, this.#now());
    const version = crypto.randomUUID();
    const [hash, checksum] = await Promise.all([hashOf(id), checksumOf(bytes)]);
    return await this.#locks.hold(lockOf(hash), async () => {
      requireVersion("save", id, await this.#storedVersion(hash, id), expectedVersion);
      await this.#replace(hash, { id, version, expiresAt, ...checksum }, bytes);
      return version;
    });
  }

  /** See {@linkcode SessionStore.delete}. */
  async delete(id: string, { expectedVersion }: DeleteOptions = {}): Promise<void> {
    checkSessionId(id);
    const hash = await hashOf(id);
    await this.#locks.hold(lockOf(hash), async () => {
      if (expectedVersion !== undefined) {
        requireVersion("delete", id, await this.#storedVersion(hash, id), expectedVersion);
      }
      await removeIfThere(this.#path(hash, FILE_SUFFIX));
      await removeIfThere(this.#path(hash, PART_SUFFIX));
      await this.#flushFolder();
    });
  }

  /** See {@linkcode SessionStore.sweep}. Damaged files stay, for their owners to see. */
  async sweep(): Promise<number> {
    let removed = 0;
    for await (const { name } of Deno.readDir(this.#folder)) {
      const [, hash, suffix] = name.match(/^([0-9a-f]{64})(\.[a-z]+)$/) ?? [];
      if (suffix === PART_SUFFIX) {
        removed += await this.#locks.hold(lockOf(hash), () => removeIfThere(this.#path(hash, suffix)));
      } else if (suffix === FILE_SUFFIX) {
        removed += await this.#locks.hold(lockOf(hash), () => this.#removeExpired(hash));
      }
    }
    return removed;
  }

  #path(hash: string, suffix: string): string {
    return `${this.#folder}/${hash}${suffix}`;
  }

  async #storedVersion(hash: string, id: string): Promise<string | null> {
    using file = await openIfThere(this.#path(hash, FILE_SUFFIX));
    if (file === null) return null;
    const { version, expiresAt } = await readOwnHead(file, id);
    return isExpired(expiresAt, this.#now()) ? null : version;
  }

  async #replace(hash: string, head: StoredHead, bytes: Uint8Array): Promise<void> {
    const part = this.#path(hash, PART_SUFFIX);
    {
      using file = await Deno.open(part, { create: true, truncate: true, write: true, mode: 0o600 });
      await writeStored(file, head, bytes);
      await file.sync();
    }
    await Deno.rename(part, this.#path(hash, FILE_SUFFIX));
    await this.#flushFolder();
  }

  /** Makes renames and removals last; Windows cannot open folders, and does without. */
  async #flushFolder(): Promise<void> {
    if (Deno.build.os === "windows") return;
    using folder = await Deno.open(this.#folder);
    await folder.sync();
  }

  async #removeExpired(hash: string): Promise<number> {
    const path = this.#path(hash, FILE_SUFFIX);
    const expiresAt = await expiryIn(path);
    return isExpired(expiresAt, this.#now()) ? await removeIfThere(path) : 0;
  }
}

/** Reads the head of a session's file. */
async function readOwnHead(file: Deno.FsFile, id: string): Promise<StoredHead> {
  const head = await readStoredHead(file, id);
  if (head.id !== id) throw damaged(id, "its file is another session's, expected its own");
  return head;
}

/** When the session in a file expires; null: never, or it cannot be told. */
async function expiryIn(path: string): Promise<number | null> {
  using file = await openIfThere(path);
  if (file === null) return null;
  try {
    return (await readStoredHead(file, path)).expiresAt;
  } catch (error) {
    if (error instanceof WeightsError) return null;
    throw error;
  }
}

async function hashOf(id: string): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(id));
}

function lockOf(hash: string): string {
  return `${(parseInt(hash.slice(0, 8), 16) % LOCKS).toString().padStart(2, "0")}${LOCK_SUFFIX}`;
}

async function openIfThere(path: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Removes a file; returns how many there were. */
async function removeIfThere(path: string): Promise<number> {
  try {
    await Deno.remove(path);
    return 1;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
