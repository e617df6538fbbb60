/** @file Loads the model that the flags name, with a bar where someone waits for it. */
import type { Model } from "../runtime/model.ts";
import { loadOptions, type ModelFlags } from "./model_flags.ts";
import { errorIsTerminal } from "./terminal.ts";

/** Loads the model of --model, or the default one. An aborted signal throws its reason. */
export async function openModel(flags: ModelFlags, signal: AbortSignal): Promise<Model> {
  const { loadModel } = await import("../runtime/load_model.ts");
  const options = loadOptions(flags, signal);
  if (flags.model === undefined) return await loadModel(undefined, options);
  const { Download } = await import("./download.ts");
  using download = await Download.prepare(flags.model);
  if (!errorIsTerminal()) return await loadModel(flags.model, { ...options, download: download.options });
  const { openProgress } = await import("./progress.ts");
  using progress = openProgress("loading");
  return await loadModel(flags.model, {
    ...options,
    download: download.options,
    onProgress: ({ loadedBytes, totalBytes }) => progress.update(loadedBytes, totalBytes),
  });
}
