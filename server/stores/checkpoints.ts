/** @file Saves a session while it generates, so that another process can go on after this one died. */
import type { GenerationSummary, Token } from "../../runtime/generation_options.ts";
import { ConfigError } from "../../runtime/errors.ts";
import type { Session } from "../../runtime/session.ts";
import type { SnapshotOptions } from "../../runtime/session_snapshot.ts";
import type { SessionStore } from "./session_store.ts";

/** Where and how often to save. */
export interface CheckpointOptions extends SnapshotOptions {
  /** Where. */
  readonly store: SessionStore;
  /** Under which id. */
  readonly id: string;
  /** The version that the session was loaded with; null: it is not stored yet. @default {null} */
  readonly version?: string | null;
  /** Tokens between two saves: so many are generated again, the same ones, after a crash. @default {32} */
  readonly every?: number;
  /** Milliseconds that the session is kept after each save; left out: until it is deleted. */
  readonly ttlMs?: number;
}

/**
 * Checkpoints of one session. Tokens are numbered ({@linkcode Token.index}), so whoever reads them after a crash can tell the ones that come
 * a second time from new ones: a resumed generation goes on behind the last checkpoint, never with a gap.
 *
 * @example
 * ```ts ignore
 * const stored = await store.load(id);
 * await using session = stored === null ? await begin() : await model.restoreSession(stored.bytes);
 * const checkpoints = new Checkpoints(session, { store, id, version: stored?.version });
 * const tokens = session.interrupted ? session.resume({ signal }) : session.generate({ seed, signal });
 * for await (const token of checkpoints.follow(tokens)) send(token.index, token.text);
 * ```
 */
export class Checkpoints {
  readonly #session: Session;
  readonly #options: CheckpointOptions;
  readonly #every: number;
  #version: string | null;

  /**
   * Checkpoints of a session, none saved yet.
   *
   * @throws {ConfigError} for an interval that is no positive integer
   */
  constructor(session: Session, options: CheckpointOptions) {
    this.#session = session;
    this.#options = options;
    this.#version = options.version ?? null;
    this.#every = options.every ?? 32;
    if (Number.isInteger(this.#every) && this.#every >= 1) return;
    throw new ConfigError(
      `Cannot use option "every": it is ${String(options.every)}, expected a positive integer`,
      "Give a number of tokens, or leave it out for 32",
    );
  }

  /** The version saved last, or the one given; null: none. */
  get version(): string | null {
    return this.#version;
  }

  /**
   * Saves the session as it is.
   *
   * @throws {VersionConflictError} where somebody else saved it meanwhile
   */
  async save(): Promise<void> {
    const { store, id, ttlMs, kv, compress } = this.#options;
    const bytes = await this.#session.snapshot({ kv, compress });
    this.#version = await store.save(id, bytes, { expectedVersion: this.#version, ttlMs });
  }

  /**
   * Passes the tokens of a generation of this session on. Saves after every so many of them, at the end, when the generation is aborted and
   * when the loop is left; each time the token before the save has been taken already.
   */
  async *follow(tokens: AsyncGenerator<Token, GenerationSummary>): AsyncGenerator<Token, GenerationSummary> {
    let isLeft = false;
    try {
      for (;;) {
        const next = await tokens.next();
        if (next.done) {
          await this.save();
          return next.value;
        }
        isLeft = true;
        yield next.value;
        isLeft = false;
        if ((next.value.index + 1) % this.#every === 0) await this.save();
      }
    } finally {
      await tokens.return(undefined as never);
      if (isLeft) await this.save();
    }
  }
}
