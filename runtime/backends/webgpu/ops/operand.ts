/** @file Brings an op's input into the form that its kernel reads, by a copy where it is not already so. */
import type { ActivationPrecision } from "../../../activation_precision.ts";
import type { InputNorm, Weight } from "../../../backend.ts";
import { columnCount, isQuantized, rowCount, type Tensor, type WeightDtype } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { place, type Region, regionOf } from "../region.ts";
import type { LibraryName } from "../../../../kernels/sources.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";
import { matrixOf, plainOf } from "../weights.ts";
import { rmsNorm } from "./norms.ts";
import { sharesBuffer } from "./shared_buffer.ts";

/** What a product's kernel is told of the activations that it reads. */
export interface Multiplicand {
  readonly library: "operand_plain" | "operand_normed" | "operand_fused";
  readonly resources: Readonly<Record<string, Region>>;
  readonly params: Readonly<Record<string, number>>;
}

const COPY_WORKGROUP = 64;

/** `x` itself, or a copy of it where the op writes into its buffer. */
export function separate(gpu: Gpu, purpose: string, x: Tensor, out: Tensor): Tensor {
  return sharesBuffer(x, out) ? copied(gpu, purpose, x, columnCount(x)) : x;
}

/** A tensor of `width` columns in scratch memory. */
export function scratchRows(gpu: Gpu, purpose: string, l: number, width: number): Tensor {
  const buffer = gpu.memory.scratch(purpose, 4 * l * width);
  return { buffer, dtype: "f32", shape: [l, width], offset: 0, stride: width };
}

/** A copy of `x` in scratch memory, its rows filled up with zeros to `width` elements. */
function copied(gpu: Gpu, purpose: string, x: Tensor, width: number): Tensor {
  const copy = { ...scratchRows(gpu, purpose, rowCount(x), width), dtype: x.dtype };
  gpu.commands.run({
    kernel: "copy",
    resources: { source: regionOf(x), destination: regionOf(copy) },
    params: {
      fromColumns: columnCount(x),
      ...place("from", x),
      toColumns: width,
      ...place("to", copy),
    },
    grid: [Math.ceil(width / COPY_WORKGROUP), rowCount(x)],
  });
  return copy;
}

/** The libraries with which linear or gated_linear multiplies weights of a dtype: quantised ones meet quantised activations, in integers. */
export function productLibraries(
  product: "row_product" | "gated_products",
  operand: Multiplicand["library"],
  reduce: LibraryName,
  dtype: WeightDtype,
  activations: ActivationPrecision,
): LibraryName[] {
  const each = product === "row_product" ? "product" : "products";
  return [
    ...["team_sums", reduce, operand, `block_${dtype}`] as const,
    ...isQuantized(dtype)
      ? [...quantizedTile(activations), `dot_${dtype}`, `${each}_scaled`] as const
      : ["float_tile", `${each}_plain`] as const,
    product,
  ];
}

function quantizedTile(activations: ActivationPrecision): LibraryName[] {
  return ["scale", "levels", "dot16", `activations_${activations}`, "quantized_tile"];
}

/** The rows of `x`, or of its norm, as a product's kernel reads them: in whole quads, of which there are whole blocks of the weight. */
export function multiplicand(
  gpu: Gpu,
  x: Tensor,
  norm: InputNorm | undefined,
  weight: Weight,
  out: Tensor,
): Multiplicand {
  const width = matrixOf(weight).rowBlocks * WEIGHT_LAYOUTS[weight.dtype].blockSize;
  if (norm && isInQuads(x, width, out)) return described(x, norm);
  return described(inQuads(gpu, norm ? normed(gpu, x, norm) : x, width, out), undefined);
}

function isInQuads(x: Tensor, width: number, out: Tensor): boolean {
  const whole = columnCount(x) === width && x.offset % 4 === 0 && x.stride % 4 === 0;
  return whole && !sharesBuffer(x, out);
}

/** `x` itself where a kernel that writes `out` can read it in whole quads, `width` elements a row; else a copy that ends in zeros. */
export function inQuads(gpu: Gpu, x: Tensor, width: number, out: Tensor): Tensor {
  return isInQuads(x, width, out) ? x : copied(gpu, "operand", x, width);
}

/** The norm of `x`, in scratch memory. */
export function normed(gpu: Gpu, x: Tensor, norm: InputNorm): Tensor {
  const out = scratchRows(gpu, "normed", rowCount(x), columnCount(x));
  rmsNorm(gpu, { x, ...norm, out });
  return out;
}

function described(x: Tensor, norm: InputNorm | undefined): Multiplicand {
  return {
    library: norm ? "operand_normed" : "operand_plain",
    resources: norm ? { x: regionOf(x), norm: plainOf(norm.weight) } : { x: regionOf(x) },
    params: {
      quads: columnCount(x) / 4,
      xOffset: x.offset / 4,
      xStride: x.stride / 4,
      eps: norm?.eps ?? 0,
    },
  };
}
