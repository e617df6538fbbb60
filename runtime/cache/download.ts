/** @file A file on a server -> the cache, in pieces. What is there already is not fetched again, whoever put it there. */
import { WeightsError } from "../errors.ts";
import { type ModelCache, readEntryText, writeEntryText } from "./model_cache.ts";
import { type Connection, RangeReader, type RemoteFile } from "./range_reader.ts";

/** Bytes of a piece: what a process that dies may have fetched in vain. */
export const PIECE_BYTES = 8 << 20;

/** Takes in a file's bytes and gives their hash. */
export interface Hasher {
  /** Takes in the next bytes. */
  update(bytes: Uint8Array): void;
  /** The hash of everything, as hexadecimal digits. */
  hex(): string;
}

/** What a file's bytes have to hash to. */
export interface ExpectedHash {
  readonly hex: string;
  readonly start: () => Hasher;
}

/** A file to be in the cache. */
export interface CachedFile extends RemoteFile {
  /** Under which its pieces are stored; names this content and no other. */
  readonly key: string;
  /** Null: nobody said, and the length has to do. */
  readonly hash: ExpectedHash | null;
}

/** How far a download is. */
export interface DownloadProgress {
  /** The file's name. */
  readonly file: string;
  /** Bytes that are there, those of earlier downloads included. */
  readonly receivedBytes: number;
  /** Bytes of the whole file. */
  readonly totalBytes: number;
}

/** How to download. */
export interface DownloadRun extends Connection {
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** A file is fetched anew this often when its bytes are wrong: the first time they may have suffered on the way. */
const TRIES = 2;

/** The key of a file's piece. */
export function pieceKey(key: string, index: number): string {
  return `${key}/${String(index).padStart(6, "0")}`;
}

/** Bytes of a piece. */
export function pieceLength(size: number, index: number): number {
  return Math.min(PIECE_BYTES, size - index * PIECE_BYTES);
}

/** Whether a file is in the cache whole, its hash checked when it came. */
export async function isCached(cache: ModelCache, { key, size }: CachedFile): Promise<boolean> {
  if (await readEntryText(cache, markKey(key)) !== markText(size)) return false;
  for (let i = 0; i * PIECE_BYTES < size; i++) {
    if (await cache.size(pieceKey(key, i)) !== pieceLength(size, i)) return false;
  }
  return true;
}

/**
 * Brings a file into the cache, going on from what an earlier call, here or in another process, has left there.
 *
 * @throws {WeightsError} where the server refuses, its bytes have another hash, or the cache is full; `signal.reason` when aborted
 */
export async function download(cache: ModelCache, file: CachedFile, run: DownloadRun): Promise<void> {
  if (await isCached(cache, file)) return;
  let hash = "";
  for (let i = 0; i < TRIES; i++) {
    hash = await fillPieces(cache, file, run);
    if (file.hash === null || hash === file.hash.hex) {
      return await writeEntryText(cache, markKey(file.key), markText(file.size));
    }
    await deletePieces(cache, file);
  }
  throw new WeightsError(
    `Cannot use "${file.name}": its bytes have hash ${hash}, expected ${file.hash?.hex}`,
    "The server sent something else than it lists, twice; nothing of it was kept. Try again later, or another endpoint",
  );
}

/** Stored when a file is whole; another size of pieces makes it another file. */
function markKey(key: string): string {
  return `${key}/whole`;
}

function markText(size: number): string {
  return JSON.stringify({ size, pieceBytes: PIECE_BYTES });
}

/** Reads or fetches every piece; gives the hash of all, or "" without one to check. */
async function fillPieces(cache: ModelCache, file: CachedFile, run: DownloadRun): Promise<string> {
  const { name, key, size } = file;
  const hasher = file.hash?.start();
  using reader = new RangeReader(file, run);
  let receivedBytes = 0;
  const count = (bytes: number): void => {
    receivedBytes += bytes;
    run.onProgress?.({ file: name, receivedBytes, totalBytes: size });
  };
  for (let i = 0; i * PIECE_BYTES < size; i++) {
    run.signal?.throwIfAborted();
    const entry = pieceKey(key, i), length = pieceLength(size, i);
    const isThere = await cache.size(entry) === length;
    const bytes = isThere
      ? await cache.read(entry, 0, length)
      : await reader.read(i * PIECE_BYTES, length, count);
    if (isThere) count(length);
    else await cache.write(entry, bytes);
    hasher?.update(bytes);
  }
  return hasher?.hex() ?? "";
}

async function deletePieces(cache: ModelCache, { key, size }: CachedFile): Promise<void> {
  await cache.delete(markKey(key));
  for (let i = 0; i * PIECE_BYTES < size; i++) await cache.delete(pieceKey(key, i));
}
