/**
 * @file A Hymba checkpoint as one GGUF file: the published files' texts as metadata, the tensors under their published names.
 * `hymba.config_json` is what this runtime reads; the descriptive keys beside it (those of llama.cpp's naming) are for other
 * tools and never read back.
 */

import type { Checkpoint, CheckpointTexts } from "./checkpoint_files.ts";
import { type HymbaConfig, parseConfig } from "./config.ts";
import { ConfigError, WeightsError } from "./errors.ts";
import { isMetaStateTensor } from "./meta_state_tensors.ts";
import type { WeightDtype } from "./tensor.ts";
import type { ByteSource } from "./formats/byte_source.ts";
import { excerpt } from "./formats/excerpt.ts";
import { selectTensors } from "./formats/tensor_file.ts";
import { type GgufFile, openGguf } from "./formats/gguf.ts";
import { FILE_TYPE, type GgufNumberType, type GgufValue } from "./formats/gguf_format.ts";
import { isObject, parseStrictJson } from "./formats/strict_json.ts";

const ARCHITECTURE = "hymba";
const CONFIG_KEY = "hymba.config_json";
const TOKENIZER_KEY = "tokenizer.huggingface.json";
const TOKENIZER_CONFIG_KEY = "hymba.tokenizer_config_json";
const GENERATION_CONFIG_KEY = "hymba.generation_config_json";
/** Says that the file has the state behind the meta tokens, and which network's it is. */
const META_STATE_KEY = "hymba.memory_state.fingerprint";

/** A packed checkpoint, its tensors not yet read. */
export interface GgufCheckpoint extends Checkpoint {
  readonly tensors: GgufFile;
}

/**
 * Opens a packed checkpoint. `close()` on its tensors closes `source`.
 *
 * @throws {WeightsError} when the file is damaged or is not a Hymba checkpoint; `source` stays open
 */
export async function openGgufCheckpoint(source: ByteSource, signal?: AbortSignal): Promise<GgufCheckpoint> {
  const tensors = await openGguf(source, signal);
  const text = (key: string): string | null => textOf(tensors.metadata, key, source.name);
  const architecture = text("general.architecture");
  if (architecture !== ARCHITECTURE) {
    throw unusable(
      source.name,
      `its architecture is ${excerpt(architecture)}, expected "${ARCHITECTURE}"`,
    );
  }
  const configJson = text(CONFIG_KEY);
  if (configJson === null) {
    throw unusable(source.name, `it has no "${CONFIG_KEY}", expected config.json there`);
  }
  const fingerprint = text(META_STATE_KEY);
  const isOfState = (name: string): boolean => fingerprint !== null && isMetaStateTensor(name);
  return {
    configJson,
    tokenizerJson: text(TOKENIZER_KEY),
    tokenizerConfigJson: text(TOKENIZER_CONFIG_KEY),
    generationConfigJson: text(GENERATION_CONFIG_KEY),
    tensors: selectTensors(tensors, (name) => !isOfState(name)),
    metaState: fingerprint === null ? null : { fingerprint, tensors: selectTensors(tensors, isOfState) },
  };
}

function textOf(metadata: ReadonlyMap<string, GgufValue>, key: string, file: string): string | null {
  const entry = metadata.get(key);
  if (!entry) return null;
  if (entry.type === "string") return entry.value;
  throw unusable(file, `"${key}" is of type ${entry.type}, expected string`);
}

function unusable(file: string, problem: string): WeightsError {
  return new WeightsError(
    `Cannot use GGUF file "${file}": ${problem}`,
    "Pack the checkpoint with `hymba convert`; files of other programs name their tensors differently",
  );
}

/** What a packed checkpoint's metadata says beside the published texts. */
export interface PackedDescription {
  /** What people call the model (`general.name`). */
  readonly name: string;
  /** Storage dtype of the large matrices. */
  readonly dtype: WeightDtype;
  /** Of the state behind the meta tokens, if the file has it. */
  readonly metaStateFingerprint?: string;
}

/**
 * Metadata of a packed checkpoint.
 *
 * @throws {ConfigError} when config.json cannot be used, or tokenizer_config.json is damaged
 */
export function checkpointMetadata(
  texts: CheckpointTexts,
  { name, dtype, metaStateFingerprint }: PackedDescription,
): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  const addText = (key: string, value: string | null): void => {
    if (value !== null) metadata.set(key, { type: "string", value });
  };
  addText("general.architecture", ARCHITECTURE);
  addText("general.type", "model");
  addText("general.name", name);
  metadata.set("general.file_type", { type: "u32", value: FILE_TYPE[dtype] });
  metadata.set("general.quantization_version", { type: "u32", value: 2 });
  for (const [key, type, value] of descriptiveKeys(parseConfig(texts.configJson))) {
    metadata.set(`${ARCHITECTURE}.${key}`, { type, value });
  }
  addText(CONFIG_KEY, texts.configJson);
  addText(TOKENIZER_CONFIG_KEY, texts.tokenizerConfigJson);
  addText(GENERATION_CONFIG_KEY, texts.generationConfigJson);
  addText("tokenizer.chat_template", chatTemplate(texts.tokenizerConfigJson));
  addText(TOKENIZER_KEY, texts.tokenizerJson);
  addText(META_STATE_KEY, metaStateFingerprint ?? null);
  return metadata;
}

function descriptiveKeys(config: HymbaConfig): [string, GgufNumberType, number][] {
  return [
    ["block_count", "u32", config.layers.length],
    ["context_length", "u32", config.maxPositionEmbeddings],
    ["embedding_length", "u32", config.hiddenSize],
    ["feed_forward_length", "u32", config.intermediateSize],
    ["vocab_size", "u32", config.vocabSize],
    ["attention.head_count", "u32", config.numHeads],
    ["attention.head_count_kv", "u32", config.numKvHeads],
    ["attention.key_length", "u32", config.headDim],
    ["attention.value_length", "u32", config.vHeadDim],
    ["attention.sliding_window", "u32", config.windowSize],
    ["attention.layer_norm_rms_epsilon", "f32", config.rmsNormEps],
    ["ssm.conv_kernel", "u32", config.dConv],
    ["ssm.inner_size", "u32", config.dInner],
    ["ssm.state_size", "u32", config.dState],
    ["ssm.time_step_rank", "u32", config.dtRank],
    ["meta_token_count", "u32", config.numMetaTokens],
  ];
}

/** The template of tokenizer_config.json for other tools; null when there is none, or when it is a list of named ones. */
function chatTemplate(tokenizerConfigJson: string | null): string | null {
  if (tokenizerConfigJson === null) return null;
  const json = parseStrictJson(
    new TextEncoder().encode(tokenizerConfigJson),
    (problem, cause) =>
      new ConfigError(`Cannot read tokenizer_config.json: ${problem}`, "Download the file again", { cause }),
  );
  return isObject(json) && typeof json.chat_template === "string" ? json.chat_template : null;
}
