/**
 * @file Checkpoint tensors -> a backend's weights: the only place that knows the published names.
 */
import type { Backend, Weight, WeightUse } from "./backend.ts";
import type { HymbaConfig } from "./config.ts";
import type { TensorFile, TensorInfo } from "./formats/tensor_file.ts";
import { checkTensors, type ProgressOptions, uploadTensors } from "./load_tensors.ts";
import { exp } from "./portable_math.ts";
import { BLOCK_SIZE, type WeightDtype } from "./tensor.ts";
import { plannedBytes, type UploaderOptions, type UploadPlan, WeightUploader } from "./upload_weight.ts";

/** Weights of one layer's Mamba heads. */
export interface SsmWeights {
  readonly convWeight: Weight;
  readonly convBias: Weight;
  readonly xProj: Weight;
  readonly dtProj: Weight;
  readonly dtBias: Weight;
  readonly dtNorm: Weight;
  readonly bNorm: Weight;
  readonly cNorm: Weight;
  /** `-exp(A_log)`, `[dInner, dState]`. */
  readonly A: Weight;
  readonly D: Weight;
}

/** Weights of one layer. */
export interface LayerWeights {
  readonly inputNorm: Weight;
  readonly inProj: Weight;
  readonly ssm: SsmWeights;
  readonly attentionNorm: Weight;
  readonly ssmNorm: Weight;
  readonly outProj: Weight;
  readonly mlpNorm: Weight;
  readonly gateProj: Weight;
  readonly upProj: Weight;
  readonly downProj: Weight;
}

/** Weights of a model, in a backend's memory. */
export interface ModelWeights {
  readonly embedding: Weight;
  /** The embedding itself where they are tied. */
  readonly head: Weight;
  /** `[numMetaTokens, hiddenSize]`; absent without meta tokens. */
  readonly metaTokens: Weight | null;
  readonly finalNorm: Weight;
  readonly layers: readonly LayerWeights[];
}

/** A published tensor: its shape in the file, how the ops use it, and what is done to its values on the way. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly use: WeightUse;
  /** Shape that the ops see, where it differs. */
  readonly opShape?: readonly number[];
  readonly transform?: (value: number) => number;
}

/** Options of {@linkcode loadWeights}. */
export interface LoadWeightsOptions extends UploaderOptions, ProgressOptions {
  /** Storage type of the large matrices; omitted: as the file has them. Matrices whose rows are no whole number of blocks stay as they are. */
  readonly quantization?: WeightDtype;
}

/** Every tensor that a checkpoint of this config has, by published name. */
export function tensorSpecs(config: HymbaConfig): Map<string, TensorSpec> {
  const { hiddenSize, vocabSize, numMetaTokens } = config;
  const specs = new Map<string, TensorSpec>([
    ["model.embed_tokens.weight", { shape: [vocabSize, hiddenSize], use: "matrix" }],
    ["model.final_layernorm.weight", { shape: [hiddenSize], use: "plain" }],
  ]);
  if (numMetaTokens > 0) {
    specs.set("model.memory_tokens", { shape: [numMetaTokens, hiddenSize], use: "matrix" });
  }
  if (!config.tieWordEmbeddings) {
    specs.set("lm_head.weight", { shape: [vocabSize, hiddenSize], use: "matrix" });
  }
  config.layers.forEach((_, layer) => {
    for (const [name, spec] of Object.entries(layerSpecs(config, layer))) {
      specs.set(`model.layers.${layer}.${name}`, spec);
    }
  });
  return specs;
}

function layerSpecs(config: HymbaConfig, layer: number): Record<string, TensorSpec> {
  const { hiddenSize, intermediateSize, dInner, dState, dConv, dtRank, headDim, vHeadDim } = config;
  const ownsKv = config.layers[layer].kvOwner === layer;
  const kvWidth = ownsKv ? config.numKvHeads * (headDim + vHeadDim) : 0;
  const plain = (...shape: number[]): TensorSpec => ({ shape, use: "plain" });
  const matrix = (...shape: number[]): TensorSpec => ({ shape, use: "matrix" });
  return {
    "input_layernorm.weight": plain(hiddenSize),
    "pre_moe_layernorm.weight": plain(hiddenSize),
    "moe.experts.0.gate_proj.weight": matrix(intermediateSize, hiddenSize),
    "moe.experts.0.up_proj.weight": matrix(intermediateSize, hiddenSize),
    "moe.experts.0.down_proj.weight": matrix(hiddenSize, intermediateSize),
    "mamba.in_proj.weight": matrix(config.numHeads * headDim + kvWidth + 2 * dInner, hiddenSize),
    "mamba.out_proj.weight": matrix(hiddenSize, dInner),
    "mamba.conv1d.weight": { ...plain(dInner, 1, dConv), opShape: [dInner, dConv] },
    "mamba.conv1d.bias": plain(dInner),
    "mamba.x_proj.0.weight": matrix(dtRank + 2 * dState, dInner),
    "mamba.dt_proj.0.weight": { shape: [dInner, dtRank], use: "projection" },
    "mamba.dt_proj.0.bias": plain(dInner),
    "mamba.A_log.0": { ...plain(dInner, dState), transform: (value) => -exp(value) },
    "mamba.D.0": plain(dInner),
    "mamba.dt_layernorm.weight": plain(dtRank),
    "mamba.B_layernorm.weight": plain(dState),
    "mamba.C_layernorm.weight": plain(dState),
    "mamba.pre_avg_layernorm1.weight": plain(dInner),
    "mamba.pre_avg_layernorm2.weight": plain(dInner),
  };
}

