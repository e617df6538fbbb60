/** @file A checkpoint's tensor -> a backend's weight, part by part, so that little of it is in JavaScript's memory at any time. */
import type { Backend, Weight, WeightUse } from "./backend.ts";
import { dequantize, quantize } from "./formats/quantize.ts";
import type { TensorFile, TensorInfo } from "./formats/tensor_file.ts";
import type { MatrixUpload } from "./matrix_upload.ts";
import { byteLength, elementCount, type WeightDtype } from "./tensor.ts";

/** Most bytes of a matrix that are read at once. Part of the fingerprint's meaning, which is made of them. */
const PART_BYTES = 4 << 20;

/** How the ops take a tensor. */
export interface UploadPlan {
  /** Storage type in the backend. */
  readonly dtype: WeightDtype;
  /** `[rows, columns]` or `[columns]`, as the ops see it. */
  readonly shape: readonly number[];
  readonly use: WeightUse;
  /** What is done to each value on the way; the tensor is f32 then. */
  readonly transform?: (value: number) => number;
}

/** Options of {@linkcode WeightUploader}. */
export interface UploaderOptions {
  readonly signal?: AbortSignal;
  /** Called with the bytes as they come, in a fixed order, whatever the backend; they change when the promise resolves. */
  readonly onBytes?: (bytes: Uint8Array<ArrayBuffer>) => Promise<void> | void;
}

/** Bytes that `plans` take in a backend's memory, about: its own padding not counted. */
export function plannedBytes(plans: Iterable<UploadPlan>): number {
  let sum = 0;
  for (const { dtype, shape, use } of plans) {
    sum += byteLength(use === "matrix" ? dtype : "f32", elementCount(shape));
  }
  return sum;
}

/** Uploads the tensors of a file, one after the other. */
export class WeightUploader {
  readonly #file: TensorFile;
  readonly #backend: Backend;
  readonly #options: UploaderOptions;
  /** What is read last, where the file's source has no memory of its own to share. */
  readonly #buffer = new Uint8Array(PART_BYTES);

  constructor(file: TensorFile, backend: Backend, options: UploaderOptions) {
    this.#file = file;
    this.#backend = backend;
    this.#options = options;
  }

  /** Uploads one. Throws what the file and the backend throw. */
  async upload(info: TensorInfo, plan: UploadPlan): Promise<Weight> {
    const { use, shape, dtype } = plan;
    if (use === "matrix" && info.byteLength > PART_BYTES) return await this.#uploadParts(info, plan);
    const { value } = await this.#parts(info, info.byteLength).next();
    return this.#backend.upload(use, dtype, shape, converted(info.dtype, plan, value!));
  }

  async #uploadParts(info: TensorInfo, plan: UploadPlan): Promise<Weight> {
    const rowBytes = info.byteLength / plan.shape[0];
    const partBytes = Math.max(1, Math.floor(PART_BYTES / rowBytes)) * rowBytes;
    const matrix = this.#backend.beginMatrix?.(plan.dtype, plan.shape) ??
      new WholeMatrix(this.#backend, plan);
    try {
      for await (const part of this.#parts(info, partBytes)) matrix.write(converted(info.dtype, plan, part));
    } catch (error) {
      matrix.abandon();
      throw error;
    }
    return matrix.finish();
  }

  async *#parts(info: TensorInfo, partBytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
    const { signal, onBytes } = this.#options;
    for (let start = 0; start < info.byteLength; start += partBytes) {
      const length = Math.min(partBytes, info.byteLength - start);
      const into = length <= PART_BYTES ? this.#buffer.subarray(0, length) : undefined;
      const bytes = await this.#file.readSlice(info.name, start, length, signal, into);
      const noted = onBytes?.(bytes);
      yield bytes;
      await noted;
    }
  }
}

/** Bytes as the backend is to have them. */
function converted(from: WeightDtype, { dtype, transform }: UploadPlan, bytes: Uint8Array): Uint8Array {
  if (transform) return transformed(dequantize(from, bytes), transform);
  return dtype === from ? bytes : quantize(dtype, dequantize(from, bytes));
}

/** In a plain loop, which engines compile while it runs. */
function transformed(
  values: Float32Array<ArrayBuffer>,
  transform: (value: number) => number,
): Uint8Array {
  for (let i = 0; i < values.length; i++) values[i] = transform(values[i]);
  return new Uint8Array(values.buffer);
}

/** For backends that need a matrix whole. */
class WholeMatrix implements MatrixUpload<Weight> {
  readonly #backend: Backend;
  readonly #plan: UploadPlan;
  #bytes: Uint8Array;
  #filled = 0;

  constructor(backend: Backend, plan: UploadPlan) {
    this.#backend = backend;
    this.#plan = plan;
    this.#bytes = new Uint8Array(byteLength(plan.dtype, elementCount(plan.shape)));
  }

  write(rows: Uint8Array): void {
    this.#bytes.set(rows, this.#filled);
    this.#filled += rows.length;
  }

  finish(): Weight {
    const { dtype, shape } = this.#plan;
    return this.#backend.upload("matrix", dtype, shape, this.#bytes);
  }

  abandon(): void {
    this.#bytes = new Uint8Array(0);
  }
}
