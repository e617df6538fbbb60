/**
 * @file The WebAssembly backend: SIMD kernels in Rust (wasm/src, one file an op) over linear memory. Ops run to their end
 * where they are called; every instance has its own memory, and none shares state with another.
 */
import { CHUNK_SIZES } from "../chunk_sizes.ts";
import type { WasmExports } from "../../wasm/pkg/exports.ts";
import type { ActivationPrecision } from "../activation_precision.ts";
import type {
  AttentionArgs,
  Backend,
  Cursor,
  EmbedArgs,
  GatedLinearArgs,
  HeadFusionArgs,
  InputNorm,
  LinearArgs,
  RmsNormArgs,
  Rope,
  RopeAppendArgs,
  SsmConvArgs,
  SsmScanArgs,
  Weight,
  WeightUse,
} from "../backend.ts";
import type { MatrixUpload } from "../matrix_upload.ts";
import { columnCount, isQuantized, rowCount, type Tensor, type WeightDtype } from "../tensor.ts";
import type { WasmVariant } from "./wasm/compile_kernels.ts";
import { LinearMemory, type Region } from "./wasm/memory.ts";
import { type KernelOptions, type OpenedKernels, openKernels } from "./wasm/open_kernels.ts";
import { attention, positionOf, ropeAppend } from "./wasm/ops/attention.ts";
import { headFusion, normRows, rmsNorm } from "./wasm/ops/norms.ts";
import { ssmConv, ssmScan } from "./wasm/ops/ssm.ts";
import { RopeAngles } from "./wasm/rope_angles.ts";
import type { ThreadPool } from "./wasm/thread_pool.ts";
import {
  allocateTensor,
  copyTensor,
  pointerTo,
  readTensor,
  restoreTensor,
  saveTensor,
} from "./wasm/tensors.ts";
import { weightPointer, WeightStore } from "./wasm/weights.ts";

/** Options of {@linkcode openWasmBackend}. */
export interface WasmOptions extends KernelOptions {
  /** What products with quantised weights make of activations. @default {"q16"} */
  readonly activations?: ActivationPrecision;
  /** Whether all builds are to give the same bits: every multiplication and addition is rounded on its own. @default {false} */
  readonly deterministic?: boolean;
}

/**
 * Opens an instance.
 *
 * @throws {BackendUnavailableError} where this engine cannot run it, or computes it wrong
 */
export async function openWasmBackend(options: WasmOptions = {}): Promise<WasmBackend> {
  const opened = await openKernels(options);
  opened.kernels.set_deterministic(options.deterministic ?? false);
  return new WasmBackend(opened, options.activations);
}

/** Ops in WebAssembly. An op on anything freed throws KernelError, as does an allocation beyond the memory. */
export class WasmBackend implements Backend {
  readonly kind = "wasm";
  readonly floatFormat = "native";
  /** Enough to amortise a pass over the weights, few enough to stay in cache. */
  readonly preferredChunkSize = CHUNK_SIZES.cpu;
  /** Which of the two builds runs. */
  readonly simd: WasmVariant;
  readonly #why: string;
  readonly #pool: ThreadPool | null;
  readonly #kernels: WasmExports;
  readonly #memory: LinearMemory;
  readonly #weights: WeightStore;

  /** Bytes of an activation. */
  readonly #planes: 1 | 2;

  constructor(
    { kernels, simd, reason, pool }: OpenedKernels,
    activations: ActivationPrecision = "q16",
  ) {
    this.#planes = activations === "q16" ? 2 : 1;
    this.simd = simd;
    this.#why = reason;
    this.#pool = pool;
    this.#kernels = kernels;
    this.#memory = new LinearMemory(kernels);
    this.#weights = new WeightStore(kernels, this.#memory);
  }

  /** Threads that compute a token, the caller's own included. */
  get threads(): number {
    return this.#pool?.threads ?? 1;
  }

  /** Why this build and these threads, as a sentence without its full stop. */
  get reason(): string {
    return this.#pool === null ? this.#why : `${this.#why}; ${this.#pool.reason}`;
  }

  /** Measures how many of the threads are worth it, once all weights are there. */
  settleThreads(): void {
    this.#pool?.settle(this.#memory, this.#weights.quantized);
  }

  /** Bytes that weights, tensors and scratch take. */
  get memoryBytes(): number {
    return this.#memory.heldBytes;
  }

