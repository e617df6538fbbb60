/**
 * @file What a backend can do: hold tensors and run the model's nine ops. It knows nothing of layers, weights' names or text.
 *
 * Rules of the house:
 * - Ops return void and take effect in call order; only `read` and `save` are async.
 * - `l` is the number of rows of an op's activations: l > 1 is prefill, l = 1 decode, the same op. l = 0 does nothing.
 * - Activations are f32 matrices `[l, columns]`; row strides are arbitrary, so views of a wider matrix are fine as inputs and outputs.
 * - Inputs and outputs do not overlap unless the op says "in place".
 * - Shapes are checked once, by {@linkcode checked} (checked_backend.ts); implementations do not repeat it.
 *
 * `backends/reference.ts` defines what each op computes.
 */
import type { MatrixUpload } from "./matrix_upload.ts";
import type { ResidentSampling } from "./resident.ts";
import type { Dtype, Tensor, WeightDtype } from "./tensor.ts";

/** The three implementations. */
export type BackendKind = "webgpu" | "wasm" | "reference";

/**
 * How the ops use a weight, so that a backend may repack it: `matrix` for `linear`, `gatedLinear` and `embed`; `plain` for what is
 * read elementwise (f32, row-major); `projection` for what else is multiplied with (row-major, f32, or bf16 if published so).
 */
export type WeightUse = "matrix" | "plain" | "projection";

/** A constant tensor, already in the backend's own layout. */
export interface Weight {
  /** The backend's own handle. */
  readonly data: unknown;
  /** Storage type, which for `plain` weights is f32, for `projection` f32 or bf16. */
  readonly dtype: WeightDtype;
  /** `[rows, columns]` or `[columns]`. */
  readonly shape: readonly number[];
  /** Bytes that it takes in the backend's memory. */
  readonly byteLength: number;
}

/** Rotation angles for RoPE; made by {@linkcode Backend.createRope}. */
export interface Rope {
  readonly data: unknown;
  /** Dimension of a head: twice the number of frequencies. */
  readonly headDim: number;
}

/** The absolute position of a sequence's next token (meta tokens count), where the backend's kernels can read and advance it. */
export interface Cursor {
  readonly data: unknown;
}

/**
 * Keys and values of one K/V owner. Position p is kept in slot p while p < numMetaTokens or where `ringSize` is null,
 * else in slot numMetaTokens + (p - numMetaTokens) mod ringSize. Keys are stored rotated.
 */
export interface KvCache {
  /** `[slots, numKvHeads * headDim]`, f32 or f16. */
  readonly keys: Tensor;
  /** `[slots, numKvHeads * vHeadDim]`, same dtype. */
  readonly values: Tensor;
  /** Slots at the front that are never overwritten. */
  readonly numMetaTokens: number;
  /** Slots of the ring behind them; null: the cache holds every position. */
  readonly ringSize: number | null;
}

/** `out[i] = table[ids[i]]`. ids `[l]` u32, each below the table's rows; table `[vocabSize, hiddenSize]`; out `[l, hiddenSize]`. */
export interface EmbedArgs {
  readonly ids: Tensor;
  readonly table: Weight;
  readonly out: Tensor;
}

/** `out = weight * x / sqrt(mean(x^2) + eps)` for each row (arXiv:1910.07467). x, out `[l, n]`, weight `[n]`; x may be out. */
export interface RmsNormArgs {
  readonly x: Tensor;
  readonly weight: Weight;
  readonly eps: number;
  readonly out: Tensor;
}

/** The norm of {@linkcode RmsNormArgs} on the rows that a product reads. weight `[k]`. */
export interface InputNorm {
  readonly weight: Weight;
  readonly eps: number;
}

/**
 * `out = x weight^T (+ out, if accumulate)`. x `[l, k]`, weight `[n, k]`, out `[l, n]`. With `norm`, x is RMS-normed first.
 *
 * A quantised weight multiplies integer activations: in every block of 32, x becomes `round(x * Q / max|x|) * max|x| / Q`, ties to
 * even, where Q is 32639 or 127: `ActivationPrecision` (activation_precision.ts). This is part of the op's meaning, so that all backends compute alike.
 */
