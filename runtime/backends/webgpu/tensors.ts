/** @file Tensors on the GPU: their layout, and the ways in and out. */
import { KernelError } from "../../errors.ts";
import { decodeF16 } from "../../formats/half_floats.ts";
import { columnCount, type Dtype, elementCount, rowCount, type Tensor } from "../../tensor.ts";
import type { Gpu } from "./gpu.ts";
import type { Readback } from "./readback.ts";
import { place, type Region, regionOf } from "./region.ts";

const COPY_WORKGROUP = 64;

/** Bytes of an element. */
function elementBytes(dtype: Dtype): number {
  return dtype === "f16" ? 2 : 4;
}

/** A zero-filled tensor. Rows of f16 start on a whole word. */
export function allocateTensor(gpu: Gpu, shape: readonly number[], dtype: "f32" | "f16" | "u32"): Tensor {
  const columns = shape[shape.length - 1];
  const rows = columns === 0 ? 0 : elementCount(shape) / columns;
  const stride = dtype === "f16" ? 2 * Math.ceil(columns / 2) : columns;
  const buffer = gpu.memory.allocate("tensor", rows * stride * elementBytes(dtype));
  return { buffer, dtype, shape, offset: 0, stride };
}

/** Whether rows follow each other without a gap, so that a tensor is one run of bytes. */
function isPacked(tensor: Tensor): boolean {
  return rowCount(tensor) === 1 || tensor.stride === columnCount(tensor);
}

/** Whether a tensor is one run of whole words. */
function isWordRun(tensor: Tensor): boolean {
  const bytes = elementBytes(tensor.dtype);
  return isPacked(tensor) && (tensor.offset * bytes) % 4 === 0 &&
    (elementCount(tensor.shape) * bytes) % 4 === 0;
}

/** See {@linkcode Backend.copy}. */
export function copyTensor(gpu: Gpu, from: Tensor, to: Tensor): void {
  if (elementCount(from.shape) === 0) return;
  if (regionOf(from).buffer === regionOf(to).buffer) {
    const between = scratchTensor(gpu, "copied", from);
    copyTensor(gpu, from, between);
    copyTensor(gpu, between, to);
    return;
  }
  const bytes = elementBytes(from.dtype);
  if (isWordRun(from) && isWordRun(to)) {
    const size = elementCount(from.shape) * bytes;
    gpu.commands.copy(regionOf(from), from.offset * bytes, regionOf(to), to.offset * bytes, size);
    return;
  }
  const columns = columnCount(from);
  const half = from.dtype === "f16";
  const widths: Record<string, number> = half ? { columns } : { fromColumns: columns, toColumns: columns };
  gpu.commands.run({
    kernel: half ? "copy_f16" : "copy",
    constants: { WORKGROUP_SIZE: COPY_WORKGROUP },
    resources: { source: regionOf(from), destination: regionOf(to) },
    params: { ...widths, ...place("from", from), ...place("to", to) },
    grid: [Math.ceil((half ? columns / 2 + 1 : columns) / COPY_WORKGROUP), rowCount(from)],
  });
}

/** See {@linkcode Backend.save}: the elements' bits, rows packed. */
export async function saveTensor(readback: Readback, tensor: Tensor): Promise<Uint8Array<ArrayBuffer>> {
  if (elementCount(tensor.shape) === 0) return new Uint8Array(0);
  const bytes = elementBytes(tensor.dtype);
  const [rows, rowBytes, strideBytes] = [
    rowCount(tensor),
    columnCount(tensor) * bytes,
    tensor.stride * bytes,
  ];
  const start = Math.floor(tensor.offset * bytes / 4) * 4;
  const end = tensor.offset * bytes + (rows - 1) * strideBytes + rowBytes;
  const data = await readback.read(regionOf(tensor), start, Math.ceil((end - start) / 4) * 4);
  const packed = new Uint8Array(rows * rowBytes);
  for (let r = 0; r < rows; r++) {
    const from = tensor.offset * bytes - start + r * strideBytes;
    packed.set(data.subarray(from, from + rowBytes), r * rowBytes);
  }
  return packed;
}

/** See {@linkcode Backend.read}. */
export async function readTensor(readback: Readback, tensor: Tensor): Promise<Float32Array> {
  const bytes = await saveTensor(readback, tensor);
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

/** See {@linkcode Backend.restore}. */
export function restoreTensor(gpu: Gpu, tensor: Tensor, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  if (isWordRun(tensor)) {
    gpu.commands.write(regionOf(tensor), tensor.offset * elementBytes(tensor.dtype), bytes.slice());
    return;
  }
  const between = scratchTensor(gpu, "restored", tensor);
  const rowBytes = columnCount(tensor) * elementBytes(tensor.dtype);
  const strideBytes = between.stride * elementBytes(tensor.dtype);
  const padded = new Uint8Array(rowCount(tensor) * strideBytes);
  for (let r = 0; r < rowCount(tensor); r++) {
    padded.set(bytes.subarray(r * rowBytes, (r + 1) * rowBytes), r * strideBytes);
  }
  gpu.commands.write(regionOf(between), 0, padded);
  copyTensor(gpu, between, tensor);
}

/** A tensor like `tensor` in scratch memory. */
function scratchTensor(gpu: Gpu, purpose: string, { shape, dtype }: Tensor): Tensor {
  const [rows, columns] = [shape.length === 1 ? 1 : shape[0], shape[shape.length - 1]];
  const stride = dtype === "f16" ? 2 * Math.ceil(columns / 2) : columns;
  const buffer: Region = gpu.memory.scratch(purpose, rows * stride * elementBytes(dtype));
  return { buffer, dtype, shape, offset: 0, stride };
}
