/** @file Lowers `linear` and `gatedLinear`: one dispatch for each part of the weight. */
import type { GatedLinearArgs, LinearArgs, Weight } from "../../../backend.ts";
import { KernelError } from "../../../errors.ts";
import { rowCount, type Tensor } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { place, regionOf } from "../region.ts";
import { matrixOf } from "../weights.ts";
import { hasManyRows, tiledGatedLinear, tiledLinear } from "./tiled_linear.ts";
import { type MatVecShape, matVecShape } from "./mat_vec_shape.ts";
import { type Multiplicand, multiplicand, productLibraries } from "./operand.ts";

const MAX_GROUPS = 65535;

/** See {@linkcode LinearArgs}. */
export function linear(gpu: Gpu, args: LinearArgs): void {
  const { x, norm, weight, out } = args;
  if (hasManyRows(x)) return tiledLinear(gpu, args);
  multiplyRows(gpu, multiplicand(gpu, x, norm, weight, out), args);
}

/** The products of {@linkcode linear} with activations as `operand` describes them, for few rows of `out`. */
export function multiplyRows(
  gpu: Gpu,
  operand: Multiplicand,
  { weight, out, accumulate = false }: Pick<LinearArgs, "weight" | "out" | "accumulate">,
): void {
  const { parts, rowBlocks } = matrixOf(weight);
  for (const { firstRow, rows, blocks, scales } of parts) {
    const shape = matVecShape(gpu, { dtype: weight.dtype, rowBlocks, rows, matrices: 1 });
    gpu.commands.run({
      kernel: "linear",
      libraries: productLibraries(
        "row_product",
        operand.library,
        reduceLibrary(gpu),
        weight.dtype,
        gpu.activations,
      ),
      constants: { ...shape, ACCUMULATE: Number(accumulate) },
      resources: { weights: blocks, scales, ...operand.resources, out: regionOf(out) },
      params: { rows, blocks: rowBlocks, ...operand.params, ...place("out", shifted(out, firstRow)) },
      grid: gridOf(rows, shape, rowCount(out)),
    });
  }
}

/** See {@linkcode GatedLinearArgs}. */
export function gatedLinear(gpu: Gpu, args: GatedLinearArgs): void {
  const { x, norm, gate, up, out } = args;
  const { parts, rowBlocks } = matrixOf(gate);
  const upParts = matrixOf(up).parts;
  if (parts.some(({ rows }, i) => upParts[i]?.rows !== rows)) throw unequalParts(gate, up);
  if (hasManyRows(x)) return tiledGatedLinear(gpu, args);
  const operand: Multiplicand = multiplicand(gpu, x, norm, gate, out);
  parts.forEach(({ firstRow, rows, blocks, scales }, i) => {
    const shape = matVecShape(gpu, { dtype: gate.dtype, rowBlocks, rows, matrices: 2 });
    gpu.commands.run({
      kernel: "gated_linear",
      libraries: [
        ...productLibraries(
          "gated_products",
          operand.library,
          reduceLibrary(gpu),
          gate.dtype,
          gpu.activations,
        ),
        "pointwise",
      ],
      constants: shape,
      resources: {
        gate: blocks,
        gateScales: scales,
        up: upParts[i].blocks,
        upScales: upParts[i].scales,
        ...operand.resources,
        out: regionOf(out),
      },
      params: { rows, blocks: rowBlocks, ...operand.params, ...place("out", shifted(out, firstRow)) },
      grid: gridOf(rows, shape, rowCount(x)),
    });
  });
}

/** Where column `start` of a matrix begins. */
function shifted({ offset, stride }: Tensor, start: number): Pick<Tensor, "offset" | "stride"> {
  return { offset: offset + start, stride };
}

function gridOf(rows: number, { ROWS }: MatVecShape, l: number): [number, number] {
  const groups = Math.ceil(rows / ROWS);
  if (groups > MAX_GROUPS) {
    throw new KernelError(
      `Cannot multiply by a matrix part of ${rows} rows, expected at most ${ROWS * MAX_GROUPS}`,
      "Use another backend",
    );
  }
  return [groups, l];
}

function unequalParts(gate: Weight, up: Weight): KernelError {
  return new KernelError(
    `Cannot run gatedLinear: gate is ${gate.dtype} [${gate.shape}] and up ${up.dtype} [${up.shape}], expected them alike`,
    "Store both matrices in the same dtype",
  );
}
