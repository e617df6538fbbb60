/** @file `hymba logits`: the model's raw output, for comparing backends and checking checkpoints. */
import { Command, InvalidArgumentError, Option } from "commander";
import { KernelError } from "../runtime/errors.ts";
import { Interrupt } from "./interrupt.ts";
import { addModelFlags, type ModelFlags } from "./model_flags.ts";
import { openModel } from "./open_model.ts";
import { readInput, writeOutput } from "./terminal.ts";

interface LogitsFlags extends ModelFlags {
  /** "-": they come from standard input. */
  readonly ids: readonly number[] | "-";
  readonly steps?: readonly number[];
}

/** The command and its flags. */
export function logitsCommand(): Command {
  const command = new Command("logits").description(
    "Prints one JSON array of logits a line, a line for every id, in full float32 precision.",
  );
  return addModelFlags(command)
    .addOption(
      new Option("--ids <ids>", "ids of the prompt, as in 1,2,3; -: from standard input")
        .argParser((text) => text === "-" ? text : parseIds(text)).makeOptionMandatory(),
    )
    .addOption(
      new Option("--steps <ids>", "ids that follow one by one, as generated ones do").argParser(parseIds),
    )
    .action((flags: LogitsFlags) => printLogits(flags, command));
}

async function printLogits({ ids, steps, ...flags }: LogitsFlags, command: Command): Promise<void> {
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const prompt = ids === "-" ? await readIds(command, signal) : ids;
  await using model = await openModel(flags, signal);
  const { vocabSize } = model.config;
  const logits = await model.logits(prompt, { steps, signal });
  for (let start = 0; start < logits.length; start += vocabSize) {
    await writeOutput(`${formatRow(logits.subarray(start, start + vocabSize), start / vocabSize)}\n`);
  }
}

/** JSON numbers that read back as the same float32; JSON has no spelling for others. */
function formatRow(row: Float32Array, index: number): string {
  if (row.every(Number.isFinite)) return JSON.stringify(Array.from(row));
  throw new KernelError(
    `Cannot print the logits after token ${index}: some are not finite, expected numbers`,
    "Try --backend reference; if it gives the same, the checkpoint's weights are at fault",
  );
}

async function readIds(command: Command, signal: AbortSignal): Promise<number[]> {
  try {
    return parseIds(await readInput(signal));
  } catch (error) {
    if (error instanceof InvalidArgumentError) command.error(`error: standard input: ${error.message}`);
    throw error;
  }
}

/** `1,2,3`, or nothing; spaces and line ends do no harm. */
function parseIds(text: string): number[] {
  if (text.trim() === "") return [];
  return text.trim().split(",").map((item) => {
    const id = item.trim();
    if (/^\d{1,9}$/.test(id)) return Number(id);
    throw new InvalidArgumentError(`Expected token ids as in 1,2,3, not "${id.slice(0, 40)}".`);
  });
}
