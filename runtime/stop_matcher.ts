/**
 * @file Finds stop strings in streamed text and lets through only what can no longer be part of one.
 *
 * An Aho-Corasick automaton (Aho, Corasick: "Efficient string matching", CACM 18(6), 1975) over UTF-16 units: its state
 * is the longest end of the text that begins a stop string. Exactly that end is held back, and it is known from the state
 * alone, so a push costs time in proportion to its piece, whatever the stop strings are.
 */

import { ConfigError } from "./errors.ts";

/** What {@link StopMatcher.push} let through. */
export interface StopResult {
  /** Text that can no longer be part of a stop string. */
  readonly text: string;
  /** The stop string that was found, after which nothing more comes; null while there is none. */
  readonly stop: string | null;
}

/** A matcher's memory as plain data. */
export interface StopMatcherState {
  /** Text held back because it may begin a stop string. */
  readonly held: string;
}

const MAX_STOP_UNITS = 65_536;
const ROOT = 0;

/**
 * The stop that ends first in the text wins; of several ending at the same place, the longest. So the result does not
 * depend on how the text is cut into pieces: stops ["abcd", "bc"] cut "xabcd" after "xa", one piece or five.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  /** `node * 65536 + unit` -> child node. Nodes are numbered from the root, 0. */
  readonly #children = new Map<number, number>();
  readonly #depth: number[] = [0];
  /** Some stop string that the node is a beginning of: the node spells its first `#depth` units. */
  readonly #owner: number[] = [-1];
  /** Node that spells the longest proper end of this node's text. */
  readonly #fail: number[] = [ROOT];
  /** Longest stop string that ends at the node, or -1. */
  readonly #match: number[] = [-1];
  #node = ROOT;
  #found: string | null = null;

  /**
   * A matcher at the beginning of a text, or going on from a state.
   *
   * @param stops the stop strings; none is fine, doubles are fine
   * @param state where to go on
   * @throws {ConfigError} for an empty or ill-formed stop string (a lone surrogate never occurs in text), more than
   * 65,536 UTF-16 units in all, or a state that belongs to other stop strings
   */
  constructor(stops: readonly string[], state?: StopMatcherState) {
    checkStops(stops);
    this.#stops = [...stops];
    this.#stops.forEach((stop, index) => this.#insert(stop, index));
    this.#linkFailures();
    if (state === undefined) return;
    this.#node = this.#walk(state.held);
    if (this.held !== state.held) {
      throw new ConfigError(
        `Cannot restore the stop matcher: it held ${
          JSON.stringify(state.held)
        }, expected the beginning of a stop string`,
        "Restore with the stop strings that the state was kept with",
      );
    }
  }

  /** Text held back because it may begin a stop string. */
  get held(): string {
    return this.#spelled(this.#node);
  }

  /** What has to be kept to go on later. */
  get state(): StopMatcherState {
    return { held: this.held };
  }

  /** Takes the next piece of text. After a stop was found, nothing more is let through. */
  push(piece: string): StopResult {
    if (this.#found !== null) return { text: "", stop: this.#found };
    const before = this.held;
    let node = this.#node;
    for (let i = 0; i < piece.length; i++) {
      node = this.#next(node, piece.charCodeAt(i));
      const match = this.#match[node];
      if (match >= 0) {
        const stop = this.#stops[match];
        this.#node = ROOT;
        this.#found = stop;
        return { text: beginning(before, piece, before.length + i + 1 - stop.length), stop };
      }
    }
    this.#node = node;
    return { text: beginning(before, piece, before.length + piece.length - this.#depth[node]), stop: null };
  }

  /** Lets the held text go: the text ended without a stop string. */
  flush(): string {
    const text = this.held;
    this.#node = ROOT;
    return text;
  }

  #spelled(node: number): string {
    return node === ROOT ? "" : this.#stops[this.#owner[node]].slice(0, this.#depth[node]);
  }

  #insert(stop: string, index: number): void {
    let node = ROOT;
    for (let i = 0; i < stop.length; i++) {
      const key = node * 65536 + stop.charCodeAt(i);
      let child = this.#children.get(key);
      if (child === undefined) {
        child = this.#depth.length;
        this.#children.set(key, child);
        this.#depth.push(i + 1);
        this.#owner.push(index);
        this.#fail.push(ROOT);
        this.#match.push(-1);
      }
      node = child;
    }
    this.#match[node] = index;
  }

  /** Sets `#fail` level by level; each node's own fail node is shallower, so it is complete by then. */
  #linkFailures(): void {
    const edges = [...this.#children].sort((a, b) => this.#depth[a[1]] - this.#depth[b[1]]);
    for (const [key, child] of edges) {
      const parent = Math.floor(key / 65536), unit = key % 65536;
      this.#fail[child] = parent === ROOT ? ROOT : this.#next(this.#fail[parent], unit);
      if (this.#match[child] < 0) this.#match[child] = this.#match[this.#fail[child]];
    }
  }

  #next(node: number, unit: number): number {
    for (;;) {
      const child = this.#children.get(node * 65536 + unit);
      if (child !== undefined) return child;
      if (node === ROOT) return ROOT;
      node = this.#fail[node];
    }
  }

  #walk(text: string): number {
    let node = ROOT;
    for (let i = 0; i < text.length; i++) node = this.#next(node, text.charCodeAt(i));
    return node;
  }
}

/** The first `length` units of `first + second`, without joining more than is returned. */
function beginning(first: string, second: string, length: number): string {
  return length <= first.length ? first.slice(0, length) : first + second.slice(0, length - first.length);
}

function checkStops(stops: readonly string[]): void {
  let units = 0;
  for (const stop of stops) {
    if (typeof stop !== "string" || stop.length === 0 || !stop.isWellFormed()) {
      throw new ConfigError(
        `Cannot use stop string ${JSON.stringify(stop)}: it is ${
          stop === "" ? "empty" : "no well-formed string"
        }, ` +
          "expected at least one character",
        "Leave it out of the stop strings",
      );
    }
    units += stop.length;
  }
  if (units > MAX_STOP_UNITS) {
    throw new ConfigError(
      `Cannot use the stop strings: they have ${units} UTF-16 units, expected at most ${MAX_STOP_UNITS}`,
      "Give fewer or shorter stop strings",
    );
  }
}
