/** @file `hymba convert`: a published checkpoint -> one packed GGUF file that is there whole or not at all. */
import { Command, Option } from "commander";
import { lstat, open, rename, rm } from "node:fs/promises";
import type { Checkpoint } from "../runtime/checkpoint_files.ts";
import type { WindowRule } from "../runtime/config.ts";
import { type HymbaError, WeightsError } from "../runtime/errors.ts";
import type { MetaStateFile } from "../runtime/meta_state_tensors.ts";
import { WINDOW_RULES } from "../runtime/option_choices.ts";
import { WEIGHT_DTYPES, type WeightDtype } from "../runtime/tensor.ts";
import { Interrupt } from "./interrupt.ts";
import { openProgress } from "./progress.ts";
import { formatBytes } from "./sizes.ts";
import { writeError } from "./terminal.ts";

interface ConvertFlags {
  readonly quantization: WeightDtype;
  readonly windowRule?: WindowRule;
  readonly metaState?: boolean;
  readonly force?: boolean;
}

/** The command and its flags. */
export function convertCommand(): Command {
  const command = new Command("convert")
    .description(
      "Packs a checkpoint into one GGUF file: weights, config and tokenizer. Streams: memory stays small.",
    )
    .argument("<source>", "folder, URL, packed file, or ORG/NAME[@REVISION] of the hub")
    .argument("<out.gguf>", "the file to write; replaced only with --force");
  return command
    .addOption(
      new Option("--quantization <dtype>", "matrices as").choices(WEIGHT_DTYPES).default("q8_0"),
    )
    .addOption(new Option("--window-rule <rule>", "mark it in the file's config").choices(WINDOW_RULES))
    .option("--meta-state", "add the meta tokens' state: loads sooner, but the weights must fit memory now")
    .option("-f, --force", "replace the file if it is there")
    .action((source: string, out: string, flags: ConvertFlags) => {
      if (!/\.gguf$/i.test(out)) command.error(`error: "${out}" does not end in .gguf, as packed files do`);
      return convert(source, out, flags);
    });
}

async function convert(source: string, out: string, flags: ConvertFlags): Promise<void> {
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  if (!flags.force) await refuseToReplace(out);
  const { openCheckpoint } = await import("../runtime/checkpoint.ts");
  const { markWindowRule } = await import("../runtime/config.ts");
  const { Download } = await import("./download.ts");
  using download = await Download.prepare(source);
  const checkpoint = await openCheckpoint(source, { signal, download: download.options });
  try {
    const configJson = flags.windowRule
      ? markWindowRule(checkpoint.configJson, flags.windowRule)
      : checkpoint.configJson;
    const bytes = await pack({ ...checkpoint, configJson }, modelName(source), out, flags, signal);
    await writeError(`${out}: ${formatBytes(bytes)}, ${flags.quantization}\n`);
  } finally {
    await checkpoint.tensors.close();
  }
}

/** Writes beside `out` and renames at the end: a broken run leaves neither half a file nor the old one damaged. */
async function pack(
  checkpoint: Checkpoint,
  name: string,
  out: string,
  { quantization: dtype, metaState: withState, force }: ConvertFlags,
  signal: AbortSignal,
): Promise<number> {
  const { packCheckpoint } = await import("../runtime/pack_checkpoint.ts");
  const fail = (cause: unknown): never => {
    throw writeFailure(out, cause);
  };
  const temporary = `${out}.${crypto.randomUUID().slice(0, 8)}.part`;
  const file = await open(temporary, "wx").catch(fail);
  try {
    const metaState = withState ? await computeState(checkpoint, dtype, signal) : null;
    using progress = openProgress("converting");
    const bytes = await packCheckpoint(checkpoint, {
      ...{ dtype, name, metaState },
      sink: new WritableStream({
        write: (bytes) => file.writeFile(bytes).catch(fail),
        close: () => file.sync().then(() => file.close()).catch(fail),
        abort: () => file.close(),
      }),
      signal,
      onProgress: ({ writtenBytes, totalBytes }) => progress.update(writtenBytes, totalBytes),
    });
    if (!force) await refuseToReplace(out);
    await rename(temporary, out).catch(fail);
    return bytes;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // what went wrong first is what the user must hear
    throw error;
  }
}

/** The state behind the meta tokens; null where there are none. */
async function computeState(
  checkpoint: Checkpoint,
  dtype: WeightDtype,
  signal: AbortSignal,
): Promise<MetaStateFile | null> {
  const { computeMetaState } = await import("../runtime/compute_meta_state.ts");
  using progress = openProgress("loading");
  return await computeMetaState(checkpoint, {
    ...{ dtype, threads: "auto", signal },
    onProgress: ({ loadedBytes, totalBytes }) => progress.update(loadedBytes, totalBytes),
  });
}

async function refuseToReplace(out: string): Promise<void> {
  const found = await lstat(out).catch((error: { code?: string }) => {
    if (error.code === "ENOENT") return null;
    throw writeFailure(out, error);
  });
  if (found === null) return;
  throw new WeightsError(
    `Cannot write "${out}": it is already there, expected a new name`,
    "Choose another name, or replace it with --force",
  );
}

function writeFailure(path: string, cause: unknown): HymbaError {
  return new WeightsError(
    `Cannot write "${path}": ${cause instanceof Error ? cause.message : cause}, expected a writable place`,
    "Check the folder, its permissions (in Deno: --allow-write) and the free space",
    { cause },
  );
}

/** What the model is called in the file: the last part of where it came from. */
function modelName(source: string): string {
  const path = /^[a-z]+:\/\//i.test(source) ? new URL(source).pathname : source;
  const last = path.replace(/[/\\]+$/, "").split(/[/\\]/).pop() ?? "";
  return last.replace(/\.gguf$/i, "").replace(/^\.*$/, "") || "hymba";
}