export interface LinearArgs {
  readonly x: Tensor;
  readonly norm?: InputNorm;
  readonly weight: Weight;
  readonly out: Tensor;
  /** Add to what `out` holds: the residual connection. */
  readonly accumulate?: boolean;
}

/**
 * SwiGLU's first half: `out = silu(x gate^T) * (x up^T)` (arXiv:2002.05202). x `[l, k]`, gate, up `[n, k]` of one dtype, out `[l, n]`;
 * the products as in {@linkcode LinearArgs}.
 */
export interface GatedLinearArgs {
  readonly x: Tensor;
  readonly norm?: InputNorm;
  readonly gate: Weight;
  readonly up: Weight;
  readonly out: Tensor;
}

/**
 * Rotates queries and keys by their absolute positions cursor, cursor + 1, ...: queries into `out`, keys on their way, with the values,
 * into the cache's slots for those positions. RoPE (arXiv:2104.09864) pairs dimension i with i + headDim / 2 in each head.
 * queries, out `[l, numHeads * headDim]`, and out may be queries; keys `[l, numKvHeads * headDim]`, values `[l, numKvHeads * vHeadDim]` or both absent
 * (a layer that reads another layer's cache). `l` is at most ringSize.
 */
export interface RopeAppendArgs {
  readonly queries: Tensor;
  readonly out: Tensor;
  readonly rope: Rope;
  readonly cursor: Cursor;
  readonly append?: { readonly keys: Tensor; readonly values: Tensor; readonly cache: KvCache };
}

/**
 * Causal grouped-query attention over a cache that already holds this chunk's keys: row i, at position p = cursor + i, sees every
 * key at position j <= p with j < numMetaTokens or p - j <= lookback. Query head h reads key/value head floor(h * numKvHeads / numHeads);
 * scores are scaled by 1 / sqrt(headDim). queries `[l, numHeads * headDim]`, out `[l, numHeads * vHeadDim]`, head-major.
 */
export interface AttentionArgs {
  readonly queries: Tensor;
  readonly cache: KvCache;
  readonly cursor: Cursor;
  readonly numHeads: number;
  readonly numKvHeads: number;
  /** Largest distance to a key that is not a meta token; null: no limit. lookback + l <= ringSize. */
  readonly lookback: number | null;
  readonly out: Tensor;
}

/**
 * Causal depthwise convolution, then silu: `out[t] = silu(bias + sum_j weight[:, j] * x[t - (dConv - 1) + j])`, where rows before
 * the first come from the state. x, out `[l, dInner]`, weight `[dInner, dConv]`, bias `[dInner]`,
 * convState `[dConv - 1, dInner]` f32, oldest row first, left holding the last dConv - 1 rows of (state, x).
 */
export interface SsmConvArgs {
  readonly x: Tensor;
  readonly weight: Weight;
  readonly bias: Weight;
  readonly convState: Tensor;
  readonly out: Tensor;
}

/**
 * Selective scan (Mamba, arXiv:2312.00752, Algorithm 2) with Hymba's inner norms and its gate, for each row t:
 *
 *     [dt | B | C] = dtBC[t], each RMS-normed with its own weight
 *     delta = softplus(dtProj dt + dtBias)
 *     h     = exp(delta * A) * h + (delta * x[t]) B^T
 *     y     = (h C + D * x[t]) * silu(z[t])
 *
 * dtBC `[l, dtRank + 2 dState]`; x, z, out `[l, dInner]`; dtProj `[dInner, dtRank]`, dtBias, D `[dInner]`, A `[dInner, dState]`
 * (negative); ssmState `[dInner, dState]` f32, updated.
 */
