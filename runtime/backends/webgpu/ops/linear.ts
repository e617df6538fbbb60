/** @file Lowers `linear` and `gatedLinear`: one dispatch for each part of the weight. */
import type { GatedLinearArgs, LinearArgs, Weight } from "../../../backend.ts";
import { KernelError } from "../../../errors.ts";
import { rowCount } from "../../../tensor.ts";
import { type Gpu, reduceLibrary } from "../gpu.ts";
import { regionOf } from "../region.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";
import { matrixOf } from "../weights.ts";
import { hasManyRows, tiledGatedLinear, tiledLinear } from "./tiled_linear.ts";
import { dotLibraries, type Multiplicand, multiplicand } from "./operand.ts";

/** How a matrix-vector kernel divides its work. */
interface MatVecShape {
  /** Invocations that share a row of the weight. */
  readonly WORKGROUP_SIZE: number;
  /** Rows of the weight that a workgroup multiplies. */
  readonly ROWS: number;
}

const MAX_GROUPS = 65535;
/** Workgroups that a large GPU runs at once: fewer rows a workgroup, down to one, until there are as many. */
const BUSY_GROUPS = 300;
const MIN_WORKGROUP = 32;

/**
 * Rows of quantised weights share their activations, which are quantised on the way into registers: as many as leave every
 * multiprocessor busy. Floats are read faster in more and smaller workgroups. Measured on an H100 with Hymba-1.5B's matrices.
 */
function matVecShape({ dtype }: Weight, rowBlocks: number, rows: number, mostRows: number): MatVecShape {
  const [most, widest] = WEIGHT_LAYOUTS[dtype].hasScales ? [mostRows, 256] : [1, 128];
  let ROWS = most;
  while (ROWS > 1 && rows < ROWS * BUSY_GROUPS) ROWS /= 2;
  let WORKGROUP_SIZE = MIN_WORKGROUP;
  while (WORKGROUP_SIZE < Math.min(rowBlocks, widest)) WORKGROUP_SIZE *= 2;
  return { WORKGROUP_SIZE, ROWS };
}

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
    const shape = matVecShape(weight, rowBlocks, rows, 8);
    gpu.commands.run({
      kernel: "linear",
      libraries: [
        reduceLibrary(gpu),
        operand.library,
        ...dotLibraries("product", weight.dtype, gpu.activations),
        "row_product",
      ],
      constants: { ...shape, ACCUMULATE: Number(accumulate) },
      resources: { weights: blocks, scales, ...operand.resources, out: regionOf(out) },
      params: {
        rows,
        blocks: rowBlocks,
        ...operand.params,
        outOffset: out.offset + firstRow,
        outStride: out.stride,
      },
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
    const shape = matVecShape(gate, rowBlocks, rows, 4);
    gpu.commands.run({
      kernel: "gated_linear",
      libraries: [
        reduceLibrary(gpu),
        operand.library,
        ...dotLibraries("products", gate.dtype, gpu.activations),
        "pointwise",
      ],
      constants: { ...shape },
      resources: {
        gate: blocks,
        gateScales: scales,
        up: upParts[i].blocks,
        upScales: upParts[i].scales,
        ...operand.resources,
        out: regionOf(out),
      },
      params: {
        rows,
        blocks: rowBlocks,
        ...operand.params,
        outOffset: out.offset + firstRow,
        outStride: out.stride,
      },
      grid: gridOf(rows, shape, rowCount(x)),
    });
  });
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
