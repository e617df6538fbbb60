/** @file An encoder that can run: its weights on a backend, and room for one chunk's activations. */
import type { Weight } from "../backend.ts";
import type { Tensor } from "../tensor.ts";
import { type EncoderConfig, encoderWidths } from "./encoder_config.ts";
import type { EncoderBackend } from "./encoder_ops.ts";
import type { EncoderTensors } from "./encoder_tensors.ts";

/** Rows of a pass: enough to amortise a pass over the weights, few enough to stay in cache. */
const CHUNK_SIZE = 64;

/** Activation matrices of `chunkSize` rows, valid within one pass; a pass over l rows uses the first l. */
export interface EncoderWorkspace {
  /** `[chunkSize, embedDim]`: what the caller gave. */
  readonly input: Tensor;
  /** `[chunkSize, hiddenSize]`: the residual stream. */
  readonly x: Tensor;
  /** `[chunkSize, hiddenSize]`: its norm. */
  readonly h: Tensor;
  /** `[chunkSize, u | z]`, each dInner wide. */
  readonly uz: Tensor;
  /** `[chunkSize, dInner]`: the convolution's output. */
  readonly conv: Tensor;
  /** `[chunkSize, B | C]`, each stateSize wide. */
  readonly bc: Tensor;
  /** `[chunkSize, dtRank]`. */
  readonly dtLow: Tensor;
  /** `[chunkSize, dInner]`: step sizes. */
  readonly dt: Tensor;
  /** `[chunkSize, dInner]`: the scan's output. */
  readonly scanned: Tensor;
  /** `[chunkSize, hiddenSize]`: the Mamba branch's output. */
  readonly ssm: Tensor;
  /** `[chunkSize, hiddenSize]`. */
  readonly queries: Tensor;
  /** `[chunkSize, hiddenSize]`: what the heads attended to. */
  readonly attended: Tensor;
  /** `[chunkSize, hiddenSize]`: the attention branch's output. */
  readonly attention: Tensor;
  /** `[chunkSize, hiddenSize]`: the Mamba branch's share. */
  readonly gate: Tensor;
  /** `[chunkSize, ffnSize]`. */
  readonly ffn: Tensor;
  /** `[1, hiddenSize]`: the final norm of the last row. */
  readonly output: Tensor;
  /** `[numMetaTokens]`: 0, 1, 2, ... */
  readonly metaIds: Tensor;
  /** `[numMetaTokens, hiddenSize]`: what the meta tokens attended to. */
  readonly metaAttended: Tensor;
}

/** What a pass needs. */
export interface EncoderNet extends EncoderBackend {
  readonly config: EncoderConfig;
  readonly weights: EncoderTensors<Weight>;
  readonly workspace: EncoderWorkspace;
  /** Most rows of a pass: 1 where every row has meta states of its own. */
  readonly chunkSize: number;
}

/** Puts the parts together. */
export function createEncoderNet(
  opened: EncoderBackend,
  config: EncoderConfig,
  weights: EncoderTensors<Weight>,
): EncoderNet {
  const chunkSize = config.metaPropagation ? 1 : CHUNK_SIZE;
  return { ...opened, config, weights, chunkSize, workspace: createWorkspace(opened, config, chunkSize) };
}

function createWorkspace({ backend }: EncoderBackend, config: EncoderConfig, l: number): EncoderWorkspace {
  const { embedDim, hiddenSize, stateSize, numMetaTokens } = config;
  const { dInner, dtRank, ffnSize } = encoderWidths(config);
  const f32 = (rows: number, columns: number): Tensor => backend.allocate([rows, columns], "f32");
  const metaIds = backend.allocate([numMetaTokens], "u32");
  backend.writeIds(metaIds, Array.from({ length: numMetaTokens }, (_, i) => i));
  return {
    input: f32(l, embedDim),
    x: f32(l, hiddenSize),
    h: f32(l, hiddenSize),
    uz: f32(l, 2 * dInner),
    conv: f32(l, dInner),
    bc: f32(l, 2 * stateSize),
    dtLow: f32(l, dtRank),
    dt: f32(l, dInner),
    scanned: f32(l, dInner),
    ssm: f32(l, hiddenSize),
    queries: f32(l, hiddenSize),
    attended: f32(l, hiddenSize),
    attention: f32(l, hiddenSize),
    gate: f32(l, hiddenSize),
    ffn: f32(l, ffnSize),
    output: f32(1, hiddenSize),
    metaIds,
    metaAttended: f32(numMetaTokens, hiddenSize),
  };
}
