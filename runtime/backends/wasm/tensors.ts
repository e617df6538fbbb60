/** @file Tensors in linear memory, and the ways in and out. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import { KernelError } from "../../errors.ts";
import { decodeF16 } from "../../formats/half_floats.ts";
import { byteLength, columnCount, type Dtype, elementCount, rowCount, type Tensor } from "../../tensor.ts";
import type { LinearMemory, Region } from "./memory.ts";

/** A zero-filled tensor, rows packed. */
export function allocateTensor(memory: LinearMemory, shape: readonly number[], dtype: Dtype): Tensor {
  const buffer = memory.allocate(
    `tensor of shape [${shape.join(", ")}]`,
    byteLength(dtype, elementCount(shape)),
  );
  return { buffer, dtype, shape, offset: 0, stride: shape[shape.length - 1] };
}

/** Address of a tensor's first element. */
export function pointerTo(tensor: Tensor): number {
  return (tensor.buffer as Region).pointer + byteLength(tensor.dtype, tensor.offset);
}

/** Runs of consecutive bytes that a tensor consists of: one if its rows are packed, else one for each row. */
function runs(tensor: Tensor): { pointer: number; count: number; bytes: number; stride: number } {
  const [count, columns] = [rowCount(tensor), columnCount(tensor)];
  const pointer = pointerTo(tensor);
  if (count === 1 || tensor.stride === columns) {
    return { pointer, count: 1, bytes: byteLength(tensor.dtype, count * columns), stride: 0 };
  }
  const [bytes, stride] = [columns, tensor.stride].map((elements) => byteLength(tensor.dtype, elements));
  return { pointer, count, bytes, stride };
}

/** See {@linkcode Backend.save}. */
export function saveTensor(memory: LinearMemory, tensor: Tensor): Uint8Array<ArrayBuffer> {
  const { pointer, count, bytes, stride } = runs(tensor);
  if (count === 1) return memory.bytes(pointer, bytes).slice();
  const saved = new Uint8Array(count * bytes);
  for (let i = 0; i < count; i++) saved.set(memory.bytes(pointer + i * stride, bytes), i * bytes);
  return saved;
}

/** See {@linkcode Backend.restore}. */
export function restoreTensor(
  kernels: WasmExports,
  memory: LinearMemory,
  tensor: Tensor,
  saved: Uint8Array,
): void {
  const { pointer, count, bytes, stride } = runs(tensor);
  const region = tensor.buffer as Region;
  for (let i = 0; i < count; i++) {
    memory.bytes(pointer + i * stride, bytes).set(saved.subarray(i * bytes, (i + 1) * bytes));
    if (tensor.dtype === "f16") {
      region.isFinite &&= kernels.f16_are_finite(pointer + i * stride, bytes / 2) !== 0;
    }
  }
}

/** See {@linkcode Backend.copy}. */
export function copyTensor(memory: LinearMemory, from: Tensor, to: Tensor): void {
  const rowBytes = byteLength(from.dtype, columnCount(from));
  const [source, target] = [runs(from), runs(to)];
  (to.buffer as Region).isFinite &&= (from.buffer as Region).isFinite;
  if (source.count === 1 && target.count === 1) {
    memory.bytes(target.pointer, target.bytes).set(memory.bytes(source.pointer, source.bytes));
    return;
  }
  for (let r = 0; r < rowCount(from); r++) {
    const row = memory.bytes(source.pointer + byteLength(from.dtype, r * from.stride), rowBytes);
    memory.bytes(target.pointer + byteLength(to.dtype, r * to.stride), rowBytes).set(row);
  }
}

/** See {@linkcode Backend.read}. */
export function readTensor(memory: LinearMemory, tensor: Tensor): Float32Array {
  const bytes = saveTensor(memory, tensor);
  switch (tensor.dtype) {
    case "f32":
      return new Float32Array(bytes.buffer);
    case "f16": {
      const values = new Float32Array(bytes.length / 2);
      decodeF16(new Uint16Array(bytes.buffer), values);
      return values;
    }
    default:
      throw new KernelError(
        `Cannot read tensor: its dtype is ${tensor.dtype}, expected f32 or f16`,
        "Use save for the bytes of other tensors",
      );
  }
}