/** Whether `quantization` applies to a tensor: the projections and the embedding. x_proj steers the scan and stays as published. */
export function isQuantizable(name: string, spec: TensorSpec): boolean {
  return spec.use === "matrix" && !name.includes("x_proj") && name !== "model.memory_tokens";
}

/**
 * Storage type of a tensor where that of the large matrices is `dtype`, if given. Only projections and the embedding follow it, where their rows
 * are a whole number of blocks; everything else is small and sensitive and stays as the file has it.
 */
export function storageDtype(
  { name, dtype, shape }: Omit<TensorInfo, "byteLength">,
  spec: TensorSpec,
  wanted?: WeightDtype,
): WeightDtype {
  const fits = wanted !== undefined && isQuantizable(name, spec) && shape[1] % BLOCK_SIZE[wanted] === 0;
  return fits ? wanted : dtype;
}

/** Whether `quantization` stores any tensor of a checkpoint otherwise than its file does. */
export function changesStorage(file: TensorFile, config: HymbaConfig, quantization?: WeightDtype): boolean {
  return quantization !== undefined && [...tensorSpecs(config)].some(([name, spec]) => {
    const info = file.tensors.get(name);
    return info !== undefined && storageDtype(info, spec, quantization) !== info.dtype;
  });
}

/**
 * Checks every tensor of a checkpoint against its config and uploads them one by one.
 *
 * @throws {WeightsError} before anything is read, where a tensor is missing, unknown or misshapen
 */
export async function loadWeights(
  file: TensorFile,
  config: HymbaConfig,
  backend: Backend,
  options: LoadWeightsOptions = {},
): Promise<ModelWeights> {
  const specs = tensorSpecs(config);
  checkTensors(file, specs);
  const plans = new Map(
    [...specs].map(([name, spec]) => [name, planOf(spec, file.tensors.get(name)!, options.quantization)]),
  );
  backend.reserve?.(plannedBytes(plans.values()));
  const uploader = new WeightUploader(file, backend, options);
  const uploadOne = (info: TensorInfo): Promise<Weight> => uploader.upload(info, plans.get(info.name)!);
  return arrange(await uploadTensors(file, backend, specs.keys(), uploadOne, options), config);
}

function planOf(spec: TensorSpec, info: TensorInfo, quantization?: WeightDtype): UploadPlan {
  const { use, transform, shape, opShape = shape } = spec;
  return {
    use,
    shape: opShape,
    transform,
    dtype: transform ? "f32" : storageDtype(info, spec, quantization),
  };
}

function arrange(weights: ReadonlyMap<string, Weight>, config: HymbaConfig): ModelWeights {
  const get = (name: string): Weight => weights.get(name)!;
  const embedding = get("model.embed_tokens.weight");
  return {
    embedding,
    head: weights.get("lm_head.weight") ?? embedding,
    metaTokens: weights.get("model.memory_tokens") ?? null,
    finalNorm: get("model.final_layernorm.weight"),
    layers: config.layers.map((_, layer) => arrangeLayer((name) => get(`model.layers.${layer}.${name}`))),
  };
}

function arrangeLayer(get: (name: string) => Weight): LayerWeights {
  return {
    inputNorm: get("input_layernorm.weight"),
    inProj: get("mamba.in_proj.weight"),
    ssm: {
      convWeight: get("mamba.conv1d.weight"),
      convBias: get("mamba.conv1d.bias"),
      xProj: get("mamba.x_proj.0.weight"),
      dtProj: get("mamba.dt_proj.0.weight"),
      dtBias: get("mamba.dt_proj.0.bias"),
      dtNorm: get("mamba.dt_layernorm.weight"),
      bNorm: get("mamba.B_layernorm.weight"),
      cNorm: get("mamba.C_layernorm.weight"),
      A: get("mamba.A_log.0"),
      D: get("mamba.D.0"),
    },
    attentionNorm: get("mamba.pre_avg_layernorm1.weight"),
    ssmNorm: get("mamba.pre_avg_layernorm2.weight"),
    outProj: get("mamba.out_proj.weight"),
    mlpNorm: get("pre_moe_layernorm.weight"),
    gateProj: get("moe.experts.0.gate_proj.weight"),
    upProj: get("moe.experts.0.up_proj.weight"),
    downProj: get("moe.experts.0.down_proj.weight"),
  };
}
