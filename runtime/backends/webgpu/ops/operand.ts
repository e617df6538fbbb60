/** @file Brings an op's input into the form that its kernel reads, by a copy where it is not already so. */
import type { ActivationPrecision } from "../../../backend.ts";
import { columnCount, rowCount, type Tensor, type WeightDtype } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { place, type Region, regionOf } from "../region.ts";
import type { LibraryName } from "../../../../kernels/sources.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";

/** An input as a kernel reads it: offset and stride in elements of the kernel's array. */
export interface Operand {
  readonly region: Region;
  readonly offset: number;
  readonly stride: number;
}

const COPY_WORKGROUP = 64;
/** Bytes of 32 quantised activations: `struct QuantizedActivations`. */
const QUANTIZED_BYTES: Readonly<Record<ActivationPrecision, number>> = { q16: 80, q8: 48 };

/** Whether two tensors share a buffer, which a dispatch that writes one of them may bind once only. */
export function sharesBuffer(a: Tensor, b: Tensor): boolean {
  return regionOf(a).buffer === regionOf(b).buffer;
}

/** `x` itself, or a copy of it where the op writes into its buffer. */
export function separate(gpu: Gpu, purpose: string, x: Tensor, out: Tensor): Tensor {
  return sharesBuffer(x, out) ? copied(gpu, purpose, x, columnCount(x)) : x;
}

/** A copy of `x` in scratch memory, its rows filled up with zeros to `width` elements. */
function copied(gpu: Gpu, purpose: string, x: Tensor, width: number): Tensor {
  const l = rowCount(x);
  const region = gpu.memory.scratch(purpose, 4 * l * width);
  gpu.commands.run({
    kernel: "copy",
    resources: { source: regionOf(x), destination: region },
    params: {
      fromColumns: columnCount(x),
      ...place("from", x),
      toColumns: width,
      toOffset: 0,
      toStride: width,
    },
    grid: [Math.ceil(width / COPY_WORKGROUP), l],
  });
  return { buffer: region, dtype: x.dtype, shape: [l, width], offset: 0, stride: width };
}

/** The libraries with which a kernel multiplies weights of a dtype: quantised ones multiply quantised activations, in integers. */
export function dotLibraries(dtype: WeightDtype, activations: ActivationPrecision): LibraryName[] {
  switch (dtype) {
    case "q8_0":
    case "q4_0":
      return [`block_${dtype}`, "scale", `activations_${activations}`, `dot_${dtype}`];
    default:
      return [`block_${dtype}`, "scale", "dot_float"];
  }
}

/** The rows of `x` as the dot library of a weight's dtype reads them. */
export function multiplicand(
  gpu: Gpu,
  x: Tensor,
  dtype: WeightDtype,
  rowBlocks: number,
  out: Tensor,
): Operand {
  if (WEIGHT_LAYOUTS[dtype].hasScales) return quantized(gpu, x, rowBlocks);
  const width = rowBlocks * WEIGHT_LAYOUTS[dtype].blockSize;
  const aligned = x.offset % 4 === 0 && (x.stride % 4 === 0 || rowCount(x) === 1) && columnCount(x) === width;
  const from = aligned && !sharesBuffer(x, out) ? x : copied(gpu, "operand", x, width);
  return { region: regionOf(from), offset: from.offset / 4, stride: Math.ceil(from.stride / 4) };
}

function quantized(gpu: Gpu, x: Tensor, blocks: number): Operand {
  const l = rowCount(x);
  const region = gpu.memory.scratch("quantized", QUANTIZED_BYTES[gpu.activations] * l * blocks);
  gpu.commands.run({
    kernel: "quantize",
    libraries: [`activations_${gpu.activations}`],
    resources: { x: regionOf(x), quantized: region },
    params: { blocks, ...place("x", x) },
    grid: [Math.ceil(blocks / 64), l],
  });
  return { region, offset: 0, stride: blocks };
}
