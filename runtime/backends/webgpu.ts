/**
 * @file The WebGPU backend: WGSL kernels on a GPU, through the platform's WebGPU or any other `GPU` object. Ops are encoded
 * in call order and submitted when something is read or written from outside.
 */
import { CHUNK_SIZES } from "../chunk_sizes.ts";
import type { ActivationPrecision } from "../activation_precision.ts";
import type {
  AttentionArgs,
  Cursor,
  EmbedArgs,
  GatedLinearArgs,
  HeadFusionArgs,
  LinearArgs,
  RmsNormArgs,
  Rope,
  RopeAppendArgs,
  SsmConvArgs,
  SsmScanArgs,
  Weight,
  WeightUse,
} from "../backend.ts";
import type { MixerBackend, MixerOps } from "../mixer_ops.ts";
import { rowCount, type Tensor, type WeightDtype } from "../tensor.ts";
import { Commands } from "./webgpu/commands.ts";
import {
  type AdapterReport,
  type DeviceOptions,
  type GpuFeatures,
  openDevice,
  type OpenedDevice,
} from "./webgpu/device.ts";
import type { Gpu } from "./webgpu/gpu.ts";
import { Kernels } from "./webgpu/kernels.ts";
import { Memory } from "./webgpu/memory.ts";
import { OpCache, type OpDescriptor } from "./webgpu/op_cache.ts";
import { MIXER, OPS } from "./webgpu/ops/table.ts";
import { Readback } from "./webgpu/readback.ts";
import { type Region, regionOf } from "./webgpu/region.ts";
import { WebGpuSampling } from "./webgpu/resident_sampling.ts";
import { fixedPointTurns } from "./webgpu/rope.ts";
import { allocateTensor, copyTensor, readTensor, restoreTensor, saveTensor } from "./webgpu/tensors.ts";
import { VectorPacks } from "./webgpu/vector_packs.ts";
import { WeightUploader } from "./webgpu/weights.ts";

/** Options of {@linkcode openWebGpuBackend}. */
export interface WebGpuOptions extends DeviceOptions {
  /** What products with quantised weights make of activations. @default {"q16"} */
  readonly activations?: ActivationPrecision;
  /** Most bytes of one binding of a weight, below the device's own limit. For tests. */
  readonly weightPartBytes?: number;
  /** Tokens chosen between two reads; as many as the speed allows unless given. For tests. */
  readonly runAhead?: number;
}

/**
 * Opens a GPU.
 *
 * @throws {BackendUnavailableError} with the reason, where there is none to be used
 */
export async function openWebGpuBackend(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  const opened = await openDevice(options);
  return new WebGpuBackend(opened, options);
}

/** Ops on a GPU. Reads throw KernelError for whatever the GPU refused before, DeviceLostError where it is gone. */
export class WebGpuBackend implements MixerBackend {
  readonly kind = "webgpu";
  readonly floatFormat = "native";
  readonly preferredChunkSize = CHUNK_SIZES.gpu;
  /** Which GPU it is. */
  readonly adapter: AdapterReport;
  /** What the kernels use of it. */
  readonly features: GpuFeatures;
  readonly resident: WebGpuSampling;
  /** Keeps the GPU object alive: a device does not. */
  readonly #opened: OpenedDevice;
  readonly #gpu: Gpu;
  readonly #ops: OpCache;
  readonly #readback: Readback;
  readonly #uploader: WeightUploader;
  /** Host copies of the cursors, whose GPU values only move by known steps. */
  readonly #positions = new WeakMap<Region, number>();

