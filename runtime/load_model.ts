/** @file Source -> {@linkcode Model}: checkpoint, backend, weights, tokenizer, in that order; what fails frees what was opened. */
import { openStories, STORIES_HASH } from "../models/stories/open_stories.ts";
import type { ActivationPrecision } from "./activation_precision.ts";
import type { DownloadOptions } from "./cache/download_options.ts";
import type { ChatTemplate } from "./chat.ts";
import { type CheckpointSource, openCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint_files.ts";
import { type HymbaConfig, parseConfig, type WindowRule } from "./config.ts";
import { ConfigError } from "./errors.ts";
import type { TensorFile } from "./formats/tensor_file.ts";
import { AS_STORED, type NetworkSource } from "./load_network.ts";
import { checkMetaState } from "./meta_state_tensors.ts";
import type { TextSettings } from "./text_settings.ts";
import { Model } from "./model.ts";
import { NetworkHome } from "./network_home.ts";
import {
  type AutoChoice,
  type BackendChoice,
  openNetwork,
  type WasmChoice,
  type WebGpuChoice,
} from "./open_backend.ts";
import { checkChoices } from "./option_choices.ts";
import { type DeviceLossOptions, refugeOf, resolveDeviceLoss } from "./refuge.ts";
import type { KvDtype } from "./state_layout.ts";
import type { WeightDtype } from "./tensor.ts";
import type { TokenObserver } from "./token_observer.ts";
import { Tokenizer } from "./tokenizer.ts";
import { changesStorage } from "./weights.ts";

/** How to load a model. Everything is optional. */
export interface LoadOptions {
  /** What computes: a name, or a name with more to say. @default {"auto"} */
  backend?: BackendChoice | AutoChoice | WebGpuChoice | WasmChoice;
  /** What happens when a GPU is lost. The checkpoint's files stay open for that case. @default go on with WebAssembly */
  deviceLoss?: DeviceLossOptions;
  /** Storage of the large matrices; left out: as the checkpoint has them. */
  quantization?: WeightDtype;
  /**
   * Precision of activations that meet quantised weights: "q16" gives the same text on every backend, "q8" is faster where
   * arithmetic and not memory is the limit, prompts above all. @default {"q16"}
   */
  activations?: ActivationPrecision;
  /**
   * Threads of the WASM backend, the caller's own included, 1 to 32. "auto": as many as pay, by a short measurement, and one for
   * models too small to gain. One wherever there is no shared memory or no worker; `model.backend` says which and why.
   * @default {"auto"}
   */
  threads?: number | "auto";
  /**
   * Whether logits are to be the same bits on every machine, engine and build and with any number of threads: on the WASM backend only.
   * docs/determinism.md says how, and what it costs. @default {false}
   */
  deterministic?: boolean;
  /** Storage of keys and values. @default {"f32"} */
  kvDtype?: KvDtype;
  /** Overrides the window rule that config.json names, for checkpoints without the mark. */
  windowRule?: WindowRule;
  /** Most tokens that one pass takes, 1 to 4096: larger is faster for prompts and takes more memory. Left out: 64 on a CPU, 1024 on a GPU. */
  chunkSize?: number;
  /** Watches what each layer makes of a token. */
  observer?: TokenObserver;
  /** Aborts the load; it then throws the signal's reason. */
  signal?: AbortSignal;
  /** How to fetch a model that is not here: cache, hub, token, retries. */
  download?: DownloadOptions;
  /** Called as the weights come in. */
  onProgress?: (progress: { loadedBytes: number; totalBytes: number }) => void;
}

const MAX_CHUNK_SIZE = 4096;

/** Weights below this pass through a core so fast that starting threads would take longer than they save in a conversation. */
const LEAST_THREADED_BYTES = 32e6;
/** As many as the kernels' pool has room for. */
const MOST_THREADS = 32;

/**
 * Loads a model. Without a source: the default model that ships with this module, with no permission and no download.
 *
 * @param source a folder or URL in the published Hugging Face layout, a packed GGUF file, or a model on the hub, as in
 * "nvidia/Hymba-1.5B-Instruct", "org/name@revision" or "org/name/file.gguf"
 * @throws {ConfigError} for a bad option or config.json
 * @throws {WeightsError} where the checkpoint is damaged or does not match its config
 * @throws {TokenizerError} for a bad tokenizer.json
 * @throws {BackendUnavailableError} where no backend can run
 *
 * @example
 * ```ts
 * import { loadModel } from "@hymba/runtime";
 *
 * await using model = await loadModel();
 * console.log(model.backend.kind, model.config.hiddenSize);
 * ```
 */
export async function loadModel(source?: CheckpointSource, options: LoadOptions = {}): Promise<Model> {
  const { signal } = options;
  checkChoices(options);
  if (options.chunkSize !== undefined) checkChunkSize(options.chunkSize);
  signal?.throwIfAborted();
  const deviceLoss = resolveDeviceLoss(options.deviceLoss);
  const checkpoint = await openCheckpoint(source ?? await openStories(), options);
  let isKept = false;
  try {
    const config = {
      ...parseConfig(checkpoint.configJson),
      ...(options.windowRule && { windowRule: options.windowRule }),
    };
    const { metaState } = checkpoint;
    if (metaState !== null) checkMetaState(metaState, config);
    const text = await readText(checkpoint, config);
    const network = networkSource(
      checkpoint,
      config,
      options,
      source === undefined ? STORIES_HASH : undefined,
    );
    const { backend = "auto", activations, deterministic } = options;
    const threads = threadsFor(options.threads, checkpoint.tensors);
    const settings = { activations, threads, deterministic };
    const opened = await openNetwork(backend, network, settings);
    try {
      const refuge = refugeOf(opened, network, settings, deviceLoss);
      const { kvDtype = "f32" } = options;
      const home = await NetworkHome.create(opened, { kvDtype, stored: metaState }, refuge);
      isKept = refuge !== null;
      return new Model({ home, ...text });
    } catch (error) {
      opened.net.backend.dispose();
      throw error;
    }
  } finally {
    if (!isKept) await checkpoint.tensors.close();
  }
}

function networkSource(
  checkpoint: Checkpoint,
  config: HymbaConfig,
  { quantization, activations, chunkSize, observer, signal, onProgress }: LoadOptions,
  weightsHash: string | undefined,
): NetworkSource {
  return {
    ...{ checkpoint, config, weightsHash, chunkSize, observer },
    precision: precisionOf(checkpoint, config, { quantization, activations }),
    weights: { quantization, signal, onProgress },
  };
}

/** Part of the fingerprint: options that change nothing are as if they were left out. */
function precisionOf(
  { tensors }: Checkpoint,
  config: HymbaConfig,
  { quantization, activations }: LoadOptions,
): NetworkSource["precision"] {
  const [quantized, precise] = AS_STORED;
  return [
    changesStorage(tensors, config, quantization) ? quantization : quantized,
    activations === "q8" ? activations : precise,
  ];
}

async function readText(
  checkpoint: Checkpoint,
  config: HymbaConfig,
): Promise<{ text: TextSettings; chatTemplate: ChatTemplate | null }> {
  const { tokenizerJson } = checkpoint;
  const tokenizerConfig = parseObject("tokenizer_config.json", checkpoint.tokenizerConfigJson);
  const generationConfig = parseObject("generation_config.json", checkpoint.generationConfigJson);
  const chatTemplate = "chat_template" in tokenizerConfig ? await chatTemplateOf(tokenizerConfig) : null;
  if (tokenizerJson === null) {
    return { text: { tokenizer: null, eosTokenIds: config.eosTokenIds }, chatTemplate };
  }
  const tokenizer = Tokenizer.fromJson(tokenizerJson, {
    tokenizerConfig,
    generationConfig,
    modelVocabSize: config.vocabSize,
  });
  const eosTokenIds = tokenizer.eosIds.length > 0 ? tokenizer.eosIds : config.eosTokenIds;
  return { text: { tokenizer, eosTokenIds }, chatTemplate };
}

/** Loads the template library, which a model without a template does without. */
async function chatTemplateOf(tokenizerConfig: object): Promise<ChatTemplate> {
  const { ChatTemplate } = await import("./chat.ts");
  return ChatTemplate.fromConfig(tokenizerConfig);
}

function parseObject(fileName: string, json: string | null): Record<string, unknown> {
  if (json === null) return {};
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    throw new ConfigError(
      `Cannot read ${fileName}: ${(cause as Error).message}, expected a JSON object`,
      "Download it again",
      {
        cause,
      },
    );
  }
  throw new ConfigError(
    `Cannot read ${fileName}: it is no object, expected a JSON object`,
    "Download it again",
  );
}

/** Threads to ask for: `auto` is left to measurement where the weights are large enough for it to matter. */
function threadsFor(threads: number | "auto" = "auto", { tensors }: TensorFile): number | "auto" {
  if (threads === "auto") {
    const bytes = [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    return bytes < LEAST_THREADED_BYTES ? 1 : "auto";
  }
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new ConfigError(
    `Cannot use option "threads": it is ${threads}, expected "auto" or an integer from 1 to ${MOST_THREADS}`,
    'Leave it out for "auto"',
  );
}

function checkChunkSize(chunkSize: number): void {
  if (Number.isInteger(chunkSize) && chunkSize >= 1 && chunkSize <= MAX_CHUNK_SIZE) return;
  throw new ConfigError(
    `Cannot use option "chunkSize": it is ${
      String(chunkSize)
    }, expected an integer from 1 to ${MAX_CHUNK_SIZE}`,
    "Leave it out for what suits the backend",
  );
}
