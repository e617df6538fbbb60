/** @file Weights in linear memory: matrices that the kernels pack for themselves, and plain f32. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import type { Weight, WeightUse } from "../../backend.ts";
import { WeightsError } from "../../errors.ts";
import { dequantize } from "../../formats/quantize.ts";
import { byteLength, type WeightDtype } from "../../tensor.ts";
import { type LinearMemory, MOST_BYTES, type Region } from "./memory.ts";

/** The numbers that `matrix_new` knows dtypes by. */
const DTYPE_NUMBER: Readonly<Record<WeightDtype, number>> = { f32: 0, f16: 1, bf16: 2, q8_0: 3, q4_0: 4 };

/** Bytes of published rows that are in linear memory at once, beside the packed ones. */
const STAGING_BYTES = 1 << 20;

/** Whether products with weights of a dtype take activations in 8 bits. */
export function isQuantized(dtype: WeightDtype): boolean {
  return dtype === "q8_0" || dtype === "q4_0";
}

/** Address of a weight's data. */
export function weightPointer(weight: Weight): number {
  return (weight.data as Region).pointer;
}

/** Uploads and frees weights of one instance. */
export class WeightStore {
  readonly #kernels: WasmExports;
  readonly #memory: LinearMemory;
  readonly #dotKind: number;
  readonly #matrices = new WeakSet<Region>();

  constructor(kernels: WasmExports, memory: LinearMemory) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#dotKind = kernels.probe_dot();
  }

  /** See {@linkcode Backend.upload}. */
  upload(use: WeightUse, dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight {
    if (use === "plain") {
      const data = this.#uploadPlain(dtype, bytes);
      return { data, dtype: "f32", shape, byteLength: data.byteLength };
    }
    const data = this.#uploadMatrix(dtype, shape, bytes);
    return { data, dtype, shape, byteLength: data.byteLength };
  }

  /** See {@linkcode Backend.release}. */
  release(weight: Weight): void {
    const region = weight.data as Region;
    if (this.#matrices.has(region)) this.#kernels.matrix_free(this.#memory.disown(region));
    else this.#memory.free(region);
  }

  #uploadPlain(dtype: WeightDtype, bytes: Uint8Array): Region {
    const values = dequantize(dtype, bytes);
    const region = this.#memory.allocate("weight", values.byteLength);
    this.#memory.f32(region.pointer, values.length).set(values);
    return region;
  }

  #uploadMatrix(dtype: WeightDtype, [rows, columns]: readonly number[], bytes: Uint8Array): Region {
    const kernels = this.#kernels;
    const name = `${dtype} matrix of shape [${rows}, ${columns}]`;
    const rowBytes = byteLength(dtype, columns);
    const rowsAtOnce = Math.max(1, Math.floor(STAGING_BYTES / rowBytes));
    const staging = this.#memory.scratch("uploads", Math.min(rowsAtOnce, rows) * rowBytes);
    const publishedBytes = rows * rowBytes;
    // The kernels' own arithmetic on sizes ends there.
    const fits = publishedBytes < MOST_BYTES;
    const matrix = fits ? kernels.matrix_new(DTYPE_NUMBER[dtype], rows, columns, this.#dotKind) : 0;
    const packedBytes = matrix === 0 ? publishedBytes : kernels.matrix_bytes(matrix) >>> 0;
    const region = this.#memory.adopt(name, matrix, packedBytes);
    this.#matrices.add(region);
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - first);
      const source = bytes.subarray(first * rowBytes, (first + count) * rowBytes);
      this.#memory.bytes(staging, source.length).set(source);
      kernels.matrix_write(matrix, first, count, staging);
    }
    if (kernels.matrix_seal(matrix)) return region;
    kernels.matrix_free(this.#memory.disown(region));
    throw new WeightsError(
      `Cannot upload ${name}: a block's scale is NaN or infinite, expected a finite number`,
      "The checkpoint is damaged; get it again",
    );
  }
}
