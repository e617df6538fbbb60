/** @file `hymba generate`: continues a prompt; text to standard output, statistics to standard error. */
import { Command, Option } from "commander";
import type { GenerateOptions } from "../runtime/generation_options.ts";
import type { Model } from "../runtime/model.ts";
import { drain } from "./drain.ts";
import { Interrupt } from "./interrupt.ts";
import { addModelFlags, type ModelFlags } from "./model_flags.ts";
import { openModel } from "./open_model.ts";
import { describeBackend, describeSummary } from "./report.ts";
import { addSamplingFlags, generateOptions, parseNumber, type SamplingFlags } from "./sampling_flags.ts";
import {
  errorIsTerminal,
  inputIsTerminal,
  outputIsTerminal,
  readInput,
  writeError,
  writeOutput,
} from "./terminal.ts";

interface GenerateFlags extends ModelFlags, SamplingFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Longest end of a prompt that is shown before its continuation, in UTF-16 units. */
const ECHO_LENGTH = 240;

/** How the default model begins when it is given nothing; its bare beginning-of-text token may begin a memory game as well. */
const STORY_OPENING = "Once upon a time";

/** The command and its flags. */
export function generateCommand(): Command {
  const command = new Command("generate")
    .description("Continues a prompt (an argument, or standard input); without one, tells a story.")
    .argument("[prompt]");
  return addSamplingFlags(addModelFlags(command))
    .addOption(
      new Option("--logprobs <n>", "with --json: log-probabilities, and the n best").argParser(parseNumber),
    )
    .option("--json", "one JSON line a token, then one with the summary")
    .option("-q, --quiet", "no statistics")
    .action((prompt: string | undefined, flags: GenerateFlags) => generate(prompt, flags, command));
}

async function generate(given: string | undefined, flags: GenerateFlags, command: Command): Promise<void> {
  if (flags.logprobs !== undefined && !flags.json) {
    command.error("error: --logprobs needs --json to show them");
  }
  const options = await generateOptions(flags, command);
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const asked = given ?? (inputIsTerminal() ? "" : await readInput(signal));
  const opening = asked === "" && flags.model === undefined ? STORY_OPENING : "";
  const prompt = asked + opening;
  await using model = await openModel(flags, signal);
  const quiet = flags.quiet ?? false;
  if (flags.json) await writeJson(model, prompt, { ...options, signal });
  else {
    await writeOutput(opening);
    await writeText(model, prompt, { ...options, signal }, quiet, opening === "");
  }
  signal.throwIfAborted();
}

async function writeText(
  model: Model,
  prompt: string,
  options: GenerateOptions,
  quiet: boolean,
  echo: boolean,
): Promise<void> {
  const watched = outputIsTerminal() && errorIsTerminal();
  if (watched && echo && !quiet) {
    await writeError(prompt.length > ECHO_LENGTH ? `…${prompt.slice(-ECHO_LENGTH)}` : prompt);
  }
  const summary = await drain(model.generate(prompt, options), ({ text }) => writeOutput(text));
  if (outputIsTerminal()) await writeError("\n");
  if (!quiet) {
    await writeError(`${watched ? "\n" : ""}${describeBackend(model.backend)}${describeSummary(summary)}`);
  }
}

async function writeJson(model: Model, prompt: string, options: GenerateOptions): Promise<void> {
  const line = (value: object): Promise<void> => writeOutput(`${JSON.stringify(value)}\n`);
  const summary = await drain(
    model.generate(prompt, options),
    ({ id, text, index, ...logprobs }) => line({ id, text, index, ...logprobs }),
  );
  await line({ summary: { ...summary, backend: model.backend } });
}
