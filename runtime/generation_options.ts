/** @file What a caller may ask of a generation, and what it gets: options, tokens, summary. */
import type { BackendChange } from "./backend_report.ts";
import { ConfigError } from "./errors.ts";
import type { TokenLogprob } from "./logprobs.ts";
import type { TokenConstraint } from "./token_constraint.ts";
import { type ResolvedSampling, resolveSampling, type SamplingOptions } from "./sampling_options.ts";

/** How to generate. Everything is optional. */
export interface GenerateOptions extends SamplingOptions {
  /** Most tokens to generate. @default {512} */
  maxTokens?: number;
  /** Strings that end the text; neither they nor any part of them is emitted. */
  stop?: string | readonly string[];
  /** Limits which tokens may come, such as to JSON; log-probabilities are then among the tokens that it allows. */
  constraint?: TokenConstraint;
  /** Ends the generation, also during the prompt, with finish reason "abort". */
  signal?: AbortSignal;
}

/** One generated token. */
export interface Token {
  /** Its number in the vocabulary. */
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

/** Why a generation ended: a stop string, maxTokens, the end-of-text token or constraint, or an aborted signal. */
export type FinishReason = "stop" | "length" | "eos" | "abort";

/** What an ended generation returns. */
export interface GenerationSummary {
  /** Why it ended. */
  readonly finishReason: FinishReason;
  /** The stop string that was met. */
  readonly stop?: string;
  /** Tokens appended since the generation before this one. */
  readonly promptTokens: number;
  /** Tokens generated. */
  readonly generatedTokens: number;
  /** Milliseconds that the prompt and the first token took; null without a token. */
  readonly timeToFirstTokenMs: number | null;
  /** Rate of the prompt; null without one. */
  readonly prefillTokensPerSecond: number | null;
  /** Rate after the first token; null without a second. */
  readonly decodeTokensPerSecond: number | null;
  /** Bytes of the session's state at the end. */
  readonly stateBytes: number;
  /** The seed that was used, given or drawn. */
  readonly seed: number;
  /** The times that its backend was lost and another went on; absent where none was. */
  readonly backendChanges?: readonly BackendChange[];
}

/** {@linkcode GenerateOptions}, checked and completed. */
export interface ResolvedGeneration {
  readonly sampling: ResolvedSampling;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly constraint?: TokenConstraint;
  readonly signal?: AbortSignal;
}

const MAX_TOKENS = 2 ** 31 - 1;

/**
 * Checks the options of a generation and fills in the defaults.
 *
 * @throws {ConfigError} for an unknown option, a wrong type or a number out of range
 */
export function resolveGeneration(options: GenerateOptions, vocabSize: number): ResolvedGeneration {
  const { maxTokens = 512, stop = [], constraint, signal, ...sampling } = options;
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
  return { sampling: resolveSampling(sampling, vocabSize), maxTokens, stop: stops, constraint, signal };
}
