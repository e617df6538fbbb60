/** @file Where sessions' snapshots are kept between requests, processes and machines: what every store promises. */
import { ConfigError, VersionConflictError } from "../../runtime/errors.ts";
import { excerpt } from "../../runtime/formats/excerpt.ts";

/** A stored session. */
export interface StoredSession {
  /** What was saved, byte by byte; the caller's own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names this content: another save gives another version, even of the same bytes. */
  readonly version: string;
  /** When it expires, in milliseconds since 1970; null: never. */
  readonly expiresAt: number | null;
}

/** How to save. */
export interface SaveOptions {
  /** The version that these bytes take the place of, from the last load or save; null: there must be none. */
  readonly expectedVersion: string | null;
  /** Milliseconds from now until the session counts as deleted; left out: it stays. Every save sets it anew. */
  readonly ttlMs?: number;
}

/** How to delete. */
export interface DeleteOptions {
  /** Delete this version only; left out: whatever is there. */
  readonly expectedVersion?: string;
}

/**
 * Keeps bytes by id. However many processes use a store at once, and wherever one of them dies:
 * - a load gives exactly what one save was given, or null; never part of it, never a mix of two;
 * - of several saves that expect the same version, one succeeds and the others throw VersionConflictError;
 * - what expired counts as deleted at once; its room is given back by {@linkcode SessionStore.sweep} at the latest.
 *
 * An id is any text of 1 to 512 bytes of UTF-8. All methods throw ConfigError for another id, and the platform's own errors where a disk
 * or a database fails.
 */
export interface SessionStore {
  /**
   * What is stored under an id; null: nothing.
   *
   * @throws {WeightsError} where the stored bytes were damaged
   */
  load(id: string): Promise<StoredSession | null>;
  /**
   * Stores bytes under an id and gives their version.
   *
   * @throws {VersionConflictError} where another version than the expected one is stored; nothing has changed then
   */
  save(id: string, bytes: Uint8Array, options: SaveOptions): Promise<string>;
  /**
   * Deletes what is stored under an id, damaged or not; nothing there is fine.
   *
   * @throws {VersionConflictError} where another version than the expected one is stored; nothing has changed then
   */
  delete(id: string, options?: DeleteOptions): Promise<void>;
  /** Gives back the room of what expired and of what interrupted saves left behind; returns how many things it removed. */
  sweep(): Promise<number>;
}

const MAX_ID_BYTES = 512;

/**
 * Checks an id.
 *
 * @throws {ConfigError} for one that no store takes
 */
export function checkSessionId(id: string): void {
  const bytes = typeof id === "string" && id.isWellFormed() ? new TextEncoder().encode(id).length : 0;
  if (bytes >= 1 && bytes <= MAX_ID_BYTES) return;
  throw new ConfigError(
    `Cannot use session id ${
      excerpt(id)
    }: it has ${bytes} bytes of well-formed text, expected 1 to ${MAX_ID_BYTES}`,
    "Use a shorter id, such as crypto.randomUUID() gives",
  );
}

/**
 * Checks a stored version against the expected one; null stands for nothing.
 *
 * @throws {VersionConflictError} where they differ
 */
export function requireVersion(
  act: "save" | "delete",
  id: string,
  stored: string | null,
  expected: string | null,
): void {
  if (stored === expected) return;
  const name = (version: string | null): string =>
    version === null ? "nothing" : `version ${excerpt(version)}`;
  throw new VersionConflictError(
    `Cannot ${act} session ${excerpt(id)}: ${name(stored)} is stored, expected ${name(expected)}`,
    "Load the session again and go on from there",
  );
}

/**
 * When something saved now expires; null: never.
 *
 * @throws {ConfigError} for a time that is no positive number
 */
export function expiryOf(ttlMs: number | undefined, now: number): number | null {
  if (ttlMs === undefined) return null;
  if (ttlMs > 0 && ttlMs <= MAX_TTL_MS) return now + ttlMs;
  throw new ConfigError(
    `Cannot use option "ttlMs": it is ${
      String(ttlMs)
    }, expected a number of milliseconds up to ${MAX_TTL_MS}`,
    "Leave it out to keep the session until it is deleted",
  );
}

/** A hundred years. */
const MAX_TTL_MS = 100 * 365 * 24 * 60 * 60 * 1000;

/** Whether something with this expiry counts as deleted. */
export function isExpired(expiresAt: number | null, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}
