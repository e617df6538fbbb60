/** @file How the matrix-vector kernels divide their work: constants by a weight's dtype and sizes. */
import type { ActivationPrecision } from "../../../activation_precision.ts";
import { isQuantized, type WeightDtype } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";

/** Override constants of linear and gated_linear, with their libraries. */
export interface MatVecShape extends Readonly<Record<string, number>> {
  /** Rows of the weight, or of each of two, that a workgroup multiplies. */
  readonly ROWS: number;
}

/** A product as far as its shape depends on it. */
export interface MatVec {
  readonly dtype: WeightDtype;
  /** Blocks in a row of the weight. */
  readonly rowBlocks: number;
  /** Rows of the weight. */
  readonly rows: number;
  /** Weights that are multiplied row by row: 1, or 2 for gate and up. */
  readonly matrices: 1 | 2;
}

/** Workgroups that a large GPU runs at once: fewer rows a workgroup, down to one, until there are as many. */
const BUSY_GROUPS = 300;
/** Invocations that share a row of floats, at least and at most: they are read faster in more and smaller workgroups. */
const FLOAT_WORKGROUPS = [32, 128] as const;
const WORKGROUP_SIZE = 256;
/** Bytes of workgroup memory of a block of 32 quantised activations with its scale. */
const BLOCK_BYTES: Readonly<Record<ActivationPrecision, number>> = { q16: 68, q8: 36 };

/** The division of a product. Measured on an H200 with Hymba-1.5B's matrices. */
export function matVecShape(gpu: Gpu, product: MatVec): MatVecShape {
  return isQuantized(product.dtype) ? teamShape(gpu, product) : floatShape(product);
}

function floatShape({ rowBlocks }: MatVec): MatVecShape {
  let [size, most] = FLOAT_WORKGROUPS as readonly [number, number];
  while (size < Math.min(rowBlocks, most)) size *= 2;
  return { WORKGROUP_SIZE: size, ROWS: 1 };
}

/** Teams of lanes as quantized_tile.wgsl has them. */
function teamShape(gpu: Gpu, { rowBlocks, rows, matrices }: MatVec): MatVecShape {
  const tile = Math.min(rowBlocks, tileBlocks(gpu));
  const lanes = Math.ceil(tile / Math.ceil(tile / WORKGROUP_SIZE));
  let sums = 4;
  const teams = Math.min(Math.floor(WORKGROUP_SIZE / lanes), WORKGROUP_SIZE / 8 / sums);
  while (sums > matrices && rows * matrices < sums * teams * BUSY_GROUPS) sums /= 2;
  return {
    WORKGROUP_SIZE,
    LANES: lanes,
    TEAMS: teams,
    TEAM_SUMS: sums,
    ROWS: teams * sums / matrices,
    TILE_BLOCKS: tile,
    TILE_HALVES: 2 * tile,
  };
}

/** Blocks of activations that fit into workgroup memory beside the sums of quantized_tile.wgsl and of the reduce libraries. */
function tileBlocks({ activations, features, workgroupBytes }: Gpu): number {
  const quads = WORKGROUP_SIZE + 64 + (features.subgroups ? WORKGROUP_SIZE / 4 : 1.25 * WORKGROUP_SIZE);
  return Math.floor((workgroupBytes - 16 * quads) / BLOCK_BYTES[activations]);
}