  upload(use: WeightUse, dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight {
    return this.#weights.upload(use, dtype, shape, bytes);
  }

  beginMatrix(dtype: WeightDtype, shape: readonly number[]): MatrixUpload<Weight> {
    return this.#weights.beginMatrix(dtype, shape);
  }

  reserve(bytes: number): void {
    this.#kernels.reserve(bytes);
  }

  release(weight: Weight): void {
    this.#weights.release(weight);
  }

  createRope(inverseFrequencies: Float64Array): Rope {
    const data = new RopeAngles(this.#kernels, this.#memory, inverseFrequencies);
    return { data, headDim: data.headDim };
  }

  allocate(shape: readonly number[], dtype: "f32" | "f16" | "u32"): Tensor {
    return allocateTensor(this.#memory, shape, dtype);
  }

  free(tensor: Tensor): void {
    this.#memory.free(tensor.buffer as Region);
  }

  createCursor(): Cursor {
    return { data: { position: 0 } };
  }

  setCursor(cursor: Cursor, position: number): void {
    positionOf(cursor).position = position;
  }

  advanceCursor(cursor: Cursor, tokens: number): void {
    positionOf(cursor).position += tokens;
  }

  freeCursor(_cursor: Cursor): void {}

  writeIds(tensor: Tensor, ids: ArrayLike<number>): void {
    this.#pool?.beginPass(ids.length);
    this.#memory.u32(pointerTo(tensor), ids.length).set(ids);
  }

  copy(from: Tensor, to: Tensor): void {
    copyTensor(this.#memory, from, to);
  }

  // deno-lint-ignore require-await -- a failure is to reject
  async read(tensor: Tensor): Promise<Float32Array> {
    return readTensor(this.#memory, tensor);
  }

  // deno-lint-ignore require-await -- a failure is to reject
  async save(tensor: Tensor): Promise<Uint8Array> {
    return saveTensor(this.#memory, tensor);
  }

  restore(tensor: Tensor, bytes: Uint8Array): void {
    restoreTensor(this.#kernels, this.#memory, tensor, bytes);
  }

  embed({ ids, table, out }: EmbedArgs): void {
    this.#kernels.embed(weightPointer(table), pointerTo(ids), rowCount(out), pointerTo(out), out.stride);
  }

  rmsNorm(args: RmsNormArgs): void {
    rmsNorm(this.#kernels, args);
  }

  linear({ x, norm, weight, out, accumulate = false }: LinearArgs): void {
    const { pointer, stride, scratch, l } = this.#activations(x, norm, weight);
    const [matrix, to] = [weightPointer(weight), pointerTo(out)];
    this.#kernels.linear(matrix, pointer, stride, scratch, this.#planes, l, to, out.stride, accumulate);
  }

  gatedLinear({ x, norm, gate, up, out }: GatedLinearArgs): void {
    const { pointer, stride, scratch, l } = this.#activations(x, norm, gate);
    const [left, right, to] = [weightPointer(gate), weightPointer(up), pointerTo(out)];
    this.#kernels.gated_linear(left, right, pointer, stride, scratch, this.#planes, l, to, out.stride);
  }

  /** Activations for a product with `weight`: normed into scratch, and quantised into scratch where the weight is. */
  #activations(
    x: Tensor,
    norm: InputNorm | undefined,
    weight: Weight,
  ): { pointer: number; stride: number; scratch: number; l: number } {
    const [l, k] = [rowCount(x), columnCount(x)];
    const stride = norm ? k : x.stride;
    const pointer = norm ? this.#memory.scratch("normed activations", 4 * l * k) : pointerTo(x);
    if (norm) normRows(this.#kernels, x, norm, pointer, stride);
    if (!isQuantized(weight.dtype)) return { pointer, stride, scratch: 0, l };
    const scratch = this.#memory.scratch("activations", this.#kernels.activation_bytes(l, k, this.#planes));
    this.#kernels.quantize_activations(pointer, stride, l, k, this.#planes, scratch);
    return { pointer, stride, scratch, l };
  }

  ropeAppend(args: RopeAppendArgs): void {
    ropeAppend(this.#kernels, args);
  }

  attention(args: AttentionArgs): void {
    attention(this.#kernels, args);
  }

  ssmConv(args: SsmConvArgs): void {
    ssmConv(this.#kernels, args);
  }

  ssmScan(args: SsmScanArgs): void {
    ssmScan(this.#kernels, args);
  }

  headFusion(args: HeadFusionArgs): void {
    headFusion(this.#kernels, args);
  }

  dispose(): void {
    this.#pool?.close();
    this.#memory.dispose();
  }
}
