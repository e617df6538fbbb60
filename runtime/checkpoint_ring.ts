/** @file The last few states of a sequence, kept at regular distances so that it can go back. */
import { ConfigError } from "./errors.ts";
import type { SequenceState } from "./state.ts";

/** How far back a session can rewind, and at what cost: each checkpoint is a copy of the state but for shared growing caches. */
export interface RewindOptions {
  /** Tokens between two checkpoints; a rewind passes fewer than that many tokens through the network again. @default {256} */
  interval?: number;
  /**
   * Checkpoints kept; rewinding reaches back (checkpoints - 1) * interval tokens at least, or to where the session began: empty, from a
   * prefix or a snapshot, or as a fork. @default {4}
   */
  checkpoints?: number;
}

interface Checkpoint {
  /** Tokens in the state. */
  readonly length: number;
  readonly state: SequenceState;
}

/** Checkpoints of one sequence, oldest first. */
export class CheckpointRing {
  readonly #interval: number;
  readonly #size: number;
  #kept: Checkpoint[] = [];

  /** @throws {ConfigError} for a distance or number that is no positive integer */
  constructor({ interval = 256, checkpoints = 4 }: RewindOptions) {
    for (const [name, value] of Object.entries({ interval, checkpoints })) {
      if (Number.isInteger(value) && value >= 1 && value <= 2 ** 20) continue;
      throw new ConfigError(
        `Cannot use option "rewind.${name}": it is ${String(value)}, expected an integer from 1 to ${
          2 ** 20
        }`,
        "Leave it out for its default",
      );
    }
    this.#interval = interval;
    this.#size = checkpoints;
  }

  /** Tokens that it reaches back at least, once it is full. */
  get reach(): number {
    return (this.#size - 1) * this.#interval;
  }

  /** The buffers of all checkpoints and their bytes; a growing cache that several of them share is in it once. */
  get buffers(): ReadonlyMap<unknown, number> {
    return new Map(this.#kept.flatMap(({ state }) => [...state.buffers]));
  }

  /** Tokens until the next checkpoint is due, after `length` tokens. */
  distance(length: number): number {
    return this.#interval - length % this.#interval;
  }

  /** Keeps a copy of a state that holds `length` tokens, if one is due; drops the oldest one too many. The first is always due. */
  offer(length: number, state: SequenceState): void {
    const due = this.#kept.length === 0 || length % this.#interval === 0;
    if (!due || this.#kept.some((kept) => kept.length === length)) return;
    this.#kept.push({ length, state: state.fork() });
    if (this.#kept.length > this.#size) this.#kept.shift()?.state.dispose();
  }

  /** The latest checkpoint of at most `length` tokens; forgets the ones after it. Undefined: none reaches back so far. */
  backTo(length: number): Checkpoint | undefined {
    this.#kept.filter((kept) => kept.length > length).forEach(({ state }) => state.dispose());
    this.#kept = this.#kept.filter((kept) => kept.length <= length);
    return this.#kept.at(-1);
  }

  /** Whether a checkpoint of at most `length` tokens is kept. */
  reaches(length: number): boolean {
    return this.#kept.some((kept) => kept.length <= length);
  }

  /** Frees every checkpoint. */
  dispose(): void {
    this.#kept.forEach(({ state }) => state.dispose());
    this.#kept = [];
  }
}

/**
 * Requires a checkpoint of at most `target` tokens.
 *
 * @throws {ConfigError} where none is kept
 */
export function requireReach(ring: CheckpointRing | null, target: number): void {
  if (ring?.reaches(target)) return;
  const is = ring ? "no checkpoint is so old" : "the session keeps no checkpoints";
  throw new ConfigError(
    `Cannot rewind to ${target} tokens: ${is}, expected one`,
    "Create the session with rewind: { interval, checkpoints } that reach back far enough",
  );
}
