/** @file The outer story: logits -> sample -> text -> stop? -> the caller, token by token. */
import { ConfigError, TokenizerError } from "./errors.ts";
import type { EventLoopTurns } from "./event_loop.ts";
import type { TokenLogprob } from "./logprobs.ts";
import { Sampler } from "./sampler.ts";
import { type ResolvedSampling, resolveSampling, type SamplingOptions } from "./sampling_options.ts";
import { StopMatcher } from "./stop_matcher.ts";
import { TextStream } from "./text_stream.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** How to generate. Everything is optional. */
export interface GenerateOptions extends SamplingOptions {
  /** Most tokens to generate. @default {512} */
  maxTokens?: number;
  /** Strings that end the text; neither they nor any part of them is emitted. */
  stop?: string | readonly string[];
  /** Ends the generation, also during the prompt, with finish reason "abort". */
  signal?: AbortSignal;
}

/** One generated token. */
export interface Token {
  readonly id: number;
  /** Text that became certain with this token; empty while a character or a possible stop string is incomplete. */
  readonly text: string;
  /** Natural log of its probability, where `logprobs` asks for it. */
  readonly logprob?: number;
  /** The most probable tokens, best first, where `logprobs` asks for them. */
  readonly topLogprobs?: readonly TokenLogprob[];
  /** Counts from 0 in each generation. */
  readonly index: number;
}

/** Why a generation ended: a stop string, maxTokens, the end-of-text token, or an aborted signal. */
export type FinishReason = "stop" | "length" | "eos" | "abort";

/** What an ended generation returns. */
export interface GenerationSummary {
  readonly finishReason: FinishReason;
  /** The stop string that was met. */
  readonly stop?: string;
  /** Tokens appended since the generation before this one. */
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** Milliseconds that the prompt and the first token took; null without a token. */
  readonly timeToFirstTokenMs: number | null;
  readonly prefillTokensPerSecond: number | null;
  /** Rate after the first token. */
  readonly decodeTokensPerSecond: number | null;
  /** Bytes of the session's state at the end. */
  readonly stateBytes: number;
  /** The seed that was used, given or drawn. */
  readonly seed: number;
}

/** {@linkcode GenerateOptions}, checked and completed. */
export interface ResolvedGeneration {
  readonly sampling: ResolvedSampling;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly signal?: AbortSignal;
}

/** What a generation needs of a session. */
export interface TokenSource {
  readonly vocabSize: number;
  /** Logits of the next token, valid until the next call. */
  nextLogits(): Promise<Float32Array>;
  /** Takes the chosen token into the sequence; it passes through the network when the next logits are asked for. */
  accept(id: number): void;
  /** Tokens before this generation that penalties look at. */
  readonly history: readonly number[];
  readonly stateBytes: number;
}

/** How the prompt of a generation went. */
export interface PromptTiming {
  readonly tokens: number;
  readonly milliseconds: number;
}

/** How token ids become text, and which of them end it. */
export interface TextSettings {
  /** Null: the checkpoint has none; ids go in and come out, text is empty. */
  readonly tokenizer: Tokenizer | null;
  readonly eosTokenIds: readonly number[];
}

/**
 * The tokenizer.
 *
 * @throws {TokenizerError} where the checkpoint has none
 */
export function requireTokenizer({ tokenizer }: TextSettings): Tokenizer {
  if (tokenizer !== null) return tokenizer;
  throw new TokenizerError(
    "Cannot use text: the checkpoint has no tokenizer.json, expected one beside config.json",
    "Add the tokenizer.json of this model, or give token ids",
  );
}

const MAX_TOKENS = 2 ** 31 - 1;

/**
 * Checks the options of a generation and fills in the defaults.
 *
 * @throws {ConfigError} for an unknown option, a wrong type or a number out of range
 */
export function resolveGeneration(options: GenerateOptions, vocabSize: number): ResolvedGeneration {
  const { maxTokens = 512, stop = [], signal, ...sampling } = options;
  if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > MAX_TOKENS) {
    throw new ConfigError(
      `Cannot use option "maxTokens": it is ${
        String(maxTokens)
      }, expected an integer from 1 to ${MAX_TOKENS}`,
      'Give "maxTokens" a value in that range',
    );
  }
  const stops = typeof stop === "string" ? [stop] : stop;
  if (!Array.isArray(stops) || stops.some((text) => typeof text !== "string")) {
    throw new ConfigError(
      'Cannot use option "stop": expected a string or strings',
      'Give "stop" a list of strings',
    );
  }
  return { sampling: resolveSampling(sampling, vocabSize), maxTokens, stop: stops, signal };
}

/** Generates until something ends it. Leaving the loop early leaves the sequence as far as it was emitted. */
export async function* generateTokens(
  source: TokenSource,
  { tokenizer, eosTokenIds }: TextSettings,
  { sampling, maxTokens, stop, signal }: ResolvedGeneration,
  prompt: PromptTiming,
  turns: EventLoopTurns,
): AsyncGenerator<Token, GenerationSummary> {
  const sampler = new Sampler(sampling, source.vocabSize);
  const stream = tokenizer === null ? null : new TextStream(tokenizer.detokenizer, {
    continuation: source.history.some((id) => !tokenizer.detokenizer.isSpecial(id)),
  });
  const matcher = new StopMatcher(stop);
  const clock = new GenerationClock(prompt);
  const finish = (finishReason: FinishReason, stop?: string): GenerationSummary => ({
    finishReason,
    ...(stop === undefined ? {} : { stop }),
    ...clock.summary(),
    stateBytes: source.stateBytes,
    seed: sampling.seed,
  });
  sampler.observe(source.history);
  for (let index = 0; index < maxTokens; index++) {
    if (signal?.aborted) return finish("abort");
    const token = sampler.sample(await source.nextLogits());
    clock.count();
    const ended = eosTokenIds.includes(token.id);
    if (!ended) source.accept(token.id);
    const last = ended || index + 1 === maxTokens;
    const piece = stream === null ? "" : (ended ? "" : stream.push(token.id)) + (last ? stream.flush() : "");
    const match = matcher.push(piece);
    const text = match.text + (last && match.stop === null ? matcher.flush() : "");
    yield { ...token, text, index };
    if (match.stop !== null) return finish("stop", match.stop);
    if (ended) return finish("eos");
    await turns.turn();
  }
  return finish("length");
}

class GenerationClock {
  readonly #prompt: PromptTiming;
  readonly #start = performance.now();
  #first = 0;
  #latest = 0;
  #tokens = 0;

  constructor(prompt: PromptTiming) {
    this.#prompt = prompt;
  }

  count(): void {
    this.#latest = performance.now();
    if (this.#tokens++ === 0) this.#first = this.#latest;
  }

  summary(): Omit<GenerationSummary, "finishReason" | "stateBytes" | "seed"> {
    const { tokens, milliseconds } = this.#prompt;
    return {
      promptTokens: tokens,
      generatedTokens: this.#tokens,
      timeToFirstTokenMs: this.#tokens === 0 ? null : milliseconds + this.#first - this.#start,
      prefillTokensPerSecond: rate(tokens, milliseconds),
      decodeTokensPerSecond: rate(this.#tokens - 1, this.#latest - this.#first),
    };
  }
}

function rate(count: number, milliseconds: number): number | null {
  return count > 0 && milliseconds > 0 ? (1000 * count) / milliseconds : null;
}
