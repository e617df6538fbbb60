/**
 * @file Bytes of any length in Deno KV, whose values end at 64 KiB: as chunks under a name that is used once. A blob that no manifest
 * refers to is "loose" and on record as such, from before its first chunk is written until its last one is deleted.
 */
import { VersionConflictError } from "../../runtime/errors.ts";
import { excerpt } from "../../runtime/formats/excerpt.ts";
import type { KvDatabase, KvKey, KvTransaction } from "./kv_database.ts";

/** Bytes of a chunk: below the 65,536 of a value. */
export const CHUNK_BYTES = 60 * 1024;
/** Chunks of a transaction, which takes 819,200 bytes in all. */
const CHUNKS_AT_ONCE = 12;
/** Deletions of a transaction, which takes 1000 changes. */
const DELETIONS_AT_ONCE = 500;
/** Milliseconds that chunks outlive their manifest, which is written after them. */
const EXPIRY_MARGIN_MS = 60 * 60 * 1000;

/** Why a blob is loose. */
export interface LooseRecord {
  /** The version of the manifest that a writer means to replace, null for none; {@linkcode DONE}: nobody writes it any more. */
  readonly base: string | null;
  /** When the record was made, in milliseconds since 1970. */
  readonly since: number;
  /** Chunks of the blob, when it is whole. */
  readonly chunks: number;
}

/** `base` of a blob that no writer is at work on any more. */
export const DONE = "";

/** A blob being written: loose, under a record that the writer watches. */
export interface NewBlob {
  readonly name: string;
  readonly chunks: number;
  /** Version of its record. */
  readonly versionstamp: string;
}

/** The blobs of sessions. */
export class KvBlobs {
  readonly #kv: KvDatabase;
  readonly #prefix: KvKey;
  readonly #now: () => number;

  constructor(kv: KvDatabase, prefix: KvKey, now: () => number) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#now = now;
  }

  /**
   * Writes a loose blob; its writer adopts it with {@linkcode KvBlobs.adopt}.
   *
   * @param base the version of the manifest that it is to replace
   * @throws {VersionConflictError} where somebody else collected it meanwhile
   */
  async write(id: string, bytes: Uint8Array, base: string | null, ttlMs?: number): Promise<NewBlob> {
    const name = crypto.randomUUID();
    const record = this.#recordKey(id, name);
    const expiry = ttlMs === undefined ? undefined : { expireIn: ttlMs + EXPIRY_MARGIN_MS };
    const chunks = chunkCount(bytes.length);
    const made = await this.#kv.atomic().set(record, this.#record(base, chunks), expiry).commit();
    if (!made.ok) throw collected(id);
    for (let first = 0; first < chunks; first += CHUNKS_AT_ONCE) {
      const batch = this.#kv.atomic().check({ key: record, versionstamp: made.versionstamp });
      for (let i = first; i < Math.min(first + CHUNKS_AT_ONCE, chunks); i++) {
        batch.set(
          this.#chunkKey(id, name, i),
          bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
          expiry,
        );
      }
      if (!(await batch.commit()).ok) throw collected(id);
    }
    return { name, chunks, versionstamp: made.versionstamp };
  }

  /** Adds to a transaction that a blob is loose no longer; it then fails where the blob was collected. */
  adopt(transaction: KvTransaction, id: string, { name, versionstamp }: NewBlob): KvTransaction {
    const key = this.#recordKey(id, name);
    return transaction.check({ key, versionstamp }).delete(key);
  }

  /** Adds to a transaction that a blob has become loose. */
  release(transaction: KvTransaction, id: string, name: string, byteLength: number): KvTransaction {
    return transaction.set(this.#recordKey(id, name), this.#record(DONE, chunkCount(byteLength)));
  }

  /** Reads a blob; shorter than `byteLength` where chunks are missing. */
  async read(id: string, name: string, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(byteLength);
    let length = 0;
    const prefix = [...this.#prefix, "chunk", id, name];
    for await (const { key, value } of this.#kv.list<Uint8Array>({ prefix }, { batchSize: CHUNKS_AT_ONCE })) {
      const isNext = key.at(-1) === length / CHUNK_BYTES && value instanceof Uint8Array &&
        length + value.length <= byteLength;
      if (!isNext) break;
      bytes.set(value, length);
      length += value.length;
    }
    return length === byteLength ? bytes : bytes.slice(0, length);
  }

  /** Deletes a loose blob: first stops its writer, if there is one, then the chunks, then the record. */
  async drop(id: string, name: string, chunks: number): Promise<void> {
    const record = this.#recordKey(id, name);
    await this.#kv.atomic().set(record, this.#record(DONE, chunks)).commit();
    for (let first = 0; first < chunks; first += DELETIONS_AT_ONCE) {
      const batch = this.#kv.atomic();
      for (let i = first; i < Math.min(first + DELETIONS_AT_ONCE, chunks); i++) {
        batch.delete(this.#chunkKey(id, name, i));
      }
      await batch.commit();
    }
    await this.#kv.atomic().delete(record).commit();
  }

  /** The loose blobs of a session, or of all. */
  async *loose(id?: string): AsyncGenerator<{ id: string; name: string; record: LooseRecord }> {
    const prefix = [...this.#prefix, "loose", ...id === undefined ? [] : [id]];
    for await (const { key, value } of this.#kv.list<LooseRecord>({ prefix })) {
      const [owner, name] = key.slice(-2);
      yield { id: String(owner), name: String(name), record: value };
    }
  }

  #record(base: string | null, chunks: number): LooseRecord {
    return { base, since: this.#now(), chunks };
  }

  #recordKey(id: string, name: string): KvKey {
    return [...this.#prefix, "loose", id, name];
  }

  #chunkKey(id: string, name: string, index: number): KvKey {
    return [...this.#prefix, "chunk", id, name, index];
  }
}

function chunkCount(byteLength: number): number {
  return Math.ceil(byteLength / CHUNK_BYTES);
}

/** The error of a writer whose blob was collected. */
export function collected(id: string): VersionConflictError {
  return new VersionConflictError(
    `Cannot save session ${
      excerpt(id)
    }: another save or a sweep gave it up meanwhile, expected to be done before`,
    "Load the session again and go on from there",
  );
}
