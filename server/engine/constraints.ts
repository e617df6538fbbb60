/** @file Response formats -> constraints for one model's vocabulary. */
import type { Model } from "../../runtime/model.ts";
import type { TokenConstraint } from "../../runtime/token_constraint.ts";
import type { Grammar } from "../constraint/grammar.ts";
import { freeObjectGrammar } from "../constraint/json_grammar.ts";
import { schemaGrammar } from "../constraint/json_schema.ts";
import { GrammarConstraint } from "../constraint/token_constraint.ts";
import { TokenTrie } from "../constraint/token_trie.ts";
import type { ResponseFormat } from "./engine.ts";

/** Makes a constraint for one sequence. */
export type ConstraintMaker = () => TokenConstraint | undefined;

/** Makes constraints; the vocabulary is laid out when the first one is asked for. */
export class Constraints {
  readonly #model: Model;
  #trie: TokenTrie | null = null;

  constructor(model: Model) {
    this.#model = model;
  }

  /**
   * A maker of constraints for a format.
   *
   * @throws {ConfigError} for a schema that cannot be followed
   */
  forFormat(format: ResponseFormat): ConstraintMaker {
    switch (format.kind) {
      case "text":
        return () => undefined;
      case "json":
        return this.#maker(freeObjectGrammar());
      case "schema":
        return this.#maker(schemaGrammar(format.schema));
      default:
        throw format satisfies never;
    }
  }

  #maker(grammar: Grammar): ConstraintMaker {
    const model = this.#model;
    const bytes = (id: number): Uint8Array => model.tokenBytes(id);
    const trie = this.#trie ??= new TokenTrie({ vocabSize: model.config.vocabSize, bytes });
    const make = (): TokenConstraint => new GrammarConstraint(grammar, trie, bytes, model.eosTokenIds);
    make(); // a grammar that is too large fails here, before anything runs
    return make;
  }
}
