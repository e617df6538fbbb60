/** @file Weights in linear memory: matrices that the kernels pack for themselves, and plain f32. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import type { Weight, WeightUse } from "../../backend.ts";
import { WeightsError } from "../../errors.ts";
import { dequantize } from "../../formats/quantize.ts";
import type { MatrixUpload } from "../../matrix_upload.ts";
import { byteLength, isQuantized, type WeightDtype } from "../../tensor.ts";
import { type LinearMemory, MOST_BYTES, type Region } from "./memory.ts";

/** The numbers that `matrix_new` knows dtypes by. */
export const DTYPE_NUMBER: Readonly<Record<WeightDtype, number>> = {
  f32: 0,
  f16: 1,
  bf16: 2,
  q8_0: 3,
  q4_0: 4,
  iq4_nl: 5,
};

/** Bytes of published rows that are in linear memory at once, beside the packed ones. */
const STAGING_BYTES = 1 << 20;

/** Address of a weight's data. */
export function weightPointer(weight: Weight): number {
  return (weight.data as Region).pointer;
}

function asBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Uploads and frees weights of one instance. */
export class WeightStore {
  readonly #kernels: WasmExports;
  readonly #memory: LinearMemory;
  readonly #dotKind: number;
  readonly #matrices = new Map<Region, Weight>();

  constructor(kernels: WasmExports, memory: LinearMemory) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#dotKind = kernels.probe_dot();
  }

  /** The quantised matrices. */
  get quantized(): readonly Weight[] {
    return [...this.#matrices.values()].filter(({ dtype }) => isQuantized(dtype));
  }

  /** See {@linkcode Backend.upload}. */
  upload(use: WeightUse, dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight {
    if (use === "matrix") {
      const matrix = this.beginMatrix(dtype, shape);
      matrix.write(bytes);
      return matrix.finish();
    }
    const kept = use === "projection" && dtype === "bf16" ? dtype : "f32";
    const data = this.#uploadBytes(kept === dtype ? bytes : asBytes(dequantize(dtype, bytes)));
    return { data, dtype: kept, shape, byteLength: data.byteLength };
  }

  /** See {@linkcode Backend.release}. */
  release(weight: Weight): void {
    const region = weight.data as Region;
    if (this.#matrices.delete(region)) this.#kernels.matrix_free(this.#memory.disown(region));
    else this.#memory.free(region);
  }

  #uploadBytes(bytes: Uint8Array): Region {
    const region = this.#memory.allocate("weight", bytes.byteLength);
    this.#memory.bytes(region.pointer, bytes.byteLength).set(bytes);
    return region;
  }

  /** See {@linkcode Backend.beginMatrix}. */
  beginMatrix(dtype: WeightDtype, [rows, columns]: readonly number[]): MatrixUpload<Weight> {
    const name = `${dtype} matrix of shape [${rows}, ${columns}]`;
    const publishedBytes = rows * byteLength(dtype, columns);
    // The kernels' own arithmetic on sizes ends there.
    const fits = publishedBytes < MOST_BYTES;
    const matrix = fits ? this.#kernels.matrix_new(DTYPE_NUMBER[dtype], rows, columns, this.#dotKind) : 0;
    const packedBytes = matrix === 0 ? publishedBytes : this.#kernels.matrix_bytes(matrix) >>> 0;
    const region = this.#memory.adopt(name, matrix, packedBytes);
    let written = 0;
    return {
      write: (bytes) => {
        written = this.#writeRows(matrix, written, byteLength(dtype, columns), bytes);
      },
      finish: () => this.#seal(matrix, { data: region, dtype, shape: [rows, columns] }, name),
      abandon: () => this.#kernels.matrix_free(this.#memory.disown(region)),
    };
  }

  /** Packs rows from `first` on, and returns the next one. */
  #writeRows(matrix: number, first: number, rowBytes: number, bytes: Uint8Array): number {
    const step = Math.max(1, Math.floor(STAGING_BYTES / rowBytes)) * rowBytes;
    const staging = this.#memory.scratch("uploads", Math.min(step, bytes.length));
    let row = first;
    for (let start = 0; start < bytes.length; start += step) {
      const source = bytes.subarray(start, start + step);
      this.#memory.bytes(staging, source.length).set(source);
      this.#kernels.matrix_write(matrix, row, source.length / rowBytes, staging);
      row += source.length / rowBytes;
    }
    return row;
  }

  #seal(matrix: number, weight: Omit<Weight, "byteLength">, name: string): Weight {
    const region = weight.data as Region;
    if (this.#kernels.matrix_seal(matrix)) {
      const sealed = { ...weight, byteLength: region.byteLength };
      this.#matrices.set(region, sealed);
      return sealed;
    }
    this.#kernels.matrix_free(this.#memory.disown(region));
    throw new WeightsError(
      `Cannot upload ${name}: a block's scale is NaN or infinite, expected a finite number`,
      "The checkpoint is damaged; get it again",
    );
  }
}
