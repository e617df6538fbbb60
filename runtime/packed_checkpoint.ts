/**
 * @file A whole checkpoint in one GGUF file: tensors under their published names, the published JSON files verbatim as metadata.
 * The runtime reads those; the standard GGUF keys beside them are written for the field's other tools.
 */
import type { Checkpoint } from "./checkpoint_files.ts";
import { type HymbaConfig, parseConfig, type WindowRule, withWindowRule } from "./config.ts";
import { WeightsError } from "./errors.ts";
import type { ByteSource } from "./formats/byte_source.ts";
import { convertCheckpoint } from "./formats/convert.ts";
import { type GgufFile, openGguf } from "./formats/gguf.ts";
import { FILE_TYPE, type GgufValue } from "./formats/gguf_format.ts";
import type { TensorInfo } from "./formats/tensor_file.ts";
import { BLOCK_SIZE, type WeightDtype } from "./tensor.ts";
import { isQuantizable, tensorSpecs } from "./weights.ts";

const ARCHITECTURE_KEY = "general.architecture";
const CONFIG_KEY = "hymba.config_json";
const TOKENIZER_KEY = "tokenizer.huggingface.json";
const TOKENIZER_CONFIG_KEY = "hymba.tokenizer_config_json";
const GENERATION_CONFIG_KEY = "hymba.generation_config_json";

/** Version of ggml's quantised block layouts, 2 since May 2023. */
const QUANTIZATION_VERSION = 2;

/** Options of {@linkcode packCheckpoint}. */
export interface PackOptions {
  /** Storage type of the large matrices. The others keep their dtype. */
  readonly quantization: WeightDtype;
  readonly name: string;
  /** Marks the window rule that the model was trained with, where the published config does not say. */
  readonly windowRule?: WindowRule;
  /** Closed at the end; aborted when anything fails. */
  readonly sink: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: Parameters<typeof convertCheckpoint>[0]["onProgress"];
}

/**
 * Writes a checkpoint as one GGUF file, streaming.
 *
 * @returns the length of the new file in bytes
 * @throws {ConfigError} where config.json cannot be used
 * @throws {WeightsError} where a tensor cannot be read or does not fit
 */
export async function packCheckpoint(checkpoint: Checkpoint, options: PackOptions): Promise<number> {
  const { quantization, sink, signal, onProgress } = options;
  const configJson = options.windowRule
    ? withWindowRule(checkpoint.configJson, options.windowRule)
    : checkpoint.configJson;
  const config = parseConfig(configJson);
  const specs = tensorSpecs(config);
  const dtypeOf = ({ name, dtype, shape }: TensorInfo): WeightDtype => {
    const spec = specs.get(name);
    const fits = spec !== undefined && isQuantizable(name, spec) &&
      shape[shape.length - 1] % BLOCK_SIZE[quantization] === 0;
    return fits ? quantization : dtype;
  };
  const metadata = new Map<string, GgufValue>([
    ...describe(config, options),
    ...verbatim({ ...checkpoint, configJson }),
  ]);
  return await convertCheckpoint({ files: checkpoint.tensors, dtypeOf, metadata, sink, signal, onProgress });
}

function* verbatim(checkpoint: Omit<Checkpoint, "tensors">): Generator<[string, GgufValue]> {
  const texts = {
    [CONFIG_KEY]: checkpoint.configJson,
    [TOKENIZER_KEY]: checkpoint.tokenizerJson,
    [TOKENIZER_CONFIG_KEY]: checkpoint.tokenizerConfigJson,
    [GENERATION_CONFIG_KEY]: checkpoint.generationConfigJson,
  };
  for (const [key, value] of Object.entries(texts)) {
    if (value !== null) yield [key, { type: "string", value }];
  }
}

/** Keys of the GGUF specification, with its names. */
function* describe(config: HymbaConfig, { name, quantization }: PackOptions): Generator<[string, GgufValue]> {
  yield [ARCHITECTURE_KEY, { type: "string", value: "hymba" }];
  yield ["general.name", { type: "string", value: name }];
  yield ["general.file_type", { type: "u32", value: FILE_TYPE[quantization] }];
  yield ["general.quantization_version", { type: "u32", value: QUANTIZATION_VERSION }];
  const sizes = {
    vocab_size: config.vocabSize,
    context_length: config.maxPositionEmbeddings,
    embedding_length: config.hiddenSize,
    block_count: config.layers.length,
    feed_forward_length: config.intermediateSize,
    "attention.head_count": config.numHeads,
    "attention.head_count_kv": config.numKvHeads,
    "attention.key_length": config.headDim,
    "attention.value_length": config.vHeadDim,
    "attention.sliding_window": config.windowSize,
    "ssm.conv_kernel": config.dConv,
    "ssm.inner_size": config.dInner,
    "ssm.state_size": config.dState,
    "ssm.time_step_rank": config.dtRank,
  };
  for (const [key, value] of Object.entries(sizes)) yield [`hymba.${key}`, { type: "u32", value }];
  yield ["hymba.attention.layer_norm_rms_epsilon", { type: "f32", value: config.rmsNormEps }];
}

/**
 * Opens a packed checkpoint.
 *
 * @throws {WeightsError} where the file is damaged or holds another architecture
 */
export async function openPackedCheckpoint(source: ByteSource, signal?: AbortSignal): Promise<Checkpoint> {
  const file = await openGguf(source, signal);
  const architecture = text(file, ARCHITECTURE_KEY);
  const configJson = text(file, CONFIG_KEY);
  if (architecture !== "hymba" || configJson === null) {
    throw new WeightsError(
      `Cannot open "${source.name}": its architecture is ${JSON.stringify(architecture)}${
        configJson === null ? ` and it has no "${CONFIG_KEY}"` : ""
      }, expected a Hymba model packed by this runtime`,
      "Pack the published checkpoint with `hymba convert`",
    );
  }
  return {
    configJson,
    tokenizerJson: text(file, TOKENIZER_KEY),
    tokenizerConfigJson: text(file, TOKENIZER_CONFIG_KEY),
    generationConfigJson: text(file, GENERATION_CONFIG_KEY),
    tensors: file,
  };
}

function text({ metadata }: GgufFile, key: string): string | null {
  const entry = metadata.get(key);
  return entry?.type === "string" ? entry.value : null;
}
