/** @file The activations of one forward pass: allocated once per model, shared by its sessions, valid from one op to the next. */
import type { Backend } from "./backend.ts";
import type { HymbaConfig } from "./config.ts";
import type { Tensor } from "./tensor.ts";

/** Activation matrices of `chunkSize` rows; a pass over l tokens uses the first l. */
export interface Workspace {
  /** `[chunkSize]` token ids. */
  readonly ids: Tensor;
  /** `[chunkSize, hiddenSize]`: the residual stream. */
  readonly x: Tensor;
  /** `[chunkSize, hiddenSize]`: its last norm, what the head reads. */
  readonly h: Tensor;
  /** `[chunkSize, queries | keys | values | u | z]`: in_proj's output. */
  readonly projected: Tensor;
  /** `[chunkSize, numHeads * headDim]`: the queries, rotated. */
  readonly queries: Tensor;
  /** `[chunkSize, dInner]`: the attention heads' output. */
  readonly attention: Tensor;
  /** `[chunkSize, dInner]`: the convolution's output, what the scan reads. */
  readonly conv: Tensor;
  /** `[chunkSize, dtRank + 2 dState]`. */
  readonly dtBC: Tensor;
  /** `[chunkSize, dInner]`: the Mamba heads' output. */
  readonly ssm: Tensor;
  /** `[chunkSize, intermediateSize]`. */
  readonly mlp: Tensor;
  /** `[chunkSize, vocabSize]`. */
  readonly logits: Tensor;
}

/** Allocates a workspace for passes of up to `chunkSize` tokens. */
export function createWorkspace(backend: Backend, config: HymbaConfig, chunkSize: number): Workspace {
  const { hiddenSize, numHeads, headDim, dInner, dState, dtRank, intermediateSize, vocabSize } = config;
  const f32 = (width: number): Tensor => backend.allocate([chunkSize, width], "f32");
  return {
    ids: backend.allocate([chunkSize], "u32"),
    x: f32(hiddenSize),
    h: f32(hiddenSize),
    projected: f32(projectedWidth(config)),
    queries: f32(numHeads * headDim),
    attention: f32(dInner),
    conv: f32(dInner),
    dtBC: f32(dtRank + 2 * dState),
    ssm: f32(dInner),
    mlp: f32(intermediateSize),
    logits: f32(vocabSize),
  };
}

/** Frees a workspace. */
export function freeWorkspace(backend: Backend, workspace: Workspace): void {
  Object.values(workspace).forEach((tensor: Tensor) => backend.free(tensor));
}

function projectedWidth({ numHeads, numKvHeads, headDim, vHeadDim, dInner }: HymbaConfig): number {
  return numHeads * headDim + numKvHeads * (headDim + vHeadDim) + 2 * dInner;
}
