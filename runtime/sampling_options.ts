/** @file What a caller may ask of sampling, and the checked, complete form of it that samplers work with. */

import { ConfigError } from "./errors.ts";
import { MAX_SEED, randomSeed } from "./random.ts";

/** How the next token is chosen from the logits. Everything is optional. */
export interface SamplingOptions {
  /** 0 picks the most probable token (greedy); else 0.001 to 100, dividing the logits. @default {0.8} */
  temperature?: number;
  /** Keep the k most probable tokens, and those as probable as the k-th; 0 keeps all. @default {0} */
  topK?: number;
  /** Keep the smallest set of most probable tokens whose probabilities sum to this, 0 to 1; 1 keeps all. @default {0.95} */
  topP?: number;
  /** Keep tokens at least this fraction (0 to 1) as probable as the best; 0 keeps all. @default {0} */
  minP?: number;
  /** Divides positive and multiplies negative logits of tokens in the window, 0.01 to 100; 1 is off. @default {1} */
  repetitionPenalty?: number;
  /** Subtracted once from the logit of every token in the window, -100 to 100. @default {0} */
  presencePenalty?: number;
  /** Subtracted from a token's logit for each time that it stands in the window, -100 to 100. @default {0} */
  frequencyPenalty?: number;
  /** Last tokens, of prompt and answer together, that the three penalties look at, 0 to 1,000,000. @default {64} */
  penaltyWindow?: number;
  /** Added to the raw logit of a token id; finite, or -Infinity to forbid the token. @default {{}} */
  logitBias?: Readonly<Record<number, number>>;
  /** Integer from 0 to 2^53 - 1. Same seed, same logits: same tokens. Left out: drawn at random, and reported. */
  seed?: number;
  /** Report the log-probability of the chosen token and of this many best ones, 0 to 20. Left out: none. */
  logprobs?: number;
}

/** {@link SamplingOptions} checked and completed. */
export interface ResolvedSampling {
  /** 0: greedy. */
  readonly temperature: number;
  /** 0: all. */
  readonly topK: number;
  /** 1: all. */
  readonly topP: number;
  /** 0: all. */
  readonly minP: number;
  /** 1: none. */
  readonly repetitionPenalty: number;
  /** 0: none. */
  readonly presencePenalty: number;
  /** 0: none. */
  readonly frequencyPenalty: number;
  /** In tokens. */
  readonly penaltyWindow: number;
  /** `[id, bias]`, by rising id. */
  readonly logitBias: readonly (readonly [id: number, bias: number])[];
  /** Drawn at random when none was given. */
  readonly seed: number;
  /** Number of best tokens to report beside the chosen one; undefined: no log-probabilities at all. */
  readonly logprobs?: number;
}

interface Range {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
}

const RANGES = {
  temperature: { fallback: 0.8, min: 0, max: 100 },
  topK: { fallback: 0, min: 0, max: 2 ** 31 - 1, integer: true },
  topP: { fallback: 0.95, min: 0, max: 1 },
  minP: { fallback: 0, min: 0, max: 1 },
  repetitionPenalty: { fallback: 1, min: 0.01, max: 100 },
  presencePenalty: { fallback: 0, min: -100, max: 100 },
  frequencyPenalty: { fallback: 0, min: -100, max: 100 },
  penaltyWindow: { fallback: 64, min: 0, max: 1_000_000, integer: true },
  seed: { fallback: 0, min: 0, max: MAX_SEED, integer: true },
  logprobs: { fallback: 0, min: 0, max: 20, integer: true },
} as const satisfies Record<string, Range>;

/** Names of the options that {@link resolveSampling} knows, so that callers can tell them from their own. */
export const SAMPLING_OPTION_NAMES: readonly string[] = [...Object.keys(RANGES), "logitBias"];

/** Below this a temperature's inverse, times a logit, would leave f32's exact neighbourhood of greedy. */
const MIN_TEMPERATURE = 0.001;

function invalid(name: string, value: unknown, expected: string): ConfigError {
  return new ConfigError(
    `Cannot use sampling option "${name}": it is ${describe(value)}, expected ${expected}`,
    `Give "${name}" a value in that range, or leave it out for its default`,
  );
}

function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 40 ? value.slice(0, 40) + "..." : value);
  }
  return typeof value === "number" || typeof value === "boolean" || value === null
    ? String(value)
    : typeof value;
}

function numberOption(options: Readonly<Record<string, unknown>>, name: keyof typeof RANGES): number {
  const value = options[name];
  const { fallback, min, max, integer }: Range = RANGES[name];
  if (value === undefined) return fallback;
  const fits = typeof value === "number" && value >= min && value <= max &&
    (!integer || Number.isInteger(value));
  if (!fits) throw invalid(name, value, `${integer ? "an integer" : "a number"} from ${min} to ${max}`);
  return value;
}

function temperatureOption(options: Readonly<Record<string, unknown>>): number {
  const value = numberOption(options, "temperature");
  if (value !== 0 && value < MIN_TEMPERATURE) {
    throw invalid("temperature", value, `0 (greedy) or a number from ${MIN_TEMPERATURE} to 100`);
  }
  return value;
}

function logitBiasOption(value: unknown, vocabSize: number): [number, number][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("logitBias", value, "an object from token id to number");
  }
  return Object.entries(value).map(([key, bias]): [number, number] => {
    const id = Number(key);
    if (!/^\d{1,10}$/.test(key) || id >= vocabSize) {
      throw invalid("logitBias", key, `token ids from 0 to ${vocabSize - 1} as keys`);
    }
    const fits = typeof bias === "number" && (bias === -Infinity || Math.abs(bias) <= 1e6);
    if (!fits) throw invalid(`logitBias[${id}]`, bias, "a number from -1000000 to 1000000, or -Infinity");
    return [id, bias];
  }).sort((a, b) => a[0] - b[0]);
}

/**
 * Checks sampling options and fills in the defaults; draws a seed if there is none.
 *
 * @param options what the caller asked for
 * @param vocabSize number of token ids that the model knows; bounds the keys of `logitBias`
 * @throws {ConfigError} for an unknown option, a wrong type or a number out of range
 */
export function resolveSampling(
  options: SamplingOptions = {},
  vocabSize: number = 2 ** 31,
): ResolvedSampling {
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const name of Object.keys(given)) {
    if (!SAMPLING_OPTION_NAMES.includes(name)) {
      throw new ConfigError(
        `Cannot use sampling option "${name}": it is unknown, expected one of ${
          SAMPLING_OPTION_NAMES.join(", ")
        }`,
        "Check the spelling; option names are in camelCase",
      );
    }
  }
  return {
    temperature: temperatureOption(given),
    topK: numberOption(given, "topK"),
    topP: numberOption(given, "topP"),
    minP: numberOption(given, "minP"),
    repetitionPenalty: numberOption(given, "repetitionPenalty"),
    presencePenalty: numberOption(given, "presencePenalty"),
    frequencyPenalty: numberOption(given, "frequencyPenalty"),
    penaltyWindow: numberOption(given, "penaltyWindow"),
    logitBias: logitBiasOption(given.logitBias, vocabSize),
    seed: given.seed === undefined ? randomSeed() : numberOption(given, "seed"),
    logprobs: given.logprobs === undefined ? undefined : numberOption(given, "logprobs"),
  };
}
