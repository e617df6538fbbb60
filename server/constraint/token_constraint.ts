/** @file Keeps a generated text within a grammar, token by token. */
import { ConfigError } from "../../runtime/errors.ts";
import type { TokenConstraint } from "../../runtime/token_constraint.ts";
import type { Grammar } from "./grammar.ts";
import { Recognizer, type RecognizerState } from "./recognizer.ts";
import type { TokenTrie } from "./token_trie.ts";

/** Allows the tokens that keep the text within a grammar, and those that end it where the text is whole. */
export class GrammarConstraint implements TokenConstraint {
  readonly #trie: TokenTrie;
  readonly #bytes: (id: number) => Uint8Array;
  readonly #eosTokenIds: readonly number[];
  readonly #recognizer: Recognizer;
  #state: RecognizerState;

  /**
   * @param trie the vocabulary
   * @param bytes bytes of a token, as the trie has them
   * @param eosTokenIds tokens that end the text
   * @throws {ConfigError} for a grammar that leaves too many possibilities open
   */
  constructor(
    grammar: Grammar,
    trie: TokenTrie,
    bytes: (id: number) => Uint8Array,
    eosTokenIds: readonly number[],
  ) {
    this.#recognizer = new Recognizer(grammar);
    this.#state = this.#recognizer.start;
    this.#trie = trie;
    this.#bytes = bytes;
    this.#eosTokenIds = eosTokenIds;
  }

  /** True once the text is whole and nothing can follow. */
  get isFinished(): boolean {
    return this.#state.isClosed;
  }

  /**
   * Sets the logits of tokens that do not fit to -Infinity.
   *
   * @throws {ConfigError} where no token fits
   */
  constrain(logits: Float32Array): void {
    const mask = this.#trie.mask(this.#recognizer, this.#state);
    const endings = this.#state.isComplete ? this.#eosTokenIds.map((id) => [id, logits[id]] as const) : [];
    let allowed = endings.length;
    for (let id = 0; id < logits.length; id++) {
      if (mask[id] === 1) allowed++;
      else logits[id] = -Infinity;
    }
    for (const [id, logit] of endings) logits[id] = logit;
    if (allowed > 0) return;
    throw new ConfigError(
      "Cannot continue the constrained text: no token of the vocabulary fits, expected at least one",
      "Use a simpler schema",
    );
  }

  /**
   * Goes on behind a chosen token.
   *
   * @throws {ConfigError} for a token that was not allowed
   */
  accept(id: number): void {
    if (this.#eosTokenIds.includes(id)) return;
    for (const byte of this.#bytes(id)) {
      const next = this.#recognizer.advance(this.#state, byte);
      if (next === null) {
        throw new ConfigError(
          `Cannot follow token ${id}: it leaves the grammar, expected one that was allowed`,
          "Choose tokens from the constrained logits",
        );
      }
      this.#state = next;
    }
  }
}
