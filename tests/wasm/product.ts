/** @file A product of the matrix kernels of one WebAssembly instance, run without the backend around it. */
import type { WasmExports } from "../../wasm/pkg/exports.ts";
import { DTYPE_NUMBER } from "../../runtime/backends/wasm/weights.ts";
import type { WeightDtype } from "../../runtime/tensor.ts";

/** A packed matrix. */
export interface Matrix {
  readonly pointer: number;
  readonly rows: number;
  readonly columns: number;
}

/** Packs published bytes; `dotKind` as `probe_dot` numbers them. */
export function pack(
  kernels: WasmExports,
  { dtype, rows, columns, bytes, dotKind }: {
    dtype: WeightDtype;
    rows: number;
    columns: number;
    bytes: Uint8Array;
    dotKind: number;
  },
): Matrix {
  const pointer = kernels.matrix_new(DTYPE_NUMBER[dtype], rows, columns, dotKind);
  const source = kernels.allocate(bytes.length);
  new Uint8Array(kernels.memory.buffer, source, bytes.length).set(bytes);
  kernels.matrix_write(pointer, 0, rows, source);
  kernels.deallocate(source, bytes.length);
  if (!kernels.matrix_seal(pointer)) throw new Error("A scale is not finite");
  return { pointer, rows, columns };
}

/** `x weight^T` of x `[l, columns]`. */
export function product(kernels: WasmExports, weight: Matrix, x: Float32Array): Float32Array {
  const { pointer, rows, columns } = weight;
  const l = x.length / columns;
  const sizes = [4 * x.length, 4 * l * rows, Math.max(1, kernels.activation_bytes(l, columns, 1))];
  const [from, to, scratch] = sizes.map((size) => kernels.allocate(size));
  new Float32Array(kernels.memory.buffer, from, x.length).set(x);
  new Float32Array(kernels.memory.buffer, to, l * rows).fill(NaN);
  if (columns % 32 === 0) kernels.quantize_activations(from, columns, l, columns, 1, scratch);
  kernels.linear(pointer, from, columns, scratch, 1, l, to, rows, false);
  const out = new Float32Array(kernels.memory.buffer, to, l * rows).slice();
  [from, to, scratch].forEach((each, i) => kernels.deallocate(each, sizes[i]));
  return out;
}
