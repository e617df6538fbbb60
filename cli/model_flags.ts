/** @file The flags that say which model runs, and how. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { WindowRule } from "../runtime/config.ts";
import type { LoadOptions } from "../runtime/load_model.ts";
import type { BackendChoice } from "../runtime/open_backend.ts";
import { KV_DTYPES, WINDOW_RULES } from "../runtime/option_choices.ts";
import type { KvDtype } from "../runtime/state_layout.ts";
import { WEIGHT_DTYPES, type WeightDtype } from "../runtime/tensor.ts";

/** Values of the flags of {@linkcode addModelFlags}. */
export interface ModelFlags {
  readonly model?: string;
  readonly backend: BackendChoice;
  readonly quantization?: WeightDtype;
  readonly windowRule?: WindowRule;
  readonly kvDtype: KvDtype;
  readonly threads: number | "auto";
}

/** Where the model is; every command that runs or shows one has it. */
export const MODEL_FLAG = [
  "-m, --model <where>",
  "folder, .gguf, URL, or hub: ORG/NAME[@REVISION]",
] as const;
const BACKENDS: readonly Extract<BackendChoice, string>[] = ["auto", "webgpu", "wasm", "reference"];

/** Adds --model, --backend, --quantization, --window-rule, --kv-dtype and --threads. */
export function addModelFlags(command: Command): Command {
  return command
    .option(...MODEL_FLAG)
    .addOption(new Option("--backend <name>", "runs it").choices(BACKENDS).default("auto"))
    .addOption(new Option("--quantization <dtype>", "matrices as").choices(WEIGHT_DTYPES))
    .addOption(new Option("--window-rule <rule>", "for checkpoints without the mark").choices(WINDOW_RULES))
    .addOption(
      new Option("--kv-dtype <dtype>", "store keys and values as").choices(KV_DTYPES).default("f32"),
    )
    .addOption(
      new Option("--threads <count>", 'on the CPU, 1 to 32, or "auto"').argParser(threadCount).default(
        "auto",
      ),
    );
}

function threadCount(text: string): number | "auto" {
  if (text === "auto" || /^[1-9]\d?$/.test(text)) return text === "auto" ? text : Number(text);
  throw new InvalidArgumentError('Expected "auto" or an integer from 1 to 32.');
}

/** What {@linkcode loadModel} is to do with these flags. */
export function loadOptions(flags: ModelFlags, signal?: AbortSignal): LoadOptions {
  const { backend, quantization, windowRule, kvDtype, threads } = flags;
  return { backend, quantization, windowRule, kvDtype, threads, signal };
}
