/** @file The vocabulary as a tree of bytes, so that tokens that begin alike are looked at once. */
import type { Recognizer, RecognizerState } from "./recognizer.ts";

/** What the trie needs to know of a vocabulary. */
export interface TokenBytes {
  /** Number of token ids. */
  readonly vocabSize: number;
  /** Bytes that an id adds to the text; none for control tokens. */
  bytes(id: number): Uint8Array;
}

const NONE = -1;

/** Every token's bytes. Node 0 is the root; a node's children are a linked list. */
export class TokenTrie {
  /** Number of token ids. */
  readonly vocabSize: number;
  readonly #byte: number[] = [0];
  readonly #firstChild: number[] = [NONE];
  readonly #sibling: number[] = [NONE];
  /** The tokens that end here. */
  readonly #ids: number[][] = [[]];
  readonly #masks = new WeakMap<RecognizerState, Uint8Array>();

  constructor(tokens: TokenBytes) {
    this.vocabSize = tokens.vocabSize;
    for (let id = 0; id < tokens.vocabSize; id++) {
      const bytes = tokens.bytes(id);
      if (bytes.length > 0) this.#insert(id, bytes);
    }
  }

  /**
   * `[vocabSize]`: 1 for every token all of whose bytes fit from here on, else 0. To be read only.
   *
   * @throws {ConfigError} for a grammar that leaves too many possibilities open
   */
  mask(recognizer: Recognizer, state: RecognizerState): Uint8Array {
    let mask = this.#masks.get(state);
    if (mask === undefined) {
      mask = new Uint8Array(this.vocabSize);
      this.#walk(recognizer, state, 0, mask);
      this.#masks.set(state, mask);
    }
    return mask;
  }

  #walk(recognizer: Recognizer, state: RecognizerState, node: number, mask: Uint8Array): void {
    for (let child = this.#firstChild[node]; child !== NONE; child = this.#sibling[child]) {
      const next = recognizer.advance(state, this.#byte[child]);
      if (next === null) continue;
      for (const id of this.#ids[child]) mask[id] = 1;
      this.#walk(recognizer, next, child, mask);
    }
  }

  #insert(id: number, bytes: Uint8Array): void {
    let node = 0;
    for (const byte of bytes) node = this.#child(node, byte) ?? this.#addChild(node, byte);
    this.#ids[node].push(id);
  }

  #child(node: number, byte: number): number | undefined {
    let child = this.#firstChild[node];
    while (child !== NONE && this.#byte[child] !== byte) child = this.#sibling[child];
    return child === NONE ? undefined : child;
  }

  #addChild(node: number, byte: number): number {
    const child = this.#byte.push(byte) - 1;
    this.#firstChild.push(NONE);
    this.#sibling.push(this.#firstChild[node]);
    this.#ids.push([]);
    this.#firstChild[node] = child;
    return child;
  }
}