  constructor(opened: OpenedDevice, options: WebGpuOptions = {}) {
    const { device, adapter, features } = opened;
    this.#opened = opened;
    const { activations = "q16", weightPartBytes = Infinity } = options;
    this.adapter = adapter;
    this.features = features;
    const commands = new Commands(device, new Kernels(device, features));
    const memory = new Memory(device, commands);
    this.#gpu = {
      features,
      activations,
      workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
      commands,
      memory,
      vectorPacks: new VectorPacks(commands, memory),
    };
    this.#ops = new OpCache(this.#gpu);
    this.#readback = new Readback(device, commands);
    this.resident = new WebGpuSampling(this.#gpu, this.#readback, options.runAhead);
    this.#uploader = new WeightUploader(device, memory, {
      bindingBytes: Math.min(weightPartBytes, device.limits.maxStorageBufferBindingSize),
      bufferBytes: device.limits.maxBufferSize,
      alignment: device.limits.minStorageBufferOffsetAlignment,
    });
  }

  /** Kernels run so far. */
  get dispatches(): number {
    return this.#gpu.commands.dispatches;
  }

  /** Hands the ops called so far to the GPU without waiting for them. */
  flush(): void {
    this.#gpu.commands.flush();
  }

  /** Runs an op beside those of {@linkcode Backend}, on this backend's tensors and weights, of which there are some rows. */
  run<Args extends object>(op: OpDescriptor<Args>, args: Args): void {
    this.#ops.run(op, args);
  }

  upload(use: WeightUse, dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight {
    return this.#uploader.upload(use, dtype, shape, bytes);
  }

  release(weight: Weight): void {
    const buffers = this.#uploader.buffersOf(weight);
    this.#gpu.memory.destroy([...buffers, ...this.#gpu.vectorPacks.remove(buffers)]);
  }

  createRope(inverseFrequencies: Float64Array): Rope {
    const turns = fixedPointTurns(inverseFrequencies);
    const data = this.#gpu.memory.allocate("rope", turns.byteLength);
    this.#gpu.commands.write(data, 0, turns);
    return { data, headDim: 2 * inverseFrequencies.length };
  }

  allocate(shape: readonly number[], dtype: "f32" | "f16" | "u32"): Tensor {
    return allocateTensor(this.#gpu, shape, dtype);
  }

  free(tensor: Tensor): void {
    this.#gpu.memory.destroy([regionOf(tensor).buffer]);
  }

  createCursor(): Cursor {
    return { data: this.#gpu.memory.allocate("cursor", 4) };
  }

  setCursor(cursor: Cursor, position: number): void {
    this.advanceCursor(cursor, position - (this.#positions.get(cursor.data as Region) ?? 0));
  }

  advanceCursor(cursor: Cursor, tokens: number): void {
    if (tokens === 0) return;
    const region = cursor.data as Region;
    this.#positions.set(region, (this.#positions.get(region) ?? 0) + tokens);
    this.#gpu.commands.run({
      kernel: "advance_cursor",
      resources: { cursor: region },
      params: { tokens },
      grid: [1],
    });
  }

  freeCursor(cursor: Cursor): void {
    this.#gpu.memory.destroy([(cursor.data as Region).buffer]);
  }

  writeIds(tensor: Tensor, ids: ArrayLike<number>): void {
    if (ids.length > 0) this.#gpu.commands.write(regionOf(tensor), 4 * tensor.offset, Uint32Array.from(ids));
  }

  copy(from: Tensor, to: Tensor): void {
    copyTensor(this.#gpu, from, to);
  }

  read(tensor: Tensor): Promise<Float32Array> {
    return readTensor(this.#readback, tensor);
  }

  save(tensor: Tensor): Promise<Uint8Array> {
    return saveTensor(this.#readback, tensor);
  }

  restore(tensor: Tensor, bytes: Uint8Array): void {
    restoreTensor(this.#gpu, tensor, bytes);
  }

  embed(args: EmbedArgs): void {
    if (rowCount(args.out) > 0) this.#ops.run(OPS.embed, args);
  }

  rmsNorm(args: RmsNormArgs): void {
    if (rowCount(args.x) > 0) this.#ops.run(OPS.rmsNorm, args);
  }

  linear(args: LinearArgs): void {
    if (rowCount(args.x) > 0) this.#ops.run(OPS.linear, args);
  }

  gatedLinear(args: GatedLinearArgs): void {
    if (rowCount(args.x) > 0) this.#ops.run(OPS.gatedLinear, args);
  }

  ropeAppend(args: RopeAppendArgs): void {
    if (rowCount(args.queries) > 0) this.#ops.run(OPS.ropeAppend, args);
  }

  attention(args: AttentionArgs): void {
    if (rowCount(args.queries) > 0) this.#ops.run(OPS.attention, args);
  }

  ssmConv(args: SsmConvArgs): void {
    if (rowCount(args.x) > 0) this.#ops.run(OPS.ssmConv, args);
  }

  ssmScan(args: SsmScanArgs): void {
    if (rowCount(args.x) > 0) this.#ops.run(OPS.ssmScan, args);
  }

  headFusion(args: HeadFusionArgs): void {
    if (rowCount(args.out) > 0) this.#ops.run(OPS.headFusion, args);
  }

  runMixer(ops: MixerOps): void {
    this.#ops.run(MIXER, ops);
  }

  dispose(): void {
    this.#gpu.commands.flush();
    this.#readback.dispose();
    this.#opened.device.destroy();
  }
}
