/** @file Lowers `linear` and `gatedLinear` for many rows: one dispatch for each part of the weight, in tiles of 64 by 64 or 128 by 128. */
import { ACTIVATION_STEPS } from "../../../activation_precision.ts";
import type { GatedLinearArgs, LinearArgs, Weight } from "../../../backend.ts";
import { columnCount, rowCount, type Tensor } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { place, regionOf } from "../region.ts";
import { WEIGHT_LAYOUTS } from "../weight_layout.ts";
import { matrixOf } from "../weights.ts";
import { inQuads, normed, scratchRows } from "./operand.ts";

/** Large tiles are faster where there are so many of them: fewer leave multiprocessors idle. */
const MANY_TILES = 48;
/** Workgroups that keep a large GPU busy: products of fewer tiles are made in parts of their columns, which are added up. */
const MANY_WORKGROUPS = 640;
/** Columns of a part are a multiple of this: whole steps of either tile. */
const STEP_COLUMNS = 32;
/** Columns of a part at least. */
const PART_COLUMNS = 384;
/** Elements of a workgroup of add_parts; WORKGROUP_SIZE there. */
const ADD_WORKGROUP = 64;
/** Quads of a workgroup of round_activations; WORKGROUP_SIZE there. */
const ROUND_WORKGROUP = 64;
/** From so many rows on a tile is faster than a pass over the weight for each row. */
const MANY_ROWS = 5;

/** Whether products with `x` are made in tiles. */
export function hasManyRows(x: Tensor): boolean {
  return rowCount(x) >= MANY_ROWS;
}

/** Rows of a tile, of x and of the weight, for a product of `l` rows with `rows`. */
function tileOf(l: number, rows: number): 64 | 128 {
  return l > 64 && Math.ceil(l / 128) * Math.ceil(rows / 128) >= MANY_TILES ? 128 : 64;
}

/** `linear` for many rows. */
export function tiledLinear(gpu: Gpu, { x, norm, weight, out, accumulate = false }: LinearArgs): void {
  const { parts, rowBlocks } = matrixOf(weight);
  const tile = tileOf(rowCount(x), weight.shape[0]);
  const operand = tileOperand(gpu, norm ? normed(gpu, x, norm) : x, weight, out);
  for (const { firstRow, rows, blocks, scales } of parts) {
    const tiles = Math.ceil(rows / tile) * Math.ceil(rowCount(x) / tile);
    const split = splitOf(tiles, columnCount(operand));
    const target = split.count > 1 ? scratchRows(gpu, "parts", split.count * rowCount(x), rows) : out;
    const place = { outOffset: out.offset + firstRow, outStride: out.stride };
    gpu.commands.run({
      kernel: "linear_tiled",
      libraries: [`block_${weight.dtype}`, "scale", `tile_${tile}`, "product_tile", "tile_sums"],
      constants: { ACCUMULATE: Number(accumulate && target === out) },
      resources: { weights: blocks, scales, x: regionOf(operand), out: regionOf(target) },
      params: {
        ...operandParams(operand, rows, rowBlocks),
        ...(target === out ? place : { outOffset: 0, outStride: rows }),
        partQuads: split.columns / 4,
        partStride: rowCount(x) * rows,
      },
      grid: [Math.ceil(rows / tile), Math.ceil(rowCount(x) / tile), split.count],
    });
    if (target === out) continue;
    gpu.commands.run({
      kernel: "add_parts",
      constants: { ACCUMULATE: Number(accumulate) },
      resources: { parts: regionOf(target), out: regionOf(out) },
      params: { rows, parts: split.count, partStride: rowCount(x) * rows, ...place },
      grid: [Math.ceil(rows / ADD_WORKGROUP), rowCount(x)],
    });
  }
}

/** Into how many parts of how many columns a product is split. */
function splitOf(tiles: number, width: number): { count: number; columns: number } {
  const most = Math.max(1, Math.min(Math.floor(MANY_WORKGROUPS / tiles), Math.floor(width / PART_COLUMNS)));
  const columns = STEP_COLUMNS * Math.ceil(width / most / STEP_COLUMNS);
  return { count: Math.ceil(width / columns), columns };
}

/** `gatedLinear` for many rows; gate and up are in parts of the same rows. */
export function tiledGatedLinear(gpu: Gpu, { x, norm, gate, up, out }: GatedLinearArgs): void {
  const { parts, rowBlocks } = matrixOf(gate);
  const upParts = matrixOf(up).parts;
  const tile = tileOf(rowCount(x), 2 * gate.shape[0]);
  const operand = tileOperand(gpu, norm ? normed(gpu, x, norm) : x, gate, out);
  parts.forEach(({ firstRow, rows, blocks, scales }, i) => {
    gpu.commands.run({
      kernel: "gated_linear_tiled",
      libraries: [`block_${gate.dtype}`, "scale", `tile_${tile}`, "product_tile", "tile_sums", "pointwise"],
      resources: {
        gate: blocks,
        gateScales: scales,
        up: upParts[i].blocks,
        upScales: upParts[i].scales,
        x: regionOf(operand),
        out: regionOf(out),
      },
      params: {
        ...operandParams(operand, rows, rowBlocks),
        outOffset: out.offset + firstRow,
        outStride: out.stride,
      },
      grid: [Math.ceil(rows / (tile / 2)), Math.ceil(rowCount(x) / tile)],
    });
  });
}

function operandParams(operand: Tensor, rows: number, blocks: number): Record<string, number> {
  return {
    l: rowCount(operand),
    rows,
    blocks,
    quads: columnCount(operand) / 4,
    xOffset: operand.offset / 4,
    xStride: operand.stride / 4,
  };
}

/** The rows of `x` in whole quads, rounded where the weight is quantised. */
function tileOperand(gpu: Gpu, x: Tensor, weight: Weight, out: Tensor): Tensor {
  const { blockSize, hasScales } = WEIGHT_LAYOUTS[weight.dtype];
  const width = matrixOf(weight).rowBlocks * blockSize;
  return hasScales ? rounded(gpu, x) : inQuads(gpu, x, width, out);
}

function rounded(gpu: Gpu, x: Tensor): Tensor {
  const [l, k] = [rowCount(x), columnCount(x)];
  const out = scratchRows(gpu, "rounded", l, k);
  gpu.commands.run({
    kernel: "round_activations",
    libraries: ["levels"],
    constants: { STEPS: ACTIVATION_STEPS[gpu.activations] },
    resources: { x: regionOf(x), out: regionOf(out) },
    params: { quads: k / 4, ...place("x", x) },
    grid: [Math.ceil(k / 4 / ROUND_WORKGROUP), l],
  });
  return out;
}
