/** @file Lowers `linear` and `gatedLinear`: one dispatch for each part of the weight. */
import type { GatedLinearArgs, LinearArgs, Weight } from "../../../backend.ts";
import { KernelError } from "../../../errors.ts";
import { rowCount } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { regionOf } from "../region.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";
import { matrixOf } from "../weights.ts";
import { dotLibraries, multiplicand } from "./operand.ts";

/** How a matrix-vector kernel divides its work. */
interface MatVecShape {
  /** Invocations that share a row of the weight. */
  readonly WORKGROUP_SIZE: number;
  /** Rows of the weight that a workgroup multiplies. */
  readonly ROWS: number;
}

const MAX_GROUPS = 65535;

/** Best on an H200 for Hymba-1.5B's matrices: integer dots 2 rows by 64 invocations, floats 1 by 128. */
function matVecShape({ dtype }: Weight, rows: number, mostRows: number): MatVecShape {
  const preferred = WEIGHT_LAYOUTS[dtype].hasScales
    ? { WORKGROUP_SIZE: 64, ROWS: 2 }
    : { WORKGROUP_SIZE: 128, ROWS: 1 };
  return rows > preferred.ROWS * MAX_GROUPS ? { ...preferred, ROWS: mostRows } : preferred;
}

/** See {@linkcode LinearArgs}. */
export function linear(gpu: Gpu, { x, weight, out, accumulate = false }: LinearArgs): void {
  const { parts, rowBlocks } = matrixOf(weight);
  const operand = multiplicand(gpu, x, weight.dtype, rowBlocks, out);
  for (const { firstRow, rows, blocks, scales } of parts) {
    const shape = matVecShape(weight, rows, 4);
    gpu.commands.run({
      kernel: "linear",
      libraries: [...dotLibraries(weight.dtype, gpu.activations), reduceLibrary(gpu)],
      constants: { ...shape, ACCUMULATE: Number(accumulate) },
      resources: { weights: blocks, scales, x: operand.region, out: regionOf(out) },
      params: {
        rows,
        blocks: rowBlocks,
        xOffset: operand.offset,
        xStride: operand.stride,
        outOffset: out.offset + firstRow,
        outStride: out.stride,
      },
      grid: [Math.ceil(rows / shape.ROWS), rowCount(x)],
    });
  }
}

/** See {@linkcode GatedLinearArgs}. */
export function gatedLinear(gpu: Gpu, { x, gate, up, out }: GatedLinearArgs): void {
  const { parts, rowBlocks } = matrixOf(gate);
  const upParts = matrixOf(up).parts;
  const operand = multiplicand(gpu, x, gate.dtype, rowBlocks, out);
  parts.forEach(({ firstRow, rows, blocks, scales }, i) => {
    if (upParts[i]?.rows !== rows) throw unequalParts(gate, up);
    const shape = matVecShape(gate, rows, 2);
    gpu.commands.run({
      kernel: "gated_linear",
      libraries: [...dotLibraries(gate.dtype, gpu.activations), "pointwise", reduceLibrary(gpu)],
      constants: { ...shape },
      resources: {
        gate: blocks,
        gateScales: scales,
        up: upParts[i].blocks,
        upScales: upParts[i].scales,
        x: operand.region,
        out: regionOf(out),
      },
      params: {
        rows,
        blocks: rowBlocks,
        xOffset: operand.offset,
        xStride: operand.stride,
        outOffset: out.offset + firstRow,
        outStride: out.stride,
      },
      grid: [Math.ceil(rows / shape.ROWS), rowCount(x)],
    });
  });
}

function unequalParts(gate: Weight, up: Weight): KernelError {
  return new KernelError(
    `Cannot run gatedLinear: gate is ${gate.dtype} [${gate.shape}] and up ${up.dtype} [${up.shape}], expected them alike`,
    "Store both matrices in the same dtype",
  );
}
