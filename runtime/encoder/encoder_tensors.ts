/** @file The tensors of an encoder, by the names that Axon gives them: "<layer>.<parameter>". The only place that knows those names. */
import { elementCount } from "../tensor.ts";
import { CONV_LENGTH, type EncoderConfig, encoderWidths } from "./encoder_config.ts";

/**
 * What a tensor is: the kernel `[in, out]` of a dense layer, the kernel `[taps, 1, channels]` of a depthwise convolution, the gain of a
 * norm, whatever is added, or learned keys or values `[numMetaTokens, hiddenSize]`.
 */
export type TensorRole = "dense" | "convolution" | "gain" | "shift" | "meta";

/** A dense layer or a convolution. */
export interface Affine<T> {
  readonly kernel: T;
  readonly bias: T;
}

/** A LayerNorm. */
export interface Norm<T> {
  readonly gamma: T;
  readonly beta: T;
}

/** One layer. */
export interface EncoderLayer<T> {
  readonly norm: Norm<T>;
  readonly inProj: Affine<T>;
  readonly conv: Affine<T>;
  readonly bcProj: Affine<T>;
  readonly dtRank: Affine<T>;
  readonly dtProj: Affine<T>;
  readonly ssmOut: Affine<T>;
  readonly query: Affine<T>;
  readonly key: Affine<T>;
  readonly value: Affine<T>;
  readonly metaKeys: T;
  readonly metaValues: T;
  readonly attentionOut: Affine<T>;
  readonly gate: Affine<T>;
  readonly ffnNorm: Norm<T>;
  readonly ffnUp: Affine<T>;
  readonly ffnDown: Affine<T>;
}

/** Everything that an encoder has learned. */
export interface EncoderTensors<T> {
  /** Absent where the input is as wide as the network. */
  readonly inputProjection: Affine<T> | null;
  readonly layers: readonly EncoderLayer<T>[];
  readonly finalNorm: Norm<T>;
}

/** Makes or finds the tensor of a name. */
export type TensorOf<T> = (name: string, role: TensorRole, ...shape: number[]) => T;

/** Calls `tensor` for every tensor of an encoder, in the order of the network, and arranges what it returns. */
export function arrangeEncoder<T>(config: EncoderConfig, tensor: TensorOf<T>): EncoderTensors<T> {
  const { embedDim, hiddenSize, numLayers } = config;
  const make = new Parts(tensor);
  return {
    inputProjection: embedDim === hiddenSize ? null : make.dense("input_projection", embedDim, hiddenSize),
    layers: Array.from({ length: numLayers }, (_, i) => arrangeLayer(config, `hymba_block_${i + 1}`, make)),
    finalNorm: make.norm("final_norm", hiddenSize),
  };
}

function arrangeLayer<T>(config: EncoderConfig, name: string, make: Parts<T>): EncoderLayer<T> {
  const { hiddenSize, stateSize, numMetaTokens } = config;
  const { dInner, dtRank, ffnSize } = encoderWidths(config);
  const meta = (which: string): T =>
    make.tensor(`${name}_attn_compute.${name}_meta_${which}`, "meta", numMetaTokens, hiddenSize);
  return {
    norm: make.norm(`${name}_norm`, hiddenSize),
    inProj: make.dense(`${name}_mamba_in_proj`, hiddenSize, 2 * dInner),
    conv: make.affine(`${name}_mamba_conv`, "convolution", CONV_LENGTH, 1, dInner),
    bcProj: make.dense(`${name}_mamba_ssm_bc_proj`, dInner, 2 * stateSize),
    dtRank: make.dense(`${name}_mamba_ssm_dt_rank`, dInner, dtRank),
    dtProj: make.dense(`${name}_mamba_ssm_dt_proj`, dtRank, dInner),
    ssmOut: make.dense(`${name}_mamba_out_proj`, dInner, hiddenSize),
    query: make.dense(`${name}_attn_q`, hiddenSize, hiddenSize),
    key: make.dense(`${name}_attn_k`, hiddenSize, hiddenSize),
    value: make.dense(`${name}_attn_v`, hiddenSize, hiddenSize),
    metaKeys: meta("k"),
    metaValues: meta("v"),
    attentionOut: make.dense(`${name}_attn_out_proj`, hiddenSize, hiddenSize),
    gate: make.dense(`${name}_fusion_gate_proj`, hiddenSize, hiddenSize),
    ffnNorm: make.norm(`${name}_ffn_norm`, hiddenSize),
    ffnUp: make.dense(`${name}_ffn_up`, hiddenSize, ffnSize),
    ffnDown: make.dense(`${name}_ffn_down`, ffnSize, hiddenSize),
  };
}

/** The kinds of layers that have tensors. */
class Parts<T> {
  readonly tensor: TensorOf<T>;

  constructor(tensor: TensorOf<T>) {
    this.tensor = tensor;
  }

  dense(name: string, inputs: number, outputs: number): Affine<T> {
    return this.affine(name, "dense", inputs, outputs);
  }

  affine(name: string, role: TensorRole, ...shape: number[]): Affine<T> {
    const bias = this.tensor(`${name}.bias`, "shift", shape[shape.length - 1]);
    return { kernel: this.tensor(`${name}.kernel`, role, ...shape), bias };
  }

  norm(name: string, size: number): Norm<T> {
    return {
      gamma: this.tensor(`${name}.gamma`, "gain", size),
      beta: this.tensor(`${name}.beta`, "shift", size),
    };
  }
}

/** A tensor as files have it. */
export interface EncoderTensorSpec {
  readonly role: TensorRole;
  readonly shape: readonly number[];
}

/** Every tensor of an encoder, by name. */
export function encoderSpecs(config: EncoderConfig): Map<string, EncoderTensorSpec> {
  const specs = new Map<string, EncoderTensorSpec>();
  arrangeEncoder(config, (name, role, ...shape) => specs.set(name, { role, shape }));
  return specs;
}

/** Numbers that an encoder learns. */
export function parameterCount(config: EncoderConfig): number {
  return [...encoderSpecs(config).values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