export interface SsmScanArgs {
  readonly dtBC: Tensor;
  readonly x: Tensor;
  readonly z: Tensor;
  readonly dtNorm: Weight;
  readonly bNorm: Weight;
  readonly cNorm: Weight;
  readonly eps: number;
  readonly dtProj: Weight;
  readonly dtBias: Weight;
  readonly A: Weight;
  readonly D: Weight;
  readonly ssmState: Tensor;
  readonly out: Tensor;
}

/** Mean of the two RMS-normed branches (arXiv:2411.13676, eq. 3): all `[l, dInner]`, norm weights `[dInner]`; out may be `attention` or `ssm`. */
export interface HeadFusionArgs {
  readonly attention: Tensor;
  readonly ssm: Tensor;
  readonly attentionNorm: Weight;
  readonly ssmNorm: Weight;
  readonly eps: number;
  readonly out: Tensor;
}

/** What `save` gives of an f32 or f16 tensor: little-endian numbers of that type, or, on the reference, float64 for both. */
export type FloatFormat = "native" | "f64";

/** Memory and ops of one device. */
export interface Backend {
  readonly kind: BackendKind;
  readonly floatFormat: FloatFormat;
  /** Rows of a pass that suit it: prompts are cut into as many unless told otherwise. */
  readonly preferredChunkSize: number;
  /** Chooses tokens where the logits are; absent where reading logits costs little. */
  readonly resident?: ResidentSampling;

  /** Uploads a constant. `bytes` is the published row-major data in `dtype` (ggml blocks for quantised dtypes) and may be reused by the caller afterwards. */
  upload(use: WeightUse, dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight;
  /** Begins what `upload("matrix", ...)` does in one go; absent where a backend needs matrices whole. */
  beginMatrix?(dtype: WeightDtype, shape: readonly number[]): MatrixUpload<Weight>;
  /** Makes room for weights of `bytes` in all, where memory would otherwise grow many times. */
  reserve?(bytes: number): void;
  /** Frees a weight. */
  release(weight: Weight): void;
  /** Angles `position * inverseFrequencies[i]`. */
  createRope(inverseFrequencies: Float64Array): Rope;
  /** A zero-filled tensor. */
  allocate(shape: readonly number[], dtype: Extract<Dtype, "f32" | "f16" | "u32">): Tensor;
  /** Frees the buffer of a tensor that `allocate` returned; views of it die with it. */
  free(tensor: Tensor): void;
  /** A cursor at position 0. */
  createCursor(): Cursor;
  /** Sets a cursor's position. */
  setCursor(cursor: Cursor, position: number): void;
  /** Moves a cursor on by `tokens`, as an op: in call order. */
  advanceCursor(cursor: Cursor, tokens: number): void;
  /** Frees a cursor. */
  freeCursor(cursor: Cursor): void;
  /** Writes token ids into a u32 tensor. */
  writeIds(tensor: Tensor, ids: ArrayLike<number>): void;
  /** Copies a tensor into another of the same shape and dtype. */
  copy(from: Tensor, to: Tensor): void;
  /** The values of an f32 or f16 tensor after all ops called so far, rows packed. */
  read(tensor: Tensor): Promise<Float32Array>;
  /** The exact bytes of a tensor in the backend's own representation, rows packed. */
  save(tensor: Tensor): Promise<Uint8Array>;
  /** Puts back what `save` of a same-shaped tensor returned. */
  restore(tensor: Tensor, bytes: Uint8Array): void;

  embed(args: EmbedArgs): void;
  rmsNorm(args: RmsNormArgs): void;
  linear(args: LinearArgs): void;
  gatedLinear(args: GatedLinearArgs): void;
  ropeAppend(args: RopeAppendArgs): void;
  attention(args: AttentionArgs): void;
  ssmConv(args: SsmConvArgs): void;
  ssmScan(args: SsmScanArgs): void;
  headFusion(args: HeadFusionArgs): void;

  /** Frees everything; the backend is unusable afterwards. */
  dispose(): void;
}
