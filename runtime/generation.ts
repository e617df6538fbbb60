/** @file One generation, step by step: logits -> sample -> text -> stop? Its state is plain data, so that it can go on elsewhere. */
import { ConfigError } from "./errors.ts";
import type { FinishReason, ResolvedGeneration, Token } from "./generation_options.ts";
import { type SampledToken, Sampler, type SamplerState } from "./sampler.ts";
import { StopMatcher, type StopMatcherState } from "./stop_matcher.ts";
import { TextStream, type TextStreamState } from "./text_stream.ts";
import type { TextSettings } from "./text_settings.ts";
import type { TokenConstraint } from "./token_constraint.ts";

/** What a generation needs of a session. */
export interface TokenSource {
  /** Length of the logits. */
  readonly vocabSize: number;
  /** Logits of the next token, valid until the next call. */
  nextLogits(): Promise<Float32Array>;
  /**
   * The token of a sampler's step, chosen where the logits are; the sampler has still to accept it. Null: choose from the logits.
   *
   * @param most tokens that may be asked for from now on, this one counted
   */
  choose(sampler: Sampler, most: number): Promise<SampledToken | null>;
  /** Takes the chosen token into the sequence; it passes through the network when the next logits are asked for. */
  accept(id: number): void;
}

/** All that a generation remembers between two tokens. */
export interface GenerationState {
  /** Tokens generated so far. */
  readonly index: number;
  readonly sampler: SamplerState;
  readonly matcher: StopMatcherState;
  /** Null without a tokenizer. */
  readonly stream: TextStreamState | null;
  /** Whether a constraint limits the tokens, which is code and stays behind. */
  readonly isConstrained: boolean;
}

/** One step's outcome. */
export interface GenerationStep {
  readonly token: Token;
  /** Why this token is the last one; null: it is not. */
  readonly finished: { readonly reason: FinishReason; readonly stop?: string } | null;
}

/** Generates one token a call. */
export class Generation {
  /** The checked options. */
  readonly options: ResolvedGeneration;
  /** Limits the tokens; null: nothing does. No part of {@linkcode Generation.state}: who goes on elsewhere sets it again. */
  constraint: TokenConstraint | null;
  readonly #eosTokenIds: readonly number[];
  readonly #sampler: Sampler;
  readonly #stream: TextStream | null;
  readonly #matcher: StopMatcher;
  readonly #wasConstrained: boolean;
  #index: number;
  #isFinished = false;

  /**
   * @param history the tokens before, which penalties look at
   * @param state where to go on; it replaces the history
   * @throws {ConfigError} for a stop string that cannot be matched, or a state of other options
   */
  constructor(
    { tokenizer, eosTokenIds }: TextSettings,
    options: ResolvedGeneration,
    vocabSize: number,
    history: readonly number[],
    state?: GenerationState,
  ) {
    this.options = options;
    this.constraint = options.constraint ?? null;
    this.#eosTokenIds = eosTokenIds;
    this.#sampler = new Sampler(options.sampling, vocabSize, state?.sampler);
    this.#matcher = new StopMatcher(options.stop, state?.matcher);
    this.#wasConstrained = state?.isConstrained ?? false;
    this.#index = state?.index ?? 0;
    if (state === undefined) this.#sampler.observe(history);
    if (tokenizer === null) {
      this.#stream = null;
      return;
    }
    const { detokenizer } = tokenizer;
    const continuation = history.some((id) => !detokenizer.isSpecial(id));
    this.#stream = new TextStream(detokenizer, { continuation }, state?.stream ?? undefined);
  }

  /** Whether it cannot go on for want of the constraint that it had elsewhere. */
  get lacksConstraint(): boolean {
    return this.#wasConstrained && this.constraint === null;
  }

  /** Whether the last token is there, so that nothing is left to go on with. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** What has to be kept to go on later, a copy. */
  get state(): GenerationState {
    return {
      index: this.#index,
      sampler: this.#sampler.state,
      matcher: this.#matcher.state,
      stream: this.#stream?.state ?? null,
      isConstrained: this.#wasConstrained || this.constraint !== null,
    };
  }

  /**
   * Generates the next token. Its text is what became certain with it; at the last token, all that is left.
   *
   * @throws {KernelError} for logits that are no numbers
   * @throws {ConfigError} where no token is allowed
   */
  async step(source: TokenSource): Promise<GenerationStep> {
    const sampled = await this.#choose(source);
    this.#sampler.accept(sampled.id);
    const index = this.#index++;
    const ended = this.#eosTokenIds.includes(sampled.id);
    if (!ended) source.accept(sampled.id);
    this.constraint?.accept(sampled.id);
    const complete = ended || (this.constraint?.isFinished ?? false);
    const last = complete || index + 1 >= this.options.maxTokens;
    const match = this.#matcher.push(this.#decode(sampled.id, ended, last));
    const text = match.text + (last && match.stop === null ? this.#matcher.flush() : "");
    const token = { ...sampled, text, index };
    this.#isFinished = last || match.stop !== null;
    if (match.stop !== null) return { token, finished: { reason: "stop", stop: match.stop } };
    return { token, finished: last ? { reason: complete ? "eos" : "length" } : null };
  }

  /** The next token. Nothing but the source has changed when it is there, so that a snapshot on the way holds whole tokens. */
  async #choose(source: TokenSource): Promise<SampledToken> {
    const chosen = this.constraint === null
      ? await source.choose(this.#sampler, this.options.maxTokens - this.#index)
      : null;
    return chosen ?? this.#sampler.pick(this.#constrain(await source.nextLogits()));
  }

  #constrain(logits: Float32Array): Float32Array {
    if (this.constraint === null) return logits;
    const constrained = logits.slice(); // the backend's own are not ours to change
    this.constraint.constrain(constrained);
    return constrained;
  }

  #decode(id: number, ended: boolean, last: boolean): string {
    if (this.#stream === null) return "";
    return (ended ? "" : this.#stream.push(id)) + (last ? this.#stream.flush() : "");
  }
}

/**
 * The interrupted generation, with the constraint that it goes on with.
 *
 * @throws {ConfigError} where there is no generation, or it had a constraint and is given none
 */
export function requireResumable(interrupted: Generation | null, constraint?: TokenConstraint): Generation {
  if (interrupted === null) {
    throw new ConfigError(
      "Cannot resume: no generation was interrupted, expected one",
      "Call generate() instead",
    );
  }
  if (constraint !== undefined) interrupted.constraint = constraint;
  if (!interrupted.lacksConstraint) return interrupted;
  throw new ConfigError(
    "Cannot resume: the generation had a constraint, which snapshots do not keep, expected one",
    "Give resume() a constraint that has accepted the generation's tokens so far",
  );
}
