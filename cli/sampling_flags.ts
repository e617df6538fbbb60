/** @file The flags that say how text is generated. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { ConfigError } from "../runtime/errors.ts";
import type { GenerateOptions } from "../runtime/generation_options.ts";

/** Values of the flags of {@linkcode addSamplingFlags}: {@linkcode GenerateOptions} and --greedy. */
export interface SamplingFlags extends Omit<GenerateOptions, "stop" | "signal"> {
  readonly stop?: readonly string[];
  readonly greedy?: boolean;
}

/** Adds --max-tokens, --greedy, --temperature, --top-k and their kin. Defaults are those of {@linkcode GenerateOptions}. */
export function addSamplingFlags(command: Command): Command {
  const number = (flags: string, description: string): Option =>
    new Option(flags, description).argParser(parseNumber);
  return command
    .addOption(number("-n, --max-tokens <n>", "generate at most this many [512]"))
    .addOption(new Option("--greedy", "always take the most probable token").conflicts("temperature"))
    .addOption(number("--temperature <t>", "0 is greedy, higher is wilder [0.8]"))
    .addOption(number("--top-k <k>", "only the k most probable tokens; 0 is off [0]"))
    .addOption(number("--top-p <p>", "the fewest tokens of this joint probability [0.95]"))
    .addOption(number("--min-p <p>", "tokens this probable, relative to the best [0]"))
    .addOption(number("--repetition-penalty <r>", "divides logits of recent tokens [1]"))
    .addOption(number("--presence-penalty <x>", "subtracted if the token is recent [0]"))
    .addOption(number("--frequency-penalty <x>", "subtracted each time that it is [0]"))
    .addOption(number("--seed <n>", "same seed, same text [drawn, and reported]"))
    .addOption(new Option("--stop <text>", "ends before this text; may be repeated").argParser(collect));
}

/**
 * The options that these flags ask for, checked.
 *
 * Ends the program with a usage error where one is out of range.
 */
export async function generateOptions(flags: SamplingFlags, command: Command): Promise<GenerateOptions> {
  const { greedy, stop, maxTokens, temperature, topK, topP, minP, seed, logprobs } = flags;
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = flags;
  const options: GenerateOptions = {
    ...{ maxTokens, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed, logprobs },
    temperature: greedy ? 0 : temperature,
    stop,
  };
  const { resolveGeneration } = await import("../runtime/generation_options.ts");
  try {
    resolveGeneration(options, Infinity);
  } catch (error) {
    if (error instanceof ConfigError) command.error(`error: ${inFlags(error.message)}`);
    throw error;
  }
  return options;
}

/** `sampling option "topP"` -> `--top-p`. */
function inFlags(message: string): string {
  const toKebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return message.replace(/(?:sampling )?option "(\w+)"/, (_, name: string) => `--${toKebab(name)}`);
}

/** A number as people write it: no hexadecimal, no empty text. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (/^[-+]?[\d.]/.test(text) && !/^[-+]?0[a-z]/i.test(text) && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a number.");
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
