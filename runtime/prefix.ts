/** @file A text that many sessions begin with, passed through the network once. */
import type { RewindOptions } from "./checkpoint_ring.ts";
import { ConfigError } from "./errors.ts";
import type { Session } from "./session.ts";
import type { SnapshotOptions } from "./session_snapshot.ts";
import type { MemoryOptions } from "./state_layout.ts";

/** A compiled prefix: sessions made from it begin with its tokens at no cost but a copy of the fixed part of the state. */
export class Prefix {
  readonly #session: Session;

  /** Takes over a session that holds the prefix and nothing else. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** Appends a text or ids to an empty session and takes it over; the session is freed if this fails. */
  static async compile(
    session: Session,
    input: string | ArrayLike<number>,
    signal?: AbortSignal,
  ): Promise<Prefix> {
    try {
      await session.append(input, { signal });
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    return new Prefix(session);
  }

  /** The tokens of the prefix. */
  get ids(): readonly number[] {
    return this.#session.ids;
  }

  /** Bytes of state that the prefix holds; sessions share its growing caches until they diverge. */
  get stateBytes(): number {
    return this.#session.stateBytes;
  }

  /**
   * A session that begins with the prefix.
   *
   * @throws {ConfigError} where `memory` declares any: the prefix has a layout already
   */
  async createSession(rewind: RewindOptions | null = null, memory: MemoryOptions = {}): Promise<Session> {
    if (memory.maxContext === undefined && memory.globalWindow === undefined) {
      return await this.#session.fork({ rewind });
    }
    throw new ConfigError(
      "Cannot create a session: its memory is declared beside a prefix, expected the prefix's own layout",
      "Give maxContext and globalWindow to compilePrefix()",
    );
  }

  /** The prefix as bytes, for {@linkcode Model.loadPrefix}. */
  save(options: SnapshotOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#session.snapshot(options);
  }

  /** Frees the prefix; sessions made from it live on. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#session[Symbol.asyncDispose]();
  }
}
