/**
 * @file Which bytes may come next: runs a grammar as a pushdown automaton whose stacks are shared and compared by identity, and
 * remembers every set of stacks that it met together with what each byte makes of it (a deterministic automaton, built as needed).
 */
import { ConfigError } from "../../runtime/errors.ts";
import type { Grammar } from "./grammar.ts";

/** A stack: the topmost part of the grammar, how far it is, and what comes after it. */
interface Frame {
  readonly id: number;
  readonly part: Grammar;
  /** Bytes, parts or repetitions done; for an automaton, the text so far. */
  readonly place: number | string;
  readonly below: Frame | null;
  readonly above: Map<Grammar, Map<number | string, Frame>>;
}

/** Where a text can be within the grammar: one of several places, which its next bytes will tell apart. */
export interface RecognizerState {
  /** Whether the text so far is a whole one. */
  readonly isComplete: boolean;
  /** Whether no byte at all may follow. */
  readonly isClosed: boolean;
}

interface State extends RecognizerState {
  readonly frames: readonly Frame[];
  /** By byte; null: the byte does not fit; a hole: not asked yet. */
  readonly next: (State | null)[];
}

/** Places that a text may be in at once. */
const MAX_FRAMES_PER_STATE = 2_000;
/** Stacks remembered in all; with them goes the memory that a grammar can take, some 100 bytes each. */
const MAX_FRAMES = 500_000;
/** Parts that may wait for the end of the one on top. */
const MAX_DEPTH = 400;

/** Recognises the texts of one grammar, byte by byte. */
export class Recognizer {
  readonly #root: Frame = {
    id: 0,
    part: { kind: "sequence", parts: [] },
    place: 0,
    below: null,
    above: new Map(),
  };
  readonly #states = new Map<string, State>();
  #numFrames = 1;
  /** Before the first byte. */
  readonly start: RecognizerState;

  constructor(grammar: Grammar) {
    const found = new Set<Frame>();
    this.#enter(grammar, this.#root, found, 0);
    this.start = this.#state(found);
  }

  /**
   * The state after one more byte, or null where it does not fit.
   *
   * @throws {ConfigError} for a grammar that leaves too many possibilities open
   */
  advance(from: RecognizerState, byte: number): RecognizerState | null {
    const state = from as State;
    const known = state.next[byte];
    if (known !== undefined) return known;
    const found = new Set<Frame>();
    for (const frame of state.frames) this.#step(frame, byte, found);
    return state.next[byte] = found.size === 0 ? null : this.#state(found);
  }

  #state(found: ReadonlySet<Frame>): State {
    const all = [...found].sort((a, b) => a.id - b.id);
    const key = all.map(({ id }) => id).join(",");
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const frames = all.filter((frame) => frame !== this.#root);
    const isComplete = frames.length < all.length;
    const state: State = { frames, isComplete, isClosed: isComplete && frames.length === 0, next: [] };
    this.#states.set(key, state);
    return state;
  }

  #step({ part, place, below }: Frame, byte: number, found: Set<Frame>): void {
    const after = below!;
    if (part.kind === "bytes") {
      if (part.bytes[place as number] === byte) this.#enterBytes(part, place as number + 1, after, found);
    } else if (part.kind === "switch") {
      const next = part.next[byte];
      if (next !== undefined) this.#enter(next, after, found, 0);
    } else if (part.kind === "automaton") {
      this.#enterAutomaton(part, place + String.fromCharCode(byte), after, found);
    }
  }

  /** Adds every stack that begins with a byte of `part`, or of what comes after it where `part` can be over. */
  #enter(part: Grammar, below: Frame, found: Set<Frame>, depth: number): void {
    if (depth > MAX_DEPTH) throw tooLarge(`it nests ${MAX_DEPTH} parts without a byte between them`);
    switch (part.kind) {
      case "bytes":
        return this.#enterBytes(part, 0, below, found);
      case "switch":
        return this.#add(this.#frame(part, 0, below), found);
      case "automaton":
        return this.#enterAutomaton(part, "", below, found);
      case "sequence":
        return this.#enterSequence(part, 0, below, found, depth);
      case "choice":
        for (const option of part.options) this.#enter(option, below, found, depth + 1);
        return;
      case "repeat":
        return this.#enterRepeat(part, 0, below, found, depth);
      case "rule":
        return this.#enter(part.body(), below, found, depth + 1);
      default:
        part satisfies never;
    }
  }

  #enterBytes(part: Grammar & { kind: "bytes" }, done: number, below: Frame, found: Set<Frame>): void {
    if (done === part.bytes.length) this.#leave(below, found, 0);
    else this.#add(this.#frame(part, done, below), found);
  }

  #enterAutomaton(
    part: Grammar & { kind: "automaton" },
    text: string,
    below: Frame,
    found: Set<Frame>,
  ): void {
    if (part.automaton.isPrefix(text)) this.#add(this.#frame(part, text, below), found);
    if (part.automaton.contains(text)) this.#leave(below, found, 0);
  }

  #enterSequence(
    part: Grammar & { kind: "sequence" },
    done: number,
    below: Frame,
    found: Set<Frame>,
    depth: number,
  ): void {
    const { parts } = part;
    if (done === parts.length) return this.#leave(below, found, depth + 1);
    // The last part needs no frame to come back to, so that lists written as recursion do not pile up.
    const after = done + 1 === parts.length ? below : this.#frame(part, done + 1, below);
    this.#enter(parts[done], after, found, depth + 1);
  }

  #enterRepeat(
    part: Grammar & { kind: "repeat" },
    done: number,
    below: Frame,
    found: Set<Frame>,
    depth: number,
  ): void {
    const { min, max } = part;
    if (done >= min) this.#leave(below, found, depth + 1);
    if (done >= max) return;
    // Counting on where it makes no difference would make a new state of every repetition.
    const next = max === Infinity ? Math.min(done + 1, min) : done + 1;
    this.#enter(part.part, this.#frame(part, next, below), found, depth + 1);
  }

  /** Goes on with what waits in `frame`, now that all above it is over. */
  #leave(frame: Frame, found: Set<Frame>, depth: number): void {
    const { part, place, below } = frame;
    if (below === null) return this.#add(frame, found);
    if (part.kind === "sequence") this.#enterSequence(part, place as number, below, found, depth);
    else if (part.kind === "repeat") this.#enterRepeat(part, place as number, below, found, depth);
  }

  #add(frame: Frame, found: Set<Frame>): void {
    found.add(frame);
    if (found.size > MAX_FRAMES_PER_STATE) {
      throw tooLarge(`it leaves ${found.size} possibilities open at once`);
    }
  }

  #frame(part: Grammar, place: number | string, below: Frame): Frame {
    let places = below.above.get(part);
    if (places === undefined) below.above.set(part, places = new Map());
    let frame = places.get(place);
    if (frame === undefined) {
      frame = { id: this.#numFrames++, part, place, below, above: new Map() };
      if (frame.id > MAX_FRAMES) throw tooLarge(`it needs more than ${MAX_FRAMES} stacks`);
      places.set(place, frame);
    }
    return frame;
  }
}

function tooLarge(problem: string): ConfigError {
  return new ConfigError(
    `Cannot constrain the text: ${problem}, expected a simpler grammar`,
    "Use a smaller schema, with fewer alternatives that begin alike",
  );
}
